"""Compute the reports of the producer's tools for a run: telemetry from the store, log files in a pass of their own."""

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
    PLATEAU_MIN_RECORDS,
    PLATEAUS_MS,
    Ages,
    MissingReport,
    Plateau,
    SoakReport,
    TelemetrySection,
)
from toolkit.upstream.soak_rows import soak_rows

OUR_GATE = "frontier"
"""Our gate with the same limits as the gate of the soak report."""


@dataclass(frozen=True, slots=True)
class UpstreamReports:
    """Pending reports of the producer's tools; calling a field waits for its result."""

    soak: Callable[[], SoakReport | MissingReport]
    analyzer: Callable[[], AnalyzerReport | str]


def start_reports(
    pool: QueryPool, run_key: int, sources: Sequence[RunFile], facts: LogFacts, run: RunInfo
) -> UpstreamReports:
    """Start to compute the reports of the producer's tools for a run whose telemetry and ledger are in the store.

    The gate of the soak report expects the connectors that the log says were started, or else the venues of the run.
    """
    started = next((start.facts["connectors"] for start in facts.starts if "connectors" in start.facts), None)
    connectors = tuple(dict.fromkeys(started.lower().split(",") if started else run.venues))
    return UpstreamReports(
        pool.submit(lambda con: soak_report(con, run_key, sources, connectors)),
        pool.submit(lambda con: analyzer_report(con, run_key, sources)),
    )


def compat_rows(
    reports: UpstreamReports, analysis: RunAnalysis, catalogue: Sequence[FigureSpec]
) -> tuple[CompatRow, ...]:
    """Return the rows that compare the soak report and the analyzer with our figures.

    The verdict of the soak report's gate is compared with that of our gate with the same limits. Raises `InputError`
    for an unreadable file.
    """
    run, figures = analysis.run, analysis.figures
    gate = load_gate(OUR_GATE, catalogue)
    verdict = str(evaluate(gate.rules, analysis, gate=gate.name, never_seen=gate.never_seen).verdict)
    soak = soak_rows(reports.soak(), run, figures, verdict)
    return (*soak, *analyzer_rows(reports.analyzer(), run, figures))


def soak_report(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile], connectors: tuple[str, ...]
) -> SoakReport | MissingReport:
    """Return the soak report v1 of a run whose telemetry and ledger are in the store.

    The tool reads `telemetry.jsonl`, `run.log` and `market_rx_stats.log`; a file under another name is used if it is
    the only one of its role. `connectors` are those that the gate expects. Raises `InputError` for an unreadable file.
    """
    telemetry = _file_of(sources, Role.TELEMETRY, "telemetry.jsonl")
    log = _file_of(sources, Role.LOG, "run.log")
    if telemetry is None or log is None:
        return MissingReport(
            f"it requires one {'telemetry.jsonl' if telemetry is None else 'run.log'} and there is none"
        )
    if (why := _reason_unreadable(con, run_key, telemetry)) is not None:
        return MissingReport(why)
    tally, caps = LogTally(), CapTally()
    for block in _blocks(log):
        tally.feed(block.data)
    rx = _file_of(sources, Role.RX_STATS, "market_rx_stats.log")
    for block in _blocks(rx) if rx is not None else ():
        caps.feed(block.data)
    return SoakReport(
        _telemetry(con, run_key, telemetry.file_no),
        tally.result(),
        None if rx is None else caps.result(),
        connectors,
    )


def analyzer_report(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile]) -> AnalyzerReport | str:
    """Return the report of `telemetry_analyzer` v1, or a clause that says why the tool prints none."""
    telemetry = _file_of(sources, Role.TELEMETRY, "telemetry.jsonl")
    if telemetry is None:
        return "it requires one telemetry.jsonl and there is none"
    parameters = {"run_key": run_key, "file_no": telemetry.file_no}
    ticks, first, last, together, priced = con.execute(sql("compat/analyzer_ticks"), parameters).fetchall()[0]
    if not priced:
        return "there is no tick" if not ticks else "it stops with an error if two venues are never healthy at once"
    health_rows = con.execute(sql("compat/analyzer_health"), parameters).fetchall()
    health = {venue: Health(*counts) for venue, *counts in health_rows}
    ages = _ages_by_kind(con, parameters)
    series_rows = con.execute(sql("compat/analyzer_series"), parameters).fetchall()
    series = tuple(Series(name, venue, tuple(stats), n) for name, venue, *stats, n in series_rows)
    return AnalyzerReport(ticks, first, last, together, tuple(health), health, ages["apply"], ages["event"], series)


def _file_of(sources: Sequence[RunFile], role: Role, name: str) -> RunFile | None:
    with_role = [source for source in sources if source.role is role]
    with_name = [source for source in with_role if _uncompressed_name(source.name) == name]
    return next(iter(with_name or (with_role if len(with_role) == 1 else ())), None)


def _uncompressed_name(name: str) -> str:
    return PurePath(name).name.removesuffix(".gz").removesuffix(".zst")


def _blocks(source: RunFile) -> Iterator[Block]:
    with source.open() as stream:
        yield from blocks(stream)


def _reason_unreadable(con: duckdb.DuckDBPyConnection, run_key: int, telemetry: RunFile) -> str | None:
    """Return a clause that says at which line the tool stops reading the telemetry; None if it reads all of it."""
    parameters = {"run_key": run_key, "file_no": telemetry.file_no}
    line = con.execute(sql("compat/invalid_line"), parameters).fetchall()[0][0]
    if line is None and _may_hold_padding(con, parameters):
        line = next((_padded_line(block) for block in _blocks(telemetry) if b"\0" in block.data), None)
    return None if line is None else f"line {line} of {telemetry.name} is not one JSON value, and it reads no further"


def _may_hold_padding(con: duckdb.DuckDBPyConnection, parameters: dict[str, int]) -> bool:
    """Return True if the file may hold NUL bytes, left by a crash of the host in a blank line or before a restart."""
    return bool(con.execute(sql("compat/has_blank_line_or_restart"), parameters).fetchall()[0][0])


def _padded_line(block: Block) -> int:
    return block.first_line + block.data.count(b"\n", 0, block.data.index(b"\0"))


def _telemetry(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> TelemetrySection:
    parameters = {"run_key": run_key, "file_no": file_no}
    with_tick, without, first, last, first_ms, last_ms = con.execute(
        sql("compat/telemetry_range"), parameters
    ).fetchall()[0]
    ages = _ages_by_kind(con, parameters)
    limits = {"limits_ms": list(PLATEAUS_MS), "least": PLATEAU_MIN_RECORDS}
    plateaus = {
        (venue, limit_ms): Plateau(*longest)
        for venue, limit_ms, *longest in con.execute(sql("compat/plateaus"), parameters | limits).fetchall()
    }
    return TelemetrySection(
        with_tick + without, (first, last), (first_ms, last_ms), ages["apply"], ages["event"], plateaus
    )


def _ages_by_kind(con: duckdb.DuckDBPyConnection, parameters: dict[str, int]) -> dict[str, dict[str, Ages]]:
    counted: dict[str, dict[str, list[tuple[float, int]]]] = {"apply": {}, "event": {}}
    for venue, kind, age_ms, n in con.execute(sql("compat/ages"), parameters).fetchall():
        counted[kind].setdefault(venue, []).append((float(age_ms), n))
    return {
        kind: {venue: Ages(*(tuple(each) for each in zip(*pairs, strict=True))) for venue, pairs in by_venue.items()}
        for kind, by_venue in counted.items()
    }
