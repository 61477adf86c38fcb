"""Facts about a run as a whole: id, venues, span, program, log version, settings and how it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from toolkit.analysis.diagnosis import EndEvidence, diagnose
from toolkit.analysis.logged_settings import logged_settings
from toolkit.analysis.origin import build_facts, origin
from toolkit.analysis.settings import KnownSettings, recorded_settings, settings_of
from toolkit.db.store import insert_rows, sql
from toolkit.files.run_identity import run_id
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.model.errors import UsageError
from toolkit.model.quotes import recorded_label
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.runs import WHOLE_RUN, RunInfo, Window
from toolkit.model.vocabulary import OFF_MARKET_BPS, Role
from toolkit.runlog.facts import LogFacts
from toolkit.telemetry.schema import Scope


@dataclass(frozen=True, slots=True)
class Options:
    """Options of an analysis. `requested_ms` overrides the requested time in the run's own metadata.

    Without such metadata it is the time of the command, builds included.

    `words` selects the figures of windows of `every` ticks: all, or those whose name contains one of the words.
    `plateau_limits_ms` are ages above which there are plateau figures, beside those above 10 s and 30 s.
    `off_market_bps` is the distance from the median of the other venues above which a venue is off the market.
    `known_settings` gives the settings whose values may be shown. `age_series` asks for the series that tests of ages
    need, `mid_series` for those that show whether two runs saw the same market, `pictures` for the data of the
    pictures. `now_ms` (epoch) is the time that a run's end is held against, to see whether it still runs; None for the
    time of the analysis.
    """

    label: str | None = None
    requested_ms: int | None = None
    scope: Scope = "all"
    window: Window = WHOLE_RUN
    words: tuple[str, ...] = ()
    plateau_limits_ms: tuple[int, ...] = ()
    known_settings: KnownSettings = dict
    age_series: bool = False
    mid_series: bool = False
    pictures: bool = False
    off_market_bps: float = OFF_MARKET_BPS
    now_ms: int | None = None

    def __post_init__(self) -> None:
        """Raise `UsageError` where the limit of off-market books is not a number above 0."""
        if not 0 < self.off_market_bps < math.inf:
            limit = f"{self.off_market_bps:g}"
            raise UsageError(f"off-market limit {limit}: must be a number of basis points above 0, such as 25")


def describe(con: duckdb.DuckDBPyConnection, run_key: int, loaded: LoadedRun, options: Options) -> RunInfo:
    """Return the facts of a run whose rows are already in the database, and insert them into the table `run`."""
    facts, meta = loaded.log.facts, loaded.meta
    venues = _venues(con, run_key, facts.venues)
    result = con.execute(sql("run_facts"), {"run_key": run_key})
    row = dict(zip([column[0] for column in result.description or []], result.fetchall()[0], strict=True))
    requested = requested_ms(options, meta, facts)
    ended, diagnosis = diagnose(facts, _evidence(row, loaded, requested, options.now_ms), loaded.file_and_line)
    start = facts.starts[0].facts if facts.starts else {}
    label = options.label or (meta.label if meta else None)
    settings, withheld = settings_of(meta, options.known_settings) if meta else (None, ())
    run = RunInfo(
        id=run_id(loaded.ledgers),
        label=recorded_label(label) if label else None,
        kind=_kind(facts, meta),
        simulated=_simulated(facts, meta, _own_feed(con, run_key)),
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        requested_ms=requested,
        observed_ms=row["observed_ms"],
        lives=max(row["lives"], facts.lives if facts.is_a_run else 0),
        ended=ended,
        diagnosis=diagnosis,
        venues=venues,
        build_id=start.get("build_id"),
        semantics={"venue_age_ms": _age_semantics(row)},
        trade_mode=start.get("trade_mode") or row["execution_mode"],
        vintage=_vintage(facts),
        settings=settings,
        settings_withheld=withheld,
        origin=origin(meta) if meta else {},
        setting_sources=(
            *recorded_settings(settings or {}, loaded.meta_lines),
            *logged_settings(con, run_key, loaded),
            *loaded.resolved,
        ),
        starts=tuple(loaded.file_and_line(each.ref) for each in facts.starts),
        build=build_facts(loaded),
        pair=meta.pair if meta else None,
    )
    _write(con, run_key, run)
    return run


def _venues(con: duckdb.DuckDBPyConnection, run_key: int, logged: Sequence[str]) -> tuple[str, ...]:
    """Return and insert the venues: those that records name, in telemetry array order, then those only in the log."""
    recorded = con.execute(
        "select venue from venue_tick where run_key = ? group by venue order by min((seq, rowid))", [run_key]
    ).fetchall()
    venues = tuple(dict.fromkeys([*(venue for (venue,) in recorded), *logged]))
    insert_rows(con, "venue", ("run_key", "venue", "venue_index"), [(run_key, v, i) for i, v in enumerate(venues)])
    return venues


def _simulated(facts: LogFacts, meta: RunMeta | None, feed: str | None) -> bool | None:
    """Return True if the venues were simulated.

    URLs of this machine in all connecting lines outweigh what is stated: the metadata, or else the `feed` in the log. A
    name in a URL may lead to this machine too, which our connectors state once they have reached it.
    """
    if facts.loopback_only:
        return True
    if meta is not None and meta.simulated is not None:
        return meta.simulated
    return True if feed is not None and feed.startswith("SIMULATED") else facts.loopback_only


def _own_feed(con: duckdb.DuckDBPyConnection, run_key: int) -> str | None:
    """Return what the last line of our connectors about their feed states, None without one."""
    query = """select json_extract_string(fields, '$.feed') from log_event where run_key = ? and family = 'own_feed'
               order by file_no desc, line desc limit 1"""
    row = con.execute(query, [run_key]).fetchone()
    return None if row is None else str(row[0])


def requested_ms(options: Options, meta: RunMeta | None, facts: LogFacts) -> int | None:
    """Return the requested run time of the program itself, ms; None if it is not known.

    The requested time in the options is that of a command that may build first, so the build time in the log is
    subtracted. Nothing is subtracted if a supervisor counted the time from the first telemetry (`meta`), or if the
    builds took that time or longer.
    """
    command_ms, supervised_ms = options.requested_ms, meta.requested_ms if meta else None
    if command_ms is None or supervised_ms is not None or facts.build_ms >= command_ms:
        return command_ms or supervised_ms
    return command_ms - facts.build_ms


def _evidence(row: dict[str, object], loaded: LoadedRun, requested_ms: int | None, now_ms: int | None) -> EndEvidence:
    meta = loaded.meta or RunMeta()
    telemetry = [ledger for ledger in loaded.ledgers if ledger.role is Role.TELEMETRY]
    return EndEvidence(
        records=_integer(row["records"]) or 0,
        has_data=bool(row["has_data"]),
        has_telemetry=bool(telemetry),
        now_ms=round(time.time() * 1_000) if now_ms is None else now_ms,
        ended_ms=_integer(row["ended_ms"]),
        observed_ms=_integer(row["observed_ms"]),
        requested_ms=requested_ms,
        kill_reason=str(row["kill_reason"]) if row["kill_reason"] else None,
        kill_ref=(kill_file, _integer(row["kill_line"]) or 0)
        if (kill_file := _integer(row["kill_file"])) is not None
        else None,
        summary_written=any(name.rsplit("/", 1)[-1] == "summary.json" for name in loaded.names),
        stopped_by=meta.stopped_by,
        exit_code=meta.exit_code,
        signal=meta.signal,
    )


def _integer(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _kind(facts: LogFacts, meta: RunMeta | None) -> str:
    ours = any(start.facts.get("cfg", "").startswith("toolkit-") for start in facts.starts)
    if ours or (meta is not None and meta.producer == "toolkit"):
        return "toolkit"
    known = facts.starts or any(name in facts.first for name in _PROGRAM_FAMILIES)
    return "paraphina_live" if known else "unknown"


_PROGRAM_FAMILIES = (
    "startup_short",
    "startup_error",
    "startup_note",
    "effective_setting",
    "ws_connecting",
    "applied_book",
)


def _age_semantics(row: dict[str, object]) -> str:
    match bool(row["applies"]), bool(row["events_only"]):
        case True, True:
            return "mixed"
        case True, False:
            return "apply"
        case False, True:
            return "event"
        case _:
            return "none"


def _vintage(facts: LogFacts) -> str | None:
    """Return the version of the log format, named after the first build that prints its lines; None if unknown."""
    seen = facts.families
    if any(
        seen[name] for name in ("audit_publisher_periodic", "audit_socket", "audit_ws_msg", "audit_reconnect_policy")
    ):
        return "later"
    if seen["audit_rest_monitor"]:
        return "rest monitor audit"
    if seen["audit_reconnect"] or seen["audit_limits"]:
        return "29c19fd or later"
    return "before reconnect audit" if seen["ws_connecting"] else None


_COLUMNS = (
    "run_key", "run", "label", "kind", "simulated", "started_ms", "ended_ms", "requested_ms", "observed_ms", "lives",
    "ended", "semantics",
)  # fmt: skip


def _write(con: duckdb.DuckDBPyConnection, run_key: int, run: RunInfo) -> None:
    row = (
        run_key, run.id, run.label, run.kind, run.simulated, run.started_ms, run.ended_ms, run.requested_ms,
        run.observed_ms, run.lives, str(run.ended), run.semantics["venue_age_ms"],
    )  # fmt: skip
    insert_rows(con, "run", _COLUMNS, [row])
