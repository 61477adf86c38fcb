"""One run from its files to its figures: the composition of the readers, the store and the metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb
import msgspec

from toolkit.ingest import telemetry
from toolkit.ingest.columns import Scope
from toolkit.ingest.source import Source, distinct, resolve
from toolkit.metrics import AGES_ONLY, FIGURE_COLUMNS, compute, rows
from toolkit.records import Analysis, Figure, FileLedger, RunInfo
from toolkit.store import MEMORY, connect, execute_script, insert_rows, sql, transaction
from toolkit.vocabulary import Ended, Role

RUN_ID_LENGTH = 16
_IDENTITY = (Role.LOG, Role.TELEMETRY, Role.RX_STATS, Role.EVENTS, Role.RUN_META)
"""The roles whose content is the run: the same files under other names or in other packing are the same run."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is looked at. `requested_ms` overrides what the run's own metadata says."""

    label: str | None = None
    requested_ms: int | None = None
    scope: Scope = "all"


AS_IT_IS = Options()


class _HeldAlready(Exception):  # noqa: N818  no error: it only leaves the transaction
    """The store holds this content; what was read again is rolled back."""


def analyze(
    paths: Sequence[str], db: str = MEMORY, options: Options = AS_IT_IS, progress: Progress = lambda _: None
) -> Analysis:
    """Ingest one run into the store `db` and give all that is said of it.

    A run whose content the store holds already is left there as it is. Raises `InputError` when nothing is recognised
    in `paths` or a file cannot be read.
    """
    sources = distinct(resolve(paths))
    con = connect(db)
    try:
        with transaction(con):
            analysis = _analysis(con, sources, options, progress)
            if con.execute("select count(*) from run where run = ?", [analysis.run.id]).fetchall() != [(1,)]:
                raise _HeldAlready
    except _HeldAlready:
        pass
    finally:
        con.close()
    return analysis


def run_id(ledgers: Iterable[FileLedger]) -> str:
    """The start of the SHA-256 over the sorted digests of the files that are the run."""
    digests = sorted(each.sha256 for each in ledgers if each.role in _IDENTITY)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:RUN_ID_LENGTH]


def _analysis(
    con: duckdb.DuckDBPyConnection, sources: Sequence[Source], options: Options, progress: Progress
) -> Analysis:
    run_key = con.execute("select nextval('run_keys')").fetchall()[0][0]
    ledgers = _read(con, run_key, sources, options, progress)
    _write_ledgers(con, run_key, ledgers)
    run = _run_info(con, run_key, ledgers, options)
    figures = _figures(con, run_key, options)
    analysis = Analysis(run, tuple(ledgers), figures)
    insert_rows(con, "analysis", ("run_key", "json"), [(run_key, msgspec.json.encode(analysis).decode())])
    return analysis


def _read(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[Source], options: Options, progress: Progress
) -> list[FileLedger]:
    of = {role: [source for source in sources if source.role is role] for role in Role}
    ledgers = telemetry.load(con, of[Role.TELEMETRY], options.scope, progress)
    execute_script(con, sql("derive_ticks"), run_key=run_key)
    rest = [source for source in sources if source.role is not Role.TELEMETRY]
    ledgers += [telemetry.ledger_of(source) for source in rest]
    order = {source.name: source.file_no for source in sources}
    return sorted(ledgers, key=lambda ledger: order[ledger.file])


def _write_ledgers(con: duckdb.DuckDBPyConnection, run_key: int, ledgers: Sequence[FileLedger]) -> None:
    for ledger in ledgers:
        if ledger.lines != ledger.used + sum(ledger.set_aside.values()):
            raise AssertionError(f"{ledger.file}: {ledger.lines} lines, but {ledger.used} used and {ledger.set_aside}")
    files = [
        (run_key, number, each.file, each.role, each.bytes, each.sha256, each.lines, each.used)
        for number, each in enumerate(ledgers)
    ]
    insert_rows(con, "file", ("run_key", "file_no", "file", "role", "bytes", "sha256", "lines", "used"), files)
    aside = [
        (run_key, number, each.line, each.byte, each.reason)
        for number, ledger in enumerate(ledgers)
        for each in ledger.where
    ]
    insert_rows(con, "set_aside_line", ("run_key", "file_no", "line", "byte", "reason"), aside)


def _run_info(con: duckdb.DuckDBPyConnection, run_key: int, ledgers: Sequence[FileLedger], options: Options) -> RunInfo:
    con.execute(
        "insert into venue by name select run_key, venue, (row_number() over (order by min(seq), min(rowid)) - 1)::int"
        " as venue_index from venue_tick where run_key = ? group by all",
        [run_key],
    )
    (started, ended, observed, lives, apply, event) = con.execute(sql("run_facts"), {"run_key": run_key}).fetchall()[0]
    venues = con.execute("select venue from venue where run_key = ? order by venue_index", [run_key]).fetchall()
    age = {(True, False): "apply", (False, True): "event", (True, True): "mixed"}.get(
        (bool(apply), bool(event)), "none"
    )
    run = RunInfo(
        id=run_id(ledgers),
        label=options.label,
        kind="unknown",
        simulated=None,
        started_ms=started,
        ended_ms=ended,
        requested_ms=options.requested_ms,
        observed_ms=observed,
        lives=max(lives or 0, 1),
        ended=Ended.UNKNOWN,
        diagnosis=None,
        venues=tuple(venue for (venue,) in venues),
        build_id=None,
        semantics={"venue_age_ms": age},
    )
    _write_run(con, run_key, run)
    return run


_RUN_COLUMNS = (
    "run_key", "run", "label", "kind", "simulated", "started_ms", "ended_ms", "requested_ms", "observed_ms", "lives",
    "ended", "semantics",
)  # fmt: skip


def _write_run(con: duckdb.DuckDBPyConnection, run_key: int, run: RunInfo) -> None:
    row = (
        run_key, run.id, run.label, run.kind, run.simulated, run.started_ms, run.ended_ms, run.requested_ms,
        run.observed_ms, run.lives, run.ended, run.semantics["venue_age_ms"],
    )  # fmt: skip
    insert_rows(con, "run", _RUN_COLUMNS, [row])


def _figures(con: duckdb.DuckDBPyConnection, run_key: int, options: Options) -> tuple[Figure, ...]:
    for name, value in {
        "run_key": run_key,
        "since_tick": None,
        "until_tick": None,
        "since_ms": None,
        "until_ms": None,
    }.items():
        con.execute(f"set variable {name} = ?", [value])
    execute_script(con, sql("scope"))
    figures = compute(con, AGES_ONLY if options.scope == "ages" else None)
    insert_rows(con, "figure", FIGURE_COLUMNS, rows(run_key, figures))
    return figures
