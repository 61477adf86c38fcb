"""One run as a page shows it: its words, its venues worst first, its files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.format import GAP, NOT_INSTRUMENTED, NOTHING, UNKNOWN, number, shown
from toolkit.model.figures import Figure, Number
from toolkit.model.runs import Diagnosis, FileLedger, Finding, RunAnalysis
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import Ended

_SEVERITIES = ("high", "medium", "low")
_BLOCKED = (Ended.BLOCKED_BUILD, Ended.NEVER_STARTED)


@dataclass(frozen=True)
class RunView:
    """A run under the name its reader gave it; `side` is `before`, `after` or empty."""

    PRESSURE: ClassVar = (
        "publisher.try_send_full", "publisher.pending_latest_replaced", "publisher.lossless_wait",
        "publisher.queue_hiwater",
    )  # fmt: skip

    analysis: RunAnalysis
    name: str
    side: str = ""

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """Figures by full name."""
        return {each.figure: each for each in self.analysis.figures}

    def value(self, name: str) -> Number | None:
        """A figure's value, None where it is not known or not there."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value

    def words(self, name: str) -> str:
        """A figure as a reader sees it; `blocked` in a run that never ran."""
        return "blocked" if self.blocked else shown(self.figures.get(name), self.resolution_ms)

    @property
    def cap_hits(self) -> str:
        """The cap hits, and why none of them may mean nothing."""
        figure = self.figures.get("run.cap_hits")
        why, colon, _ = (figure.note or "" if figure else "").partition(":")
        return self.words("run.cap_hits") + (f" ({why})" if colon else "")

    @property
    def resolution_ms(self) -> Number | None:
        """The median time between ticks: the step in which apply ages are known."""
        return self.value("run.tick_gap_ms.p50")

    @property
    def blocked(self) -> bool:
        """Whether the run never ran."""
        return self.analysis.run.ended in _BLOCKED

    @property
    def died(self) -> bool:
        """Whether the run was cut short."""
        return self.analysis.run.ended in (Ended.KILLED, Ended.CRASHED)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What ended or blocked the run."""
        return self.analysis.run.diagnosis

    @property
    def ended(self) -> str:
        """How the run ended, in words."""
        return self.analysis.run.ended.replace("_", " ")

    @property
    def feed(self) -> str:
        """`SIMULATED`, `live` or unknown: every output says it."""
        return {True: "SIMULATED", False: "live", None: "feed unknown"}[self.analysis.run.simulated]

    @property
    def build(self) -> str | None:
        """The build id that the run states; None where it states none, or `unknown`."""
        stated = self.analysis.run.build_id
        return None if stated in (None, "", UNKNOWN) else stated

    @property
    def requested(self) -> str:
        """How long the run was asked to last."""
        return _span(self.analysis.run.requested_ms)

    @property
    def observed(self) -> str:
        """How long the run was observed, and which part of it this is where it is not the whole."""
        span, window = _span(self.analysis.run.observed_ms), self.analysis.run.window
        return f"{span} ({window} only)" if window else span

    @property
    def cadence(self) -> str:
        """The records of the run and the time between them: `2 399 ticks, 250 ms apart, none missing`."""
        ticks, missing = self.value("run.ticks"), self.value("run.ticks_missing")
        if not ticks:
            return "no telemetry"
        apart = f", {number(self.resolution_ms)} ms apart" if self.resolution_ms else ""
        gone = "" if missing is None else f", {number(missing) if missing else 'none'} missing"
        return f"{number(ticks)} ticks{apart}{gone}"

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """The venues of the run, worst first."""
        return worst_first(self)

    def by_reason(self, venue: str, metric: str = "reconnects") -> str:
        """The reasons of a venue's reconnects that happened, most frequent first: `server_close 9, stream_ended 1`."""
        total = self.figures.get(f"{venue}.{metric}")
        if total is None or total.value is None:
            return self.words(f"{venue}.{metric}")
        prefix = f"{venue}.{metric}."
        counted = [(each.value, name[len(prefix) :]) for name, each in self.figures.items() if name.startswith(prefix)]
        found = sorted(((count, reason) for count, reason in counted if count), key=lambda each: (-each[0], each[1]))
        return ", ".join(f"{reason} {number(count)}" for count, reason in found) or NOTHING

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, most severe first."""
        return tuple(sorted(self.analysis.findings, key=lambda each: _rank(each.severity)))

    @property
    def venue_table(self) -> Table:
        """A row per venue, worst first: connects, reconnects by reason, apply ages, unknown share, plateaus."""
        return Table(_VENUE_COLUMNS, tuple(self._venue_row(venue) for venue in self.venues))

    def _venue_row(self, venue: str) -> tuple[Cell, ...]:
        names = [f"{venue}.{metric}" for metric in _VENUE_METRICS]
        samples = self.figures.get(f"{venue}.age_apply_ms.p50")
        none = self.value(f"{venue}.plateau_10s.count") == 0
        return (
            Cell(venue),
            *(Cell(NOTHING if none and "plateau" in name else self.words(name), name) for name in names),
            Cell(NOTHING if samples is None else number(samples.n)),
            Cell(self.by_reason(venue)),
        )

    def line(self, scope: str, metrics: Iterable[str]) -> str:
        """A few figures on one line, under the last part of their names; one word if that is all they say."""
        named = {metric.rsplit(".", 1)[-1]: f"{scope}.{metric}" for metric in metrics}
        said = {label: self.words(name) for label, name in named.items() if name in self.figures}
        if not said or set(said.values()) <= {UNKNOWN} or set(said.values()) <= {NOT_INSTRUMENTED}:
            return next(iter(said.values()), UNKNOWN)
        return ", ".join(f"{label} {words}" for label, words in said.items())

    def across(self, metric: str) -> str:
        """A count of every venue on one line: the venues where it is not 0, or the one word that fits all."""
        said = {venue: self.words(f"{venue}.{metric}") for venue in self.venues}
        if len(set(said.values())) == 1:
            return next(iter(said.values()))
        return ", ".join(f"{venue} {words}" for venue, words in said.items() if words not in ("0", f"≥{GAP}0"))

    @property
    def files(self) -> Table:
        """The files of the run."""
        return files_table(self)

    @property
    def ledger(self) -> tuple[FileLedger, ...]:
        """The files of the run, every line accounted for."""
        return self.analysis.ledger


_VENUE_METRICS = {
    "connects": "connects",
    "connect_failures": "failed",
    "reconnects": "reconnects",
    "age_apply_ms.p50": "apply age p50",
    "age_apply_ms.p95": "p95",
    "age_apply_ms.p99": "p99",
    "age_apply_unknown.share": "unknown",
    "plateau_10s.count": "plateaus > 10 s",
    "plateau_10s.longest_ms": "longest",
}
"""The metrics of the table of venues and the titles of their columns."""
_VENUE_COLUMNS = (
    Column("venue"),
    *(Column(title, Align.RIGHT) for title in _VENUE_METRICS.values()),
    Column("n", Align.RIGHT),
    Column("reconnects by reason"),
)


def worst_first(*runs: RunView) -> tuple[str, ...]:
    """The venues of all runs: those that never spoke, then by reconnects, then by p99 of age, in the worse run."""
    venues = dict.fromkeys(venue for run in runs for venue in run.analysis.run.venues)
    return tuple(sorted(venues, key=lambda venue: (*(-_worst(runs, venue, metric) for metric in _BADNESS), venue)))


_BADNESS = ("silent", "reconnects", "age_apply_ms.p99", "age_event_ms.p99")


def _worst(runs: Iterable[RunView], venue: str, metric: str) -> Number:
    if metric == "silent":
        return max(run.value(f"{venue}.age_apply_unknown.share") == 1 for run in runs)
    return max(run.value(f"{venue}.{metric}") or 0 for run in runs)


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _span(ms: int | None) -> str:
    return UNKNOWN if ms is None else duration(ms)


def parts_table(run: RunView, names: Collection[str]) -> Table:
    """A row for each window of so many ticks: when it began, and the figures of those names."""
    parts = run.analysis.parts
    began_ms = next((part.from_ms for part in parts if part.from_ms is not None), 0)
    columns = (Column("ticks"), Column("life", Align.RIGHT), Column("from", Align.RIGHT))
    rows = []
    for part in parts:
        figures = {each.figure: each for each in part.figures}
        after = UNKNOWN if part.from_ms is None else duration(part.from_ms - began_ms)
        ticks = f"{number(part.since_tick)} to {number(part.until_tick)}"
        cells = (Cell(shown(figures.get(name), run.resolution_ms), name) for name in names)
        rows.append((Cell(ticks), Cell(number(part.life)), Cell(after), *cells))
    return Table((*columns, *(Column(name, Align.RIGHT) for name in names)), tuple(rows))


def figures_table(run: RunView, words: Collection[str]) -> Table:
    """The figures whose name holds one of the words, each with what it rests on."""
    chosen = [each for each in run.analysis.figures if any(word in each.figure for word in words)]
    return Table(_FIGURE_COLUMNS, tuple(_figure_row(run, each) for each in chosen))


_FIGURE_COLUMNS = (
    Column("figure"),
    Column("value", Align.RIGHT),
    Column("n", Align.RIGHT),
    Column("bound"),
    Column("note"),
)


def _figure_row(run: RunView, figure: Figure) -> tuple[Cell, ...]:
    return (
        Cell(figure.figure, figure.figure, kind=CellKind.NAME),
        Cell(shown(figure, run.resolution_ms), figure.figure),
        Cell(thousands(figure.n)),
        Cell(figure.bound),
        Cell(figure.note or ""),
    )


def files_table(*runs: RunView) -> Table:
    """Every file of the runs: bytes and digest, and lines read, used and set aside with the reasons."""
    return Table(_FILE_COLUMNS, tuple(_file_row(run, file) for run in runs for file in run.ledger))


_FILE_COLUMNS = (
    Column("run"),
    Column("file"),
    Column("role"),
    Column("bytes", Align.RIGHT),
    Column("lines", Align.RIGHT),
    Column("used", Align.RIGHT),
    Column("set aside"),
    Column("SHA-256"),
)


def _file_row(run: RunView, file: FileLedger) -> tuple[Cell, ...]:
    counts = (file.bytes, file.lines, file.used)
    return (
        Cell(run.side or run.name),
        Cell(file.file, kind=CellKind.NAME),
        Cell(file.role.replace("_", " ")),
        *(Cell(thousands(count)) for count in counts),
        Cell(set_aside(file)),
        Cell(file.sha256, kind=CellKind.DIGEST),
    )


def set_aside(file: FileLedger) -> str:
    """The lines of a file that were not used, by reason: `torn_tail 1`, or `0`."""
    return ", ".join(f"{reason} {thousands(count)}" for reason, count in sorted(file.set_aside.items()) if count) or "0"
