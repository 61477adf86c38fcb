"""EndEvidence from which the findings of a run are derived, collected from its analysis, its files and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from toolkit.analysis.diagnosis import earlier_crashes, earlier_ends, other_processes
from toolkit.analysis.findings.clock_findings import MAX_LISTED_STEPS, ClockStep
from toolkit.analysis.findings.limit_findings import limit_findings
from toolkit.analysis.findings.log_findings import LogExamples
from toolkit.analysis.findings.record_findings import LastTick, UnsetValue, unset_values
from toolkit.db.store import sql
from toolkit.files.copies import Overlap
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.ingest.session_rows import further_episodes
from toolkit.model.closes import CloseGroup
from toolkit.model.figures import Figure
from toolkit.model.runs import Episode, FileLedger, Finding, LineRef, RunAnalysis, RunInfo
from toolkit.model.units import duration


@dataclass(frozen=True, slots=True)
class FindingInput:
    """EndEvidence from which findings are derived; `unknown_components` counts audit lines by unknown kind."""

    run: RunInfo
    ledgers: Sequence[FileLedger]
    figures: Sequence[Figure]
    episodes: Sequence[Episode]
    log_lives: int
    telemetry_lives: int
    unknown_components: dict[str, int]
    limits: Sequence[Finding] = ()
    """Findings on what is only counted."""
    earlier_ends: Sequence[tuple[LineRef, str]] = ()
    """Log lines that may explain the end of a life before the last one, with their texts."""
    clock_steps: Sequence[ClockStep] = ()
    """The largest steps of the wall clock, the largest first."""
    further_clock_steps: int = 0
    last_ticks: Sequence[LastTick] = ()
    unset_values: Sequence[UnsetValue] = ()
    earlier_crashes: Sequence[tuple[LineRef, str]] = ()
    """Those of them that show a crash or a kill."""
    other_processes: Sequence[tuple[LineRef, str]] = ()
    """Log lines that report the end of a process that is not the run's, with its name."""
    logs: Mapping[str, LogExamples] = field(default_factory=dict)
    """Examples of each log's unknown lines, by file."""
    overlaps: Sequence[Overlap] = ()
    closes: Sequence[CloseGroup] = ()
    last_errors: Mapping[str, tuple[str, LineRef]] = field(default_factory=dict)
    """The last error of each venue's public socket, and its line."""
    injection_lines: Mapping[str, Sequence[LineRef]] = field(default_factory=dict)
    """Lines of the REST monitor on the books that it injected, by venue."""
    quoted_records: int = 0
    quoted: Sequence[tuple[LineRef, str]] = ()
    """Log lines with a record that may be quoted text, and its family: the first of `quoted_records`."""

    def value(self, figure: str) -> float | None:
        """Return the value of a figure; None if it is unknown or absent."""
        return next((each.value for each in self.figures if each.figure == figure), None)

    def duration_range(self, figure: str) -> str:
        """Return the value of a figure in ms as a duration, with the bounds of one that is not exact."""
        each = next(each for each in self.figures if each.figure == figure)
        text = duration(each.value or 0)
        if each.low is None or each.high is None:
            return f"about {text}"
        if each.low == each.high:
            return text
        # Milliseconds would be more precise than the records.
        low = f"{each.low / 1_000:.1f} s" if each.low < 1_000 <= each.high else duration(each.low)
        return f"{text} ({low} to {duration(each.high)})"

    def above_zero(self, metric: str) -> Iterator[tuple[str, float]]:
        """Yield each scope in which the metric is known and not 0, with its value."""
        for each in self.figures:
            if each.metric == metric and each.value:
                yield each.scope, each.value

    def lines(self, venue: str, kind: str, reason: str | None = None) -> tuple[LineRef, ...]:
        """Return the lines of the venue's episodes of a kind, and of a reason if one is given."""
        return tuple(
            ref
            for each in self.episodes
            if each.venue == venue and each.kind == kind and (reason is None or each.reason == reason)
            for ref in each.lines
        )


def finding_input(con: duckdb.DuckDBPyConnection, loaded: LoadedRun, analysis: RunAnalysis) -> FindingInput:
    """Collect the evidence for the findings of the run, or the window of it, in the scope views."""
    facts = loaded.log.facts
    (telemetry_lives,) = con.execute("select count(distinct life) from tick").fetchall()[0]
    log_lives = facts.lives if facts.is_a_run else 0
    earlier = [(loaded.file_and_line(each.ref), each.text.strip()) for each in earlier_ends(facts)]
    if not any(each.family == "kill_event" for each in facts.earlier):
        kills = con.execute(sql("earlier_kill_switches")).fetchall()
        earlier += [
            (loaded.file_and_line((file_no, line)), f"kill switch: {reason}") for file_no, line, reason in kills
        ]
    unknown = dict(facts.components)
    rows = con.execute(sql("clock_steps"), {"most": MAX_LISTED_STEPS}).fetchall()
    steps = [ClockStep(loaded.file_and_line((file_no, line)), *step) for file_no, line, *step, _ in rows]
    further_steps = rows[0][-1] - len(rows) if rows else 0
    rows = con.execute("select file_no, line, rx_tick, t from run_last_ticks order by life").fetchall()
    last_ticks = [LastTick(loaded.file_and_line((file_no, line)), *ticks) for file_no, line, *ticks in rows]
    rows = con.execute(sql("unset_values")).fetchall()
    unset = [each for file_no, line, *of in rows for each in unset_values(loaded.file_and_line((file_no, line)), *of)]
    crashes = [(loaded.file_and_line(each.ref), each.text.strip()) for each in earlier_crashes(facts)]
    others = [(loaded.file_and_line(ref), name) for ref, name in other_processes(facts).items()]
    quoted = [(loaded.file_and_line(each.ref), each.family) for each in facts.quoted]
    return FindingInput(
        analysis.run,
        loaded.ledgers,
        analysis.figures,
        analysis.episodes,
        log_lives,
        telemetry_lives,
        unknown,
        limits=tuple(limit_findings(loaded, further_episodes(con))),
        earlier_ends=earlier,
        earlier_crashes=crashes,
        other_processes=others,
        clock_steps=steps,
        further_clock_steps=further_steps,
        last_ticks=last_ticks,
        unset_values=unset,
        logs=_log_examples(loaded),
        overlaps=loaded.overlaps,
        closes=analysis.closes,
        last_errors=_last_errors(con, loaded),
        injection_lines=_injection_lines(con, loaded),
        quoted_records=facts.quoted_count,
        quoted=quoted,
    )


def _last_errors(con: duckdb.DuckDBPyConnection, loaded: LoadedRun) -> dict[str, tuple[str, LineRef]]:
    rows = con.execute(sql("last_socket_errors")).fetchall()
    return {venue: (error or "", loaded.file_and_line((file_no, line))) for venue, error, file_no, line in rows}


def _injection_lines(con: duckdb.DuckDBPyConnection, loaded: LoadedRun) -> dict[str, list[LineRef]]:
    lines: dict[str, list[LineRef]] = {}
    for venue, file_no, line in con.execute(sql("injection_lines")).fetchall():
        lines.setdefault(venue, []).append(loaded.file_and_line((file_no, line)))
    return lines


def _log_examples(loaded: LoadedRun) -> dict[str, LogExamples]:
    """Return examples of each log's unknown lines, by file."""
    learnt = loaded.log.learnt_prefixes
    return {
        loaded.names[number]: LogExamples(learnt.get(number), lines.first, lines.texts)
        for number, lines in loaded.log.unknown.items()
    }
