"""Records of a verification: what was checked, and each problem with its kind and its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kind of a problem of a pack."""

    MISSING = "missing"
    ADDED = "added"
    RENAMED = "renamed"
    CHANGED = "changed"
    LINKED = "linked"
    OUTSIDE = "outside"
    CASE = "case"
    DUPLICATE = "duplicate"
    DIFFERENT = "different"
    NOT_COMPUTED = "not computed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a pack. `path` is a file in it.

    `place` names what differs in it: a figure, a rule, a line. `packed` is its value in the pack, `computed` the value
    that the packed input files give.
    """

    kind: Kind
    path: str
    text: str
    place: str | None = None
    packed: str | None = None
    computed: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """Counts of what was checked: files and their bytes, runs, lines, lines with something masked, figures, documents.

    A count is None where the check did not get that far.
    """

    files: int | None = None
    bytes: int | None = None
    runs: int | None = None
    lines: int | None = None
    masked: int | None = None
    figures: int | None = None
    documents: int | None = None
    citations: int | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of a verification. `made_by` and `verified_by` are versions of the toolkit."""

    problems: tuple[Problem, ...]
    checked: Checked
    made_by: str | None
    verified_by: str

    @property
    def verified(self) -> bool:
        """True if there is no problem."""
        return not self.problems
