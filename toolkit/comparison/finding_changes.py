"""Compare the findings of two runs: what is new, gone, visible for the first time, or the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from toolkit.comparison.comparability import BLOCKED
from toolkit.model.evidence import FindingChange, FindingState
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
    found = _by_key(before.findings), _by_key(after.findings)
    changes = [
        FindingChange(_state(old, new, before, after), old, new)
        for key in dict.fromkeys([*found[0], *found[1]])
        for old, new in zip_longest(found[0][key], found[1][key])
    ]
    return tuple(sorted(changes, key=_rank))


def _by_key(findings: Iterable[Finding]) -> defaultdict[_Key, list[Finding]]:
    grouped: defaultdict[_Key, list[Finding]] = defaultdict(list)
    for each in findings:
        grouped[each.code, each.venue, each.subject].append(each)
    return grouped


def _state(old: Finding | None, new: Finding | None, before: RunAnalysis, after: RunAnalysis) -> FindingState:
    if old is not None and new is not None:
        return FindingState.SAME
    if new is not None:
        return FindingState.NEW if _shows(before, new) else FindingState.NOW_VISIBLE
    assert old is not None
    return FindingState.GONE if _shows(after, old) else FindingState.NO_LONGER_VISIBLE


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
