"""View of one run: its figures as text, its venues worst first, its findings and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from reports.elements import Cell
from reports.format import GAP, NOT_INSTRUMENTED, NOTHING, UNKNOWN, number, shown
from toolkit.model.figures import Figure, Number
from toolkit.model.runs import Diagnosis, FileLedger, Finding, RunAnalysis
from toolkit.model.units import duration
from toolkit.model.vocabulary import Ended

_SEVERITIES = ("high", "medium", "low")
_BLOCKED = (Ended.BLOCKED_BUILD, Ended.NEVER_STARTED)


@dataclass(frozen=True)
class RunView:
    """A run and the name that the reader gave it. `side` is `before`, `after`, or empty for a run on its own."""

    PUBLISHER_METRICS: ClassVar = (
        "publisher.try_send_full", "publisher.pending_latest_replaced", "publisher.lossless_wait",
        "publisher.queue_hiwater",
    )  # fmt: skip

    analysis: RunAnalysis
    name: str
    side: str = ""

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """Figures by full name (`lighter.reconnects`)."""
        return {each.figure: each for each in self.analysis.figures}

    def value(self, name: str) -> Number | None:
        """Return the value of a figure; None if the run has no such figure or its value is not known."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value

    def text(self, name: str) -> str:
        """Return a figure as text; `blocked` in a run that never ran."""
        return "blocked" if self.blocked else shown(self.figures.get(name), self.resolution_ms)

    def cell(self, name: str) -> Cell:
        """Return a figure as a cell."""
        return Cell(self.text(name), name)

    @property
    def cap_hits(self) -> str:
        """Cap hits as text, with the part of the note that says why their count may be meaningless."""
        figure = self.figures.get("run.cap_hits")
        reason, colon, _ = (figure.note or "" if figure else "").partition(":")
        return self.text("run.cap_hits") + (f" ({reason})" if colon else "")

    @property
    def resolution_ms(self) -> Number | None:
        """Median time between ticks, in ms, which is the resolution of apply ages; None if not known."""
        return self.value("run.tick_gap_ms.p50")

    @property
    def blocked(self) -> bool:
        """Return True if the run never ran."""
        return self.analysis.run.ended in _BLOCKED

    @property
    def died(self) -> bool:
        """Return True if the run was killed or crashed."""
        return self.analysis.run.ended in (Ended.KILLED, Ended.CRASHED)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Diagnosis of what ended or blocked the run; None if there is none."""
        return self.analysis.run.diagnosis

    @property
    def ended(self) -> str:
        """End of the run as text: `completed`, `blocked build`."""
        return self.analysis.run.ended.replace("_", " ")

    @property
    def feed(self) -> str:
        """Kind of feed: `SIMULATED`, `live` or `feed unknown`. Every output shows it."""
        return {True: "SIMULATED", False: "live", None: "feed unknown"}[self.analysis.run.simulated]

    @property
    def build(self) -> str | None:
        """Build id that the run states; None if it states none, or `unknown`."""
        stated = self.analysis.run.build_id
        return None if stated in (None, "", UNKNOWN) else stated

    @property
    def requested(self) -> str:
        """Requested duration as text, `unknown` if not known."""
        return _duration_text(self.analysis.run.requested_ms)

    @property
    def observed(self) -> str:
        """Observed duration as text, with the window if only part of the run was analysed."""
        span, window = _duration_text(self.analysis.run.observed_ms), self.analysis.run.window
        return f"{span} ({window} only)" if window else span

    @property
    def cadence(self) -> str:
        """Number of records and the time between them: `2 399 ticks, 250 ms apart, none missing`."""
        ticks, missing = self.value("run.ticks"), self.value("run.ticks_missing")
        if not ticks:
            return "no telemetry"
        apart = f", {number(self.resolution_ms)} ms apart" if self.resolution_ms else ""
        missing_text = "" if missing is None else f", {number(missing) if missing else 'none'} missing"
        return f"{number(ticks)} ticks{apart}{missing_text}"

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Venues of the run, worst first."""
        return worst_first(self)

    def by_reason(self, venue: str, metric: str = "reconnects") -> str:
        """Return a venue's reconnects by reason, most frequent first: `server_close 9, stream_ended 1`."""
        total = self.figures.get(f"{venue}.{metric}")
        if total is None or total.value is None:
            return self.text(f"{venue}.{metric}")
        counts = self.reason_counts(venue, metric)
        return ", ".join(f"{reason}{GAP}{number(count)}" for reason, count in counts) or NOTHING

    def reason_counts(self, venue: str, metric: str = "reconnects") -> tuple[tuple[str, Number], ...]:
        """Return the reasons of a venue's reconnects with their counts, the most frequent first."""
        prefix = f"{venue}.{metric}."
        counts = [(name[len(prefix) :], each.value) for name, each in self.figures.items() if name.startswith(prefix)]
        positive = [(reason, count) for reason, count in counts if count]
        return tuple(sorted(positive, key=lambda each: (-each[1], each[0])))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Findings, most severe first."""
        return tuple(sorted(self.analysis.findings, key=lambda each: _severity_rank(each.severity)))

    def figures_line(self, scope: str, metrics: Iterable[str]) -> str:
        """Return figures on one line, labelled by the last part of their names.

        If all are unknown, or all not instrumented, the line is that one word.
        """
        names = {metric.rsplit(".", 1)[-1]: f"{scope}.{metric}" for metric in metrics}
        texts = {label: self.text(name) for label, name in names.items() if name in self.figures}
        if not texts or set(texts.values()) <= {UNKNOWN} or set(texts.values()) <= {NOT_INSTRUMENTED}:
            return next(iter(texts.values()), UNKNOWN)
        return ", ".join(f"{label} {text}" for label, text in texts.items())

    def venues_line(self, metric: str) -> str:
        """Return a count of every venue on one line: one text if all are equal, else the venues where it is not 0."""
        texts = {venue: self.text(f"{venue}.{metric}") for venue in self.venues}
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        return ", ".join(f"{venue} {text}" for venue, text in texts.items() if text not in ("0", f"≥{GAP}0"))

    @property
    def ledger(self) -> tuple[FileLedger, ...]:
        """Line ledger of each file of the run."""
        return self.analysis.ledger


def worst_first(*runs: RunView) -> tuple[str, ...]:
    """Return the venues of all runs, worst first, each by its worse run.

    Venues that never had a book come first, then more reconnects, then a higher p99 of apply age, then of event age.
    """
    venues = dict.fromkeys(venue for run in runs for venue in run.analysis.run.venues)
    return tuple(sorted(venues, key=lambda venue: (*(-_worst(runs, venue, key) for key in _WORST_FIRST_KEYS), venue)))


_WORST_FIRST_KEYS = ("no_book", "reconnects", "age_apply_ms.p99", "age_event_ms.p99")


def _worst(runs: Iterable[RunView], venue: str, key: str) -> Number:
    if key == "no_book":
        return max(run.value(f"{venue}.age_apply_unknown.share") == 1 for run in runs)
    return max(run.value(f"{venue}.{key}") or 0 for run in runs)


def _severity_rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _duration_text(ms: int | None) -> str:
    return UNKNOWN if ms is None else duration(ms)
