"""Rules that decide whether a figure of two runs may be compared, with the reason, and remarks on those that may.

A figure that may not be compared has no verdict but still shows its values. A venue without a book or a run that ended
early is the worst kind of difference and no reason to withhold the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import RunAnalysis, RunInfo
from toolkit.model.series import AgeSeries
from toolkit.model.units import Unit, duration
from toolkit.model.vocabulary import Bound, Ended

DURATION_RATIO = (0.8, 1.25)
"""Range of after over before in which the observed lengths of two runs count as equal."""
CADENCE_RATIO = (0.9, 1.1)
"""Range of after over before in which the median times between ticks count as equal."""

BLOCKED = (Ended.BLOCKED_BUILD, Ended.NEVER_STARTED)
"""Ends of a run that never ran: it has a diagnosis and no figures."""
DIED = (Ended.KILLED, Ended.CRASHED)
"""Ends of a run that was cut short."""

_SAMPLING_METRICS = ("ticks", "lives", "span_ms", "requested_ms", "hole_ms", "coverage", "tick_gap_ms")
"""Prefixes of run metrics that describe how the run was sampled. They are compared whatever the runs are."""
_SOCKET_METRICS = (
    "connects", "reconnects", "disconnects", "socket_ends", "sessions", "connect_failures", "resyncs",
    "read_timeouts_kept", "downtime_ms", "time_to_first_book_ms", "backoff", "pings", "rest", "rest_fallback",
    "enforcer", "supervisor",
)  # fmt: skip
"""Metrics that come from log lines, not from ticks. They do not depend on the time between ticks."""
_APPLY_AGE_METRICS = re.compile(r"age_apply|plateau_(?!event_)|fresh|stale|masked|anomalies\.(?:age_spike|total)")
"""Metrics computed from the field `venue_age_ms`, whose meaning (apply or event age) differs between producers."""
_COUNTS_WITHOUT_RATE = re.compile(r"ticks|lives|cap_hits\.max_per_tick|publisher\.queue_hiwater.*")
_BOUND_TEXTS = {Bound.LOWER: "a lower bound", Bound.UPPER: "an upper bound", Bound.ESTIMATE: "an estimate"}


@dataclass(frozen=True, slots=True)
class RunSide:
    """One run of a comparison. `name` is `before` or `after`; `figures` and `age_series` are by full name."""

    name: str
    run: RunInfo
    figures: Mapping[str, Figure]
    age_series: Mapping[str, AgeSeries] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, analysis: RunAnalysis) -> RunSide:
        """Return the side `name` made of an analysis."""
        series = {each.figure: each for each in analysis.age_series}
        return cls(name, analysis.run, {each.figure: each for each in analysis.figures}, series)

    def value(self, figure_name: str) -> Number | None:
        """Return the value of a figure; None if the run has no such figure or its value is not known."""
        figure = self.figures.get(figure_name)
        return None if figure is None else figure.value

    @classmethod
    def all_of(cls, name: str, analyses: Sequence[RunAnalysis]) -> tuple[RunSide, ...]:
        """Return the runs of a side; with several of them, each has its number in its name."""
        numbers = [f" {number}" for number in range(1, len(analyses) + 1)] if len(analyses) > 1 else [""]
        return tuple(cls.of(f"{name}{number}", each) for number, each in zip(numbers, analyses, strict=True))

    @property
    def observed_ms(self) -> Number | None:
        """Observed length of the run in ms; None if its files do not show it."""
        return self.value("run.span_ms") if self.run.observed_ms is None else self.run.observed_ms


@dataclass(frozen=True, slots=True)
class FigurePair:
    """One figure, by full name, and the two sides. At least one side has the figure."""

    name: str
    before: RunSide
    after: RunSide

    @property
    def sides(self) -> tuple[RunSide, RunSide]:
        """Both sides, before first."""
        return self.before, self.after

    @property
    def figure(self) -> Figure:
        """The figure of the before side, or of the after side if the before side has none."""
        return self.before.figures.get(self.name) or self.after.figures[self.name]


@dataclass(frozen=True, slots=True)
class FigureRuns:
    """One figure, by full name, and the runs of each side, at least one. At least one run has the figure."""

    name: str
    befores: tuple[RunSide, ...]
    afters: tuple[RunSide, ...]

    @property
    def pairs(self) -> list[FigurePair]:
        """Pairs that hold every run against the first of the other side, the first runs first; one has the figure."""
        pairs = run_pairs(self.befores, self.afters)
        return [FigurePair(self.name, *pair) for pair in pairs if any(self.name in side.figures for side in pair)]

    @property
    def figure(self) -> Figure:
        """The figure of the first run that has it."""
        return next(side.figures[self.name] for side in (*self.befores, *self.afters) if self.name in side.figures)

    def values(self, sides: Sequence[RunSide]) -> tuple[Number | None, ...]:
        """Return the value of each of these runs."""
        return tuple(side.value(self.name) for side in sides)

    def typical(self, sides: Sequence[RunSide]) -> Number | None:
        """Return the median of the values of these runs; None where one is not known."""
        values = [value for value in self.values(sides) if value is not None]
        return median(values) if len(values) == len(sides) else None


def run_pairs(befores: Sequence[RunSide], afters: Sequence[RunSide]) -> list[tuple[RunSide, RunSide]]:
    """Return pairs of sides that hold every run against the first of the other side, the first runs first."""
    return [*((befores[0], after) for after in afters), *((before, afters[0]) for before in befores[1:])]


def reason_not_comparable(figure: FigureRuns) -> str | None:
    """Return the first reason why the figure may not be compared; None if it may."""
    pairs = figure.pairs
    return next((reason for check in _CHECKS for pair in pairs if (reason := check(pair))), None)


def remarks(figure: FigureRuns) -> list[str]:
    """Return remarks on a figure that may be compared: no book, early end, length, bounds."""
    found = (text for pair in figure.pairs if (text := _remark(pair)))
    return list(dict.fromkeys(each for text in found for each in text.split("; ")))


def _remark(pair: FigurePair) -> str | None:
    without_value = [side.name for side in pair.sides if side.value(pair.name) is None]
    if without_value:
        return f"{pair.figure.scope} never had a book in the {without_value[0]} run"
    died = [f"{side.name} ended early ({side.run.ended})" for side in pair.sides if side.run.ended in DIED]
    lengths = length_difference(*pair.sides) if is_total(pair.figure) and not died else None
    return "; ".join([*died, *([f"{lengths}: compare the hourly rates"] if lengths else []), *_bounds(pair)]) or None


def _bounds(pair: FigurePair) -> list[str]:
    """Return a phrase for each side whose value is a bound or an estimate, or one phrase if both are alike."""
    figures = {side.name: side.figures.get(pair.name) for side in pair.sides}
    bounds = {name: _BOUND_TEXTS[each.bound] for name, each in figures.items() if each and each.bound in _BOUND_TEXTS}
    if len(bounds) == len(pair.sides) and len(set(bounds.values())) == 1:
        return [f"{next(iter(bounds.values()))} on both sides"]
    return [f"{name} is {bound}" for name, bound in bounds.items()]


def is_total(figure: Figure) -> bool:
    """Return True if a figure counts events, so that it grows with the length of the run and has an hourly rate."""
    return figure.unit == Unit.COUNT and not _COUNTS_WITHOUT_RATE.fullmatch(figure.metric)


def blocked_sides(*sides: RunSide) -> tuple[str, ...]:
    """Return a sentence for each side that never ran."""
    return tuple(f"{side.name} is blocked: {_block_cause(side.run)}" for side in sides if side.run.ended in BLOCKED)


def _block_cause(run: RunInfo) -> str:
    return run.diagnosis.text if run.diagnosis else run.ended.replace("_", " ")


def _check_blocked(pair: FigurePair) -> str | None:
    return next(iter(blocked_sides(*pair.sides)), None)


def _check_feed(pair: FigurePair) -> str | None:
    simulated = {side.run.simulated for side in pair.sides}
    return "one run is simulated, the other is live" if simulated == {True, False} else None


def _check_venues(pair: FigurePair) -> str | None:
    scope = pair.figure.scope
    without_venues = [side.name for side in pair.sides if not side.run.venues]
    if without_venues and not _describes_sampling(pair):
        return f"no venue in the {runs_text(without_venues)}"
    if scope != "run":
        missing = [side.name for side in pair.sides if scope not in side.run.venues]
        return f"{scope} is not a venue of the {runs_text(missing)}" if missing else None
    differ = set(pair.before.run.venues) != set(pair.after.run.venues)
    return "the runs have different venues" if differ and not _describes_sampling(pair) else None


def runs_text(names: Sequence[str]) -> str:
    """Return `before run`, `after run`, `before and after runs`, or `before 1, before 2 and after runs`."""
    *most, last = names
    named = f"{', '.join(most)} and {last}" if most else last
    return f"{named} {'run' if len(names) == 1 else 'runs'}"


def _check_values(pair: FigurePair) -> str | None:
    without_value = [side for side in pair.sides if side.value(pair.name) is None]
    if not without_value or (len(without_value) == 1 and _never_had_book(pair, without_value[0])):
        return None
    notes = dict.fromkeys(_missing_value_note(side, pair.name) for side in without_value)
    return f"{' and '.join(side.name for side in without_value)}: {'; '.join(notes)}"


def _missing_value_note(side: RunSide, figure_name: str) -> str:
    figure = side.figures.get(figure_name)
    return "the run has no such figure" if figure is None else figure.note or "not known"


def _never_had_book(pair: FigurePair, side: RunSide) -> bool:
    is_apply_age = pair.figure.metric.startswith("age_apply")
    return is_apply_age and side.value(f"{pair.figure.scope}.age_apply_unknown.share") == 1


def _check_semantics(pair: FigurePair) -> str | None:
    """Check that a field has the same meaning on both sides: `venue_age_ms`, and any other entry of `semantics`."""
    entries = {key for side in pair.sides for key in side.run.semantics}
    keys = {key for key in entries if pair.name.startswith(key) or pair.figure.metric.startswith(key)}
    if _APPLY_AGE_METRICS.match(pair.figure.metric):
        keys.add("venue_age_ms")
    for key in sorted(keys):
        before, after = (side.run.semantics.get(key) for side in pair.sides)
        if before and after and before != after:
            return f"{key} means {before} before and {after} after"
    return None


def _check_cadence(pair: FigurePair) -> str | None:
    if _describes_sampling(pair) or pair.figure.metric.split(".")[0] in _SOCKET_METRICS:
        return None
    before, after = (side.value("run.tick_gap_ms.p50") for side in pair.sides)
    if before and after is not None and not _within(after / before, CADENCE_RATIO):
        return f"ticks are {before:.0f} ms apart before and {after:.0f} ms after"
    return None


def _check_length(pair: FigurePair) -> str | None:
    worst_difference = any(side.run.ended in DIED or _never_had_book(pair, side) for side in pair.sides)
    if worst_difference or _describes_sampling(pair) or is_total(pair.figure):
        return None
    return length_difference(*pair.sides)


_CHECKS: tuple[Callable[[FigurePair], str | None], ...] = (
    _check_feed, _check_blocked, _check_venues, _check_values, _check_semantics, _check_cadence, _check_length,
)  # fmt: skip


def length_difference(before: RunSide, after: RunSide) -> str | None:
    """Return a sentence if the ratio of the runs' lengths is outside `DURATION_RATIO`.

    None if it is inside, or if a length is not known.
    """
    first, second = before.observed_ms, after.observed_ms
    if first and second is not None and not _within(second / first, DURATION_RATIO):
        return f"the runs last {duration(first)} and {duration(second)}"
    return None


def _within(ratio: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= ratio <= limits[1]


def _describes_sampling(pair: FigurePair) -> bool:
    return pair.figure.scope == "run" and pair.figure.metric.startswith(_SAMPLING_METRICS)
