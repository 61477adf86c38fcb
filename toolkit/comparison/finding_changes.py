"""Compare the findings of two runs: what is new, gone, visible for the first time, or the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from toolkit.comparison.comparability import BLOCKED
from toolkit.model.evidence import FindingChange, FindingState, run_name
from toolkit.model.runs import Finding, RunAnalysis

_Key = tuple[str, str | None, str | None]

_SEVERITIES = {"high": 0, "medium": 1, "low": 2}
_ORDER = (
    FindingState.GONE,
    FindingState.NEW,
    FindingState.NOW_VISIBLE,
    FindingState.NO_LONGER_VISIBLE,
    FindingState.SAME,
)


def finding_changes(before: RunAnalysis, after: RunAnalysis) -> tuple[FindingChange, ...]:
    """Return every finding of either run with its state: new severe ones first, then those that are gone.

    Two findings match if code, venue and subject are equal. A finding of one run is visible, not new or gone, where the
    other run does not know a figure that shows it.
    """
    return finding_changes_of_all((before,), (after,))


def finding_changes_of_all(befores: Sequence[RunAnalysis], afters: Sequence[RunAnalysis]) -> tuple[FindingChange, ...]:
    """Return every finding of any run with its state, see `finding_changes`, and the number of runs that have it.

    A finding is gone if no run after the change has it, and new if none before has.
    """
    sides = [[_by_key(run.findings) for run in runs] for runs in (befores, afters)]
    keys = dict.fromkeys(key for side in sides for found in side for key in found)
    changes = [
        _change(befores, afters, *(_occurrences(side, key, position) for side in sides))
        for key in keys
        for position in range(max(len(found[key]) for side in sides for found in side))
    ]
    return tuple(sorted(changes, key=_rank))


def _occurrences(side: Sequence[Mapping[_Key, list[Finding]]], key: _Key, position: int) -> dict[int, Finding]:
    """Return the finding of each run of a side that has it, by the number of the run from 1."""
    return {number: found[key][position] for number, found in enumerate(side, 1) if position < len(found.get(key, ()))}


def _change(
    befores: Sequence[RunAnalysis],
    afters: Sequence[RunAnalysis],
    before: dict[int, Finding],
    after: dict[int, Finding],
) -> FindingChange:
    old, new = (next(iter(found.values()), None) for found in (before, after))
    counts = (len(before), len(befores)), (len(after), len(afters))
    return FindingChange(
        _state(old, new, befores, afters),
        old,
        new,
        run_name("before", min(before, default=1)),
        run_name("after", min(after, default=1)),
        counts if len(befores) + len(afters) > 2 else None,
    )


def _by_key(findings: Iterable[Finding]) -> defaultdict[_Key, list[Finding]]:
    grouped: defaultdict[_Key, list[Finding]] = defaultdict(list)
    for each in findings:
        grouped[each.code, each.venue, each.subject].append(each)
    return grouped


def _state(
    old: Finding | None, new: Finding | None, befores: Sequence[RunAnalysis], afters: Sequence[RunAnalysis]
) -> FindingState:
    if old is not None and new is not None:
        return FindingState.SAME
    if new is not None:
        shown = all(_shows(run, new) for run in befores)
        return FindingState.NEW if shown else FindingState.NOW_VISIBLE
    assert old is not None
    shown = all(_shows(run, old) for run in afters)
    return FindingState.GONE if shown else FindingState.NO_LONGER_VISIBLE


def _shows(run: RunAnalysis, finding: Finding) -> bool:
    """Return whether the run would have the finding, had it happened: it ran, and it knows the figures that show it."""
    return run.run.ended not in BLOCKED and not any(_unknown_figures(run, finding))


def _unknown_figures(run: RunAnalysis, finding: Finding) -> Iterator[str]:
    for name in finding.figures:
        figure = run.figure(name)
        if figure is not None and figure.value is None:
            yield name


def _rank(change: FindingChange) -> tuple[bool, int, int]:
    severity = _SEVERITIES.get(change.finding.severity, len(_SEVERITIES))
    is_new_and_severe = change.state is FindingState.NEW and severity == 0
    return not is_new_and_severe, _ORDER.index(change.state), severity
