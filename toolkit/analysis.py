"""One run from its files to its figures: the composition of the readers, the store and the metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import duckdb
import msgspec

from toolkit.findings import Look, findings
from toolkit.ingest import events, log, run_meta, rx_stats, telemetry
from toolkit.ingest.columns import Scope
from toolkit.ingest.compat import compat
from toolkit.ingest.describe import Options, Read, describe
from toolkit.ingest.placing import place_lines
from toolkit.ingest.session_rows import episodes, write_sessions
from toolkit.ingest.source import Source, distinct, resolve
from toolkit.ingest.window import look_through
from toolkit.metrics import AGES_ONLY, FIGURE_COLUMNS, compute, rows
from toolkit.records import WHOLE, Analysis, Episode, Figure, FileLedger, Finding, RunInfo
from toolkit.store import MEMORY, connect, execute_script, insert_rows, one_thread, sql, transaction
from toolkit.vocabulary import Role

__all__ = ["AS_IT_IS", "Options", "analyze"]

Progress = Callable[[int], None]


AS_IT_IS = Options()

_MEMORY_MB: dict[Scope, int] = {"all": 400, "ages": 128}
"""What the database may take; beyond it is what the reading takes, which does not grow with the run."""


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
    con = connect(db, memory_mb=_MEMORY_MB[options.scope])
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


def _analysis(
    con: duckdb.DuckDBPyConnection, sources: Sequence[Source], options: Options, progress: Progress
) -> Analysis:
    run_key = con.execute("select nextval('run_keys')").fetchall()[0][0]
    read = _read(con, run_key, sources, options, progress)
    _write_ledgers(con, run_key, read.ledgers)
    place_lines(con, run_key, sources, read.log.sessions)
    run = describe(con, run_key, read, options)
    _look_at(con, run_key)
    write_sessions(con, run_key, read)
    only = AGES_ONLY if options.scope == "ages" else None

    def prepare() -> None:
        for name in _EPISODES if only is None else ("plateaus",):
            execute_script(con, sql(f"episodes/{name}"))

    prepare()
    figures = compute(con, only)
    insert_rows(con, "figure", FIGURE_COLUMNS, rows(run_key, figures))
    told = episodes(con)
    found = findings(_look(con, run_key, read, run, figures, told))
    insert_rows(con, "finding", _FINDING_COLUMNS, _finding_rows(run_key, found))
    analysis = Analysis(run, tuple(read.ledgers), figures, told, found)
    if options.scope == "all":
        with one_thread(con):
            analysis = replace(analysis, compat=compat(con, run_key, sources, read.log.facts, analysis))
    insert_rows(con, "analysis", ("run_key", "json"), [(run_key, msgspec.json.encode(analysis).decode())])
    if options.window == WHOLE:
        return analysis
    seen = look_through(con, run_key, options.window, only, prepare, analysis, options.words)
    return replace(seen, findings=findings(_look(con, run_key, read, seen.run, seen.figures, seen.episodes)))


def _look(
    con: duckdb.DuckDBPyConnection,
    run_key: int,
    read: Read,
    run: RunInfo,
    figures: Sequence[Figure],
    told: Sequence[Episode],
) -> Look:
    facts = read.log.facts
    (recorded,) = con.execute("select count(distinct life) from tick where run_key = ?", [run_key]).fetchall()[0]
    log_lives = facts.lives if facts.is_a_run else 0
    return Look(run, read.ledgers, figures, told, log_lives, recorded, dict(facts.components))


_FINDING_COLUMNS = ("run_key", "code", "severity", "venue", "text", "figures", "lines")


def _finding_rows(run_key: int, found: Sequence[Finding]) -> Iterator[tuple[object, ...]]:
    for each in found:
        lines = msgspec.json.encode(each.lines).decode()
        yield run_key, each.code, each.severity, each.venue, each.text, list(each.figures), lines


_EPISODES = ("downtimes", "plateaus", "outages", "plateau_episodes", "local_stall", "frozen_mid", "masked")


def _read(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[Source], options: Options, progress: Progress
) -> Read:
    of = {role: [source for source in sources if source.role is role] for role in Role}
    ledgers = telemetry.load(con, of[Role.TELEMETRY], options.scope, progress)
    execute_script(con, sql("derive_ticks"), run_key=run_key)
    loaded = log.load(con, run_key, of[Role.LOG])
    ledgers += loaded.ledgers
    ledgers += rx_stats.load(con, run_key, of[Role.RX_STATS])
    ledgers += events.load(con, run_key, sources)
    read_already = (Role.TELEMETRY, Role.LOG, Role.RX_STATS, Role.EVENTS)
    rest = [source for source in sources if source.role not in read_already]
    ledgers += [telemetry.ledger_of(source) for source in rest]
    order = {source.name: source.file_no for source in sources}
    ledgers.sort(key=lambda ledger: order[ledger.file])
    return Read(ledgers, loaded, run_meta.load(of[Role.RUN_META]), [source.name for source in sources])


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


def _look_at(con: duckdb.DuckDBPyConnection, run_key: int) -> None:
    """Point the views of the scope at one run."""
    con.execute("set variable run_key = ?", [run_key])
    execute_script(con, sql("scope"))
