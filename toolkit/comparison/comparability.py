"""Whether a figure of two runs may be compared: the conditions, each with its reason, and what else to know.

An objection withholds a verdict, never a value. A venue that died or a run that ended early is the worst of
differences and no objection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.model.comparisons import SettingRow
from toolkit.model.figures import Figure, Number
from toolkit.model.runs import RunAnalysis, RunInfo
from toolkit.model.units import Unit, duration
from toolkit.model.vocabulary import Bound, Ended, SettingKind

DURATION_RATIO = (0.8, 1.25)
CADENCE_RATIO = (0.9, 1.1)

BLOCKED = (Ended.BLOCKED_BUILD, Ended.NEVER_STARTED)
"""Ends of a run that never ran: it has a diagnosis and no figures."""
DIED = (Ended.KILLED, Ended.CRASHED)
"""Ends that cut a run short."""

_OF_THE_RUN = ("ticks", "lives", "span_ms", "requested_ms", "hole_ms", "coverage", "tick_gap_ms")
"""Metrics that say how a run was sampled; they are shown whatever they are."""
_OF_SOCKETS = (
    "connects", "reconnects", "disconnects", "sessions", "connect_failures", "resyncs", "read_timeouts_kept",
    "downtime_ms", "time_to_first_book_ms", "backoff", "pings", "rest", "rest_fallback", "enforcer", "supervisor",
)  # fmt: skip
"""Metrics that come from log lines, not from ticks: the cadence of ticks does not move them."""
_OF_APPLY_AGE = re.compile(r"age_apply|plateau_(?!event_)|fresh|stale|masked|anomalies\.(?:age_spike|total)")
"""Metrics of the apply age, or of whichever age a record has: their meaning changes with the field's."""
_NO_TOTALS = re.compile(r"ticks|lives|cap_hits\.max_per_tick|publisher\.queue_hiwater.*")
_BOUNDS = {Bound.LOWER: "a lower bound", Bound.UPPER: "an upper bound", Bound.ESTIMATE: "an estimate"}


@dataclass(frozen=True, slots=True)
class RunSide:
    """One run of a comparison: `word` is `before` or `after`, `figures` are by full name."""

    word: str
    run: RunInfo
    figures: Mapping[str, Figure]

    @classmethod
    def of(cls, word: str, analysis: RunAnalysis) -> RunSide:
        """The side that an analysis makes."""
        return cls(word, analysis.run, {each.figure: each for each in analysis.figures})

    def value(self, name: str) -> Number | None:
        """The value of a figure, None where it is not known or not there."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value

    @property
    def observed_ms(self) -> Number | None:
        """How long the run was observed, None where its files do not tell."""
        return self.value("run.span_ms") if self.run.observed_ms is None else self.run.observed_ms


@dataclass(frozen=True, slots=True)
class FigurePair:
    """One figure, by full name, and the two sides of which at least one has it."""

    name: str
    before: RunSide
    after: RunSide

    @property
    def sides(self) -> tuple[RunSide, RunSide]:
        """Both sides, in order."""
        return self.before, self.after

    @property
    def figure(self) -> Figure:
        """The figure of whichever side has it."""
        return self.before.figures.get(self.name) or self.after.figures[self.name]


def objection(row: FigurePair) -> str | None:
    """Why the row may not be compared, the first reason that applies; None if it may."""
    return next((why for check in _CHECKS if (why := check(row))), None)


def remark(row: FigurePair) -> str | None:
    """What a reader of a row that may be compared should know about it; None if nothing."""
    silent = [side.word for side in row.sides if side.value(row.name) is None]
    if silent:
        return f"{row.figure.scope} never spoke {silent[0]}"
    died = [f"{side.word} ended early ({side.run.ended})" for side in row.sides if side.run.ended in DIED]
    unequal = different_length(*row.sides) if is_total(row.figure) and not died else None
    return "; ".join([*died, *([f"{unequal}: compare the hourly rates"] if unequal else []), *_bounds(row)]) or None


def _bounds(row: FigurePair) -> list[str]:
    """What keeps a value from being exact, by side."""
    figures = {side.word: side.figures.get(row.name) for side in row.sides}
    bounds = {word: _BOUNDS[each.bound] for word, each in figures.items() if each and each.bound in _BOUNDS}
    if len(bounds) == len(row.sides) and len(set(bounds.values())) == 1:
        return [f"{next(iter(bounds.values()))} on both sides"]
    return [f"{word} is {bound}" for word, bound in bounds.items()]


def is_total(figure: Figure) -> bool:
    """Whether a figure counts events, so that it grows with the length of the run and has a rate."""
    return figure.unit == Unit.COUNT and not _NO_TOTALS.fullmatch(figure.metric)


def blocked(*sides: RunSide) -> tuple[str, ...]:
    """One sentence for each side that never ran."""
    return tuple(f"{side.word} is blocked: {_cause(side.run)}" for side in sides if side.run.ended in BLOCKED)


def _cause(run: RunInfo) -> str:
    return run.diagnosis.text if run.diagnosis else run.ended.replace("_", " ")


def _blocked(row: FigurePair) -> str | None:
    return next(iter(blocked(*row.sides)), None)


def _feed(row: FigurePair) -> str | None:
    kinds = {side.run.simulated for side in row.sides}
    return "one run is simulated, the other is live" if kinds == {True, False} else None


def _venues(row: FigurePair) -> str | None:
    scope = row.figure.scope
    empty = [side.word for side in row.sides if not side.run.venues]
    if empty and not _describes(row):
        return f"no venue in the run {' and '.join(empty)}"
    if scope != "run":
        missing = [side.word for side in row.sides if scope not in side.run.venues]
        return f"{scope} is not a venue of the run {' and '.join(missing)}" if missing else None
    differ = set(row.before.run.venues) != set(row.after.run.venues)
    return "the runs have different venues" if differ and not _describes(row) else None


def _unknown(row: FigurePair) -> str | None:
    absent = [side for side in row.sides if side.value(row.name) is None]
    if not absent or (len(absent) == 1 and _never_spoke(row, absent[0])):
        return None
    reasons = dict.fromkeys(_note(side, row.name) for side in absent)
    return f"{' and '.join(side.word for side in absent)}: {'; '.join(reasons)}"


def _note(side: RunSide, name: str) -> str:
    figure = side.figures.get(name)
    return "the run has no such figure" if figure is None else figure.note or "not known"


def _never_spoke(row: FigurePair, side: RunSide) -> bool:
    return row.figure.metric.startswith("age_apply") and side.value(f"{row.figure.scope}.age_apply_unknown.share") == 1


def _semantics(row: FigurePair) -> str | None:
    """Ages are compared with ages of the same meaning: that of the field, and what an entry of their own says."""
    entries = {key for side in row.sides for key in side.run.semantics}
    keys = {key for key in entries if row.name.startswith(key) or row.figure.metric.startswith(key)}
    if _OF_APPLY_AGE.match(row.figure.metric):
        keys.add("venue_age_ms")
    for key in sorted(keys):
        before, after = (side.run.semantics.get(key) for side in row.sides)
        if before and after and before != after:
            return f"{key} means {before} before and {after} after"
    return None


def _cadence(row: FigurePair) -> str | None:
    if _describes(row) or row.figure.metric.split(".")[0] in _OF_SOCKETS:
        return None
    before, after = (side.value("run.tick_gap_ms.p50") for side in row.sides)
    if before and after is not None and not _within(after / before, CADENCE_RATIO):
        return f"ticks are {before:.0f} ms apart before and {after:.0f} ms after"
    return None


def _length(row: FigurePair) -> str | None:
    worst = any(side.run.ended in DIED or _never_spoke(row, side) for side in row.sides)
    if worst or _describes(row) or is_total(row.figure):
        return None
    return different_length(*row.sides)


_CHECKS: tuple[Callable[[FigurePair], str | None], ...] = (
    _feed, _blocked, _venues, _unknown, _semantics, _cadence, _length,
)  # fmt: skip


def different_length(before: RunSide, after: RunSide) -> str | None:
    """One sentence if the runs' lengths are too different for totals and tails; None if not, or if one is not known."""
    first, second = before.observed_ms, after.observed_ms
    if first and second is not None and not _within(second / first, DURATION_RATIO):
        return f"the runs last {duration(first)} and {duration(second)}"
    return None


def _within(ratio: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= ratio <= limits[1]


def _describes(row: FigurePair) -> bool:
    return row.figure.scope == "run" and row.figure.metric.startswith(_OF_THE_RUN)


def warnings(before: RunSide, after: RunSide, settings: Sequence[SettingRow]) -> Iterator[str]:
    """What to know about the pair as a whole, a sentence each."""
    sides = (before, after)
    if before.run.id == after.run.id:
        yield "both sides are the same run"
    untold = [side.word for side in sides if side.run.simulated is None and side.run.ended not in BLOCKED]
    if untold:
        yield f"whether the feed was simulated or live is not known ({', '.join(untold)})"
    if blocked(*sides):
        return
    different = ", ".join(sorted(set(before.run.venues) ^ set(after.run.venues)))
    if different:
        yield f"the runs have different venues: {different} on one side only"
    unequal = different_length(before, after)
    if unequal:
        yield f"{unequal}: counts are compared by their hourly rates"
    if before.run.id != after.run.id:
        yield from _of_settings(before.run, after.run, settings)


def _of_settings(before: RunInfo, after: RunInfo, settings: Sequence[SettingRow]) -> Iterator[str]:
    untold = [word for word, run in (("before", before), ("after", after)) if run.settings is None]
    if untold:
        yield f"no file of the run {' and '.join(untold)} holds its settings: that they were equal is not shown"
    if not all(run.settings and "--seed" in run.settings for run in (before, after)):
        yield "what the market did is not in the files of both runs: that it did the same is not shown"
    beside = sorted({*before.settings_withheld, *after.settings_withheld})
    if beside:
        yield f"set beside the documented names, and not compared: {', '.join(beside)}"
    differ = [row.name for row in settings if row.kind is SettingKind.DIFFERS]
    if len(differ) > 1:
        yield f"{len(differ)} settings differ: no difference of a figure can be credited to one of them alone"
