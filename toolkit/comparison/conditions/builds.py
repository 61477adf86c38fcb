"""Comparison of the builds of two runs: build id, commit, and the digest of each executable."""

from __future__ import annotations

from toolkit.model.comparisons import BuildRow
from toolkit.model.runs import BuildFact, RunInfo
from toolkit.model.vocabulary import BuildState

_ALWAYS = ("build id", "commit")
_DIGEST = "digest of "


def build_rows(before: RunInfo, after: RunInfo) -> tuple[BuildRow, ...]:
    """Return a row for each fact that either run states, and for the build id, the commit and the executable always."""
    left, right = ({fact.name: fact for fact in run.build} for run in (before, after))
    names = dict.fromkeys([*_ALWAYS, *left, *right])
    if not any(name.startswith(_DIGEST) for name in names):
        names[f"{_DIGEST}the executable"] = None
    return tuple(_row(name, left.get(name), right.get(name)) for name in names)


def _row(name: str, before: BuildFact | None, after: BuildFact | None) -> BuildRow:
    values = [None if fact is None else fact.value + (" (dirty)" if fact.dirty else "") for fact in (before, after)]
    sources = [None if fact is None else (fact.file, fact.line) for fact in (before, after)]
    return BuildRow(name, values[0], values[1], _state(before, after), sources[0], sources[1])


def _state(before: BuildFact | None, after: BuildFact | None) -> BuildState:
    if before is None or after is None:
        return BuildState.NOT_KNOWN
    if not _same(before.value, after.value):
        return BuildState.DIFFERENT
    # Changes that were not committed may be other ones on each side.
    return BuildState.NOT_KNOWN if before.dirty or after.dirty else BuildState.EQUAL


def _same(before: str, after: str) -> bool:
    """Return True for equal values, and for a commit and its abbreviation."""
    shorter, longer = sorted((before, after), key=len)
    return longer == shorter or (len(shorter) >= _ABBREVIATED and longer.startswith(shorter))


_ABBREVIATED = 7
"""Least length of an abbreviated commit."""
