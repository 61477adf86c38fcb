"""Look-up of what a line may be: the message families that may match it, and whether it may hold several records."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from toolkit.runlog.grammar import MessageFamily, message_families
from toolkit.runlog.interleaving import starts_in_shape
from toolkit.runlog.search.line_shapes import MAX_CHARS, MAX_SHAPES, shape_of, shape_text
from toolkit.runlog.search.required_text import Clause


class Candidate(NamedTuple):
    """A family that may match a line, with the match function of its pattern."""

    match: Callable[[str], re.Match[str] | None]
    family: MessageFamily
    names_venue: bool
    """True if the fields of its lines may tell the venue."""


class Likely(NamedTuple):
    """Families that may match a text, in the order in which they are tried."""

    candidates: tuple[Candidate, ...]
    starts: re.Pattern[str] | None
    """The pattern of the records that may begin in it after its first character; None if none may."""


LookUp = Callable[[str], Likely]
_LEVELS = ("INFO", "WARN", "ERRO")
"""Beginnings of lines that state their level; a producer may raise the level of a repeated line."""
START = 4
"""Characters by which the families of a line are looked up."""
_VENUE_GROUPS = ("Venue", "venue", "task")
_Clauses = tuple[tuple[bytes, ...], ...]
_Families = tuple[tuple[bytes, _Clauses, Candidate], ...]
"""Families, each with a text and clauses of the shapes of its lines."""
FamiliesOfStart = Callable[[str], _Families]


def likely_records(text: str) -> Likely:
    """Return what a text may be by its first characters and its shape.

    The families are found by the first characters of their examples, and by the texts that each of their lines holds.
    """
    find = _likely if len(text) <= MAX_CHARS else _likely.__wrapped__
    return find(start_of(text), shape_of(text))


class FamiliesOfParts:
    """Look-up of the families that may match parts of one line.

    A family that needs a text which the line lacks is left out for all of its long parts at once.
    """

    __slots__ = ("_line", "_of_starts")

    def __init__(self, line: str) -> None:
        self._line = line
        self._of_starts: dict[str, list[tuple[bytes, Candidate]]] = {}

    def of(self, part: str) -> Sequence[Candidate]:
        """Return the families that may match a part of the line."""
        if len(part) <= MAX_CHARS:
            return likely_records(part).candidates
        if (families := self._of_starts.get(start := start_of(part))) is None:
            line = shape_of(self._line)
            families = [(text, each) for text, _, each in _families_like(start) if text in line]
            self._of_starts[start] = families
        shape = shape_of(part)
        return [each for text, each in families if text in shape]


def families_of_block(data: bytes) -> FamiliesOfStart:
    """Return the look-up of the families that lines of a block may be of by their start (see `start_of`).

    `data` are the lines without digits. A family of which the block lacks a text is left out.
    """

    @cache
    def families_of(start: str) -> _Families:
        return tuple(each for each in _families_like(start) if each[0] in data and _fulfils(data, each[1]))

    return families_of


def look_up_of_block(data: bytes, may_be_joined: bool) -> LookUp:
    """Return the look-up of what the lines of a block may be, among the families of which the block holds the texts.

    `data` are the lines without digits. No line holds several records unless `may_be_joined` is true. To make the
    look-up takes as long as some thousand lines take without it.
    """
    families_of = families_of_block(data)

    def likely(start: str, shape: bytes) -> Likely:
        return _likely_of(families_of(start), start, shape, may_be_joined)

    remembered = lru_cache(MAX_SHAPES)(likely)

    def look_up(text: str) -> Likely:
        return (remembered if len(text) <= MAX_CHARS else likely)(start_of(text), shape_of(text))

    return look_up


def start_of(text: str) -> str:
    """Return the first characters of a text, or a stand-in if they are of no known start."""
    start = text[:START]
    return start if start in _known_starts() else _stand_in(start)


def _stand_in(start: str) -> str:
    """Return a word for all texts of no known start whose first character is of the same kind, as its own one is.

    It is longer than any known start, or empty.
    """
    first = start[:1]
    return "Upper" if first.isupper() else "0digit" if first.isdigit() else " space" if first.isspace() else ""


@lru_cache(MAX_SHAPES)
def _likely(start: str, shape: bytes) -> Likely:
    """Return what texts of a shape may be; `start` is known, or a stand-in."""
    return _likely_of(_families_like(start), start, shape)


def _likely_of(families: _Families, start: str, shape: bytes, may_be_joined: bool = True) -> Likely:
    candidates = [each for text, further, each in families if text in shape and _fulfils(shape, further)]
    starts = starts_in_shape(shape_text(shape), start[:1].isdigit()) if may_be_joined else None
    return Likely(tuple(candidates), starts)


def _families_like(start: str) -> _Families:
    """Return the families of texts that begin with `start`, which is known, or a stand-in."""
    known = start if start in _known_starts() else ""
    return _families_of_start(known, start[:1].isupper(), start[:1].isspace())


def _fulfils(shape: bytes, clauses: _Clauses) -> bool:
    # Generators take twice the time of the search, which is made for each new shape.
    for clause in clauses:
        for text in clause:
            if text in shape:
                break
        else:
            return False
    return True


@cache
def _known_starts() -> frozenset[str]:
    """Return the first characters of all examples, also of lines that are shorter than `START`."""
    lengths = range(1, START + 1)
    return frozenset(example[:n] for each in message_families() for example in each.examples for n in lengths)


@cache
def _families_of_start(start: str, begins_upper: bool, begins_space: bool) -> _Families:
    """Return the families of lines that begin with `start`, each with a text and clauses of the shapes of its lines."""
    families = (each for each in message_families() if _may_start(each, start, begins_upper, begins_space))
    return tuple((*_of_shapes(each.needs), candidate(each)) for each in families)


def _of_shapes(needs: tuple[Clause, ...]) -> tuple[bytes, _Clauses]:
    """Return the longest text that all lines of a family hold, and the other clauses, without digits."""
    clauses = [tuple(map(shape_of, clause)) for clause in needs]
    text = next((clause[0] for clause in clauses if len(clause) == 1), b"")
    return text, tuple(clause for clause in clauses if text not in clause)


def candidate(family: MessageFamily) -> Candidate:
    """Return a family as one that a line may be of."""
    groups = family.pattern.groupindex
    return Candidate(family.pattern.match, family, any(name in groups for name in _VENUE_GROUPS))


def _may_start(family: MessageFamily, start: str, begins_upper: bool, begins_space: bool) -> bool:
    before_venue = family.pattern.pattern.split("(?P<Venue>")[0]
    begins_with_venue = "(?P<Venue>" in family.pattern.pattern and (not before_venue or before_venue.endswith("?"))
    if begins_with_venue and begins_upper:
        return True
    starts = _LEVELS if start in _LEVELS else (start,)
    return (
        (start != "" and any(example.startswith(starts) for example in family.examples))
        or (family.any_start and start not in _LEVELS)
        or (begins_space and family.pattern.pattern.startswith(r"\s*"))
    )
