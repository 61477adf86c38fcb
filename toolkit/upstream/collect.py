"""What the producer's tools print for a run: telemetry's part from the store, the log's in a pass of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import duckdb

from toolkit.db.query_pool import QueryPool
from toolkit.db.store import sql
from toolkit.files.run_file import RunFile
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.figures import FigureSpec
from toolkit.model.runs import CompatRow, RunAnalysis, RunInfo
from toolkit.model.vocabulary import Role
from toolkit.runlog.facts import LogFacts
from toolkit.streams.blocks import Block, blocks
from toolkit.upstream.analyzer import AnalyzerReport, Health, analyzer_rows
from toolkit.upstream.analyzer_dimensions import Series
from toolkit.upstream.log_counts import CapTally, LogTally
from toolkit.upstream.soak_report import (
    PLATEAU_LEAST_RECORDS,
    PLATEAUS_MS,
    Ages,
    MissingReport,
    Plateau,
    SoakReport,
    TelemetrySection,
)
from toolkit.upstream.soak_rows import rows

OUR_GATE = "frontier"
"""The gate of ours that has the limits of the report's."""


@dataclass(frozen=True, slots=True)
class UpstreamReports:
    """What the producer's tools print, on its way: computed beside our figures."""

    soak: Callable[[], SoakReport | MissingReport]
    analyzer: Callable[[], AnalyzerReport | str]


def start_reports(
    pool: QueryPool, run_key: int, sources: Sequence[RunFile], facts: LogFacts, run: RunInfo
) -> UpstreamReports:
    """Begin to compute what the producer's tools print of a run whose telemetry and ledger are known.

    The report's gate is asked for the connectors that the log says were started, else for the run's venues.
    """
    started = next((start.facts["connectors"] for start in facts.starts if "connectors" in start.facts), None)
    named = tuple(dict.fromkeys(started.lower().split(",") if started else run.venues))
    return UpstreamReports(
        pool.submit(lambda con: soak_report(con, run_key, sources, named)),
        pool.submit(lambda con: analyzer_report(con, run_key, sources)),
    )


def compat_rows(
    theirs: UpstreamReports, analysis: RunAnalysis, catalogue: Sequence[FigureSpec]
) -> tuple[CompatRow, ...]:
    """The compat view of a run: soak report and analyzer beside our figures.

    Beside the verdict of the report's gate stands that of our gate of the same limits. Raises `InputError` for an
    unreadable file.
    """
    run, figures = analysis.run, analysis.figures
    gate = load_gate(OUR_GATE, catalogue)
    verdict = str(evaluate(gate.rules, analysis, gate=gate.name, never_seen=gate.never_seen).verdict)
    soak = rows(theirs.soak(), run, figures, verdict)
    return (*soak, *analyzer_rows(theirs.analyzer(), run, figures))


def soak_report(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile], connectors: tuple[str, ...]
) -> SoakReport | MissingReport:
    """What the soak report v1 holds for a run whose telemetry and ledger are in the store.

    The tool reads `telemetry.jsonl`, `run.log` and `market_rx_stats.log`; a file that is the only one of its role
    stands for it under any name. `connectors` are those that the gate expects. Raises `InputError` for an unreadable
    file.
    """
    telemetry = _the_one(sources, Role.TELEMETRY, "telemetry.jsonl")
    log = _the_one(sources, Role.LOG, "run.log")
    if telemetry is None or log is None:
        return MissingReport(
            f"it asks for one {'telemetry.jsonl' if telemetry is None else 'run.log'} and there is none"
        )
    if (why := _unreadable(con, run_key, telemetry)) is not None:
        return MissingReport(why)
    tally, caps = LogTally(), CapTally()
    for block in _blocks(log):
        tally.feed(block.data)
    rx = _the_one(sources, Role.RX_STATS, "market_rx_stats.log")
    for block in _blocks(rx) if rx is not None else ():
        caps.feed(block.data)
    return SoakReport(
        _telemetry(con, run_key, telemetry.file_no),
        tally.result(),
        None if rx is None else caps.result(),
        connectors,
    )


def analyzer_report(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile]) -> AnalyzerReport | str:
    """What `telemetry_analyzer` v1 prints, or a clause that says why it prints nothing."""
    telemetry = _the_one(sources, Role.TELEMETRY, "telemetry.jsonl")
    if telemetry is None:
        return "it asks for one telemetry.jsonl and there is none"
    where = {"run_key": run_key, "file_no": telemetry.file_no}
    ticks, first, last, together, priced = con.execute(sql("compat/analyzer_ticks"), where).fetchall()[0]
    if not priced:
        return "there is no tick" if not ticks else "it stops with an error where two venues are never healthy at once"
    told = con.execute(sql("compat/analyzer_health"), where).fetchall()
    health = {venue: Health(*counts) for venue, *counts in told}
    ages = _aged(con, where)
    rows = con.execute(sql("compat/analyzer_series"), where).fetchall()
    series = tuple(Series(word, venue, tuple(stats), n) for word, venue, *stats, n in rows)
    return AnalyzerReport(ticks, first, last, together, tuple(health), health, ages["apply"], ages["event"], series)


def _the_one(sources: Sequence[RunFile], role: Role, name: str) -> RunFile | None:
    of_role = [source for source in sources if source.role is role]
    named = [source for source in of_role if _unpacked_name(source.name) == name]
    return next(iter(named or (of_role if len(of_role) == 1 else ())), None)


def _unpacked_name(name: str) -> str:
    return PurePath(name).name.removesuffix(".gz").removesuffix(".zst")


def _blocks(source: RunFile) -> Iterator[Block]:
    with source.open() as stream:
        yield from blocks(stream)


def _unreadable(con: duckdb.DuckDBPyConnection, run_key: int, telemetry: RunFile) -> str | None:
    """Why the tool's strict reader stops at a line of the telemetry; None where it reads on to the end."""
    where = {"run_key": run_key, "file_no": telemetry.file_no}
    line = con.execute(sql("compat/invalid_line"), where).fetchall()[0][0]
    if line is None and _may_hold_padding(con, where):
        line = next((_padded_line(block) for block in _blocks(telemetry) if b"\0" in block.data), None)
    return None if line is None else f"line {line} of {telemetry.name} is not one JSON value, and it reads no further"


def _may_hold_padding(con: duckdb.DuckDBPyConnection, where: dict[str, int]) -> bool:
    """Whether to look for NUL bytes, which a crash of the host leaves: in a blank line, or before the next life."""
    return bool(con.execute(sql("compat/may_hold_padding"), where).fetchall()[0][0])


def _padded_line(block: Block) -> int:
    return block.first_line + block.data.count(b"\n", 0, block.data.index(b"\0"))


def _telemetry(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> TelemetrySection:
    where = {"run_key": run_key, "file_no": file_no}
    with_tick, without, first, last, first_ms, last_ms = con.execute(sql("compat/telemetry_range"), where).fetchall()[0]
    ages = _aged(con, where)
    limits = {"limits_ms": list(PLATEAUS_MS), "least": PLATEAU_LEAST_RECORDS}
    plateaus = {
        (venue, limit_ms): Plateau(*longest)
        for venue, limit_ms, *longest in con.execute(sql("compat/plateaus"), where | limits).fetchall()
    }
    return TelemetrySection(
        with_tick + without, (first, last), (first_ms, last_ms), ages["apply"], ages["event"], plateaus
    )


def _aged(con: duckdb.DuckDBPyConnection, where: dict[str, int]) -> dict[str, dict[str, Ages]]:
    counted: dict[str, dict[str, list[tuple[float, int]]]] = {"apply": {}, "event": {}}
    for venue, kind, age_ms, n in con.execute(sql("compat/ages"), where).fetchall():
        counted[kind].setdefault(venue, []).append((float(age_ms), n))
    return {
        kind: {venue: Ages(*(tuple(each) for each in zip(*pairs, strict=True))) for venue, pairs in of_kind.items()}
        for kind, of_kind in counted.items()
    }
