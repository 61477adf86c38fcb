"""Look-up of the message families that may match a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from toolkit.runlog.grammar import MessageFamily, message_families
from toolkit.runlog.search.line_shapes import MAX_CHARS, MAX_SHAPES, shape_of

Candidate = tuple[Callable[[str], re.Match[str] | None], MessageFamily]
"""The match function of a family's pattern, and the family."""

_LEVELS = ("INFO", "WARN", "ERRO")
"""Beginnings of lines that state their level; a producer may raise the level of a repeated line."""
_START = 4
"""Characters by which the families of a line are looked up."""


def families_that_may_match(text: str) -> tuple[Candidate, ...]:
    """Return the families that may match a text, in the order in which they are tried.

    They are found by the first characters of their examples, and by the text that each of their lines holds.
    """
    start = text[:_START]
    find = _candidates if len(text) <= MAX_CHARS else _candidates.__wrapped__
    known = start if start in _known_starts() else ""
    return find(known, start[:1].isupper(), start[:1].isspace(), shape_of(text))


@lru_cache(MAX_SHAPES)
def _candidates(start: str, begins_upper: bool, begins_space: bool, shape: bytes) -> tuple[Candidate, ...]:
    """Return the families that may match texts of a shape; `start` is known, or empty."""
    families = _families_of_start(start, begins_upper, begins_space)
    return tuple([candidate for needs, candidate in families if needs in shape])


@cache
def _known_starts() -> frozenset[str]:
    """Return the first characters of all examples, also of lines that are shorter than `_START`."""
    lengths = range(1, _START + 1)
    return frozenset(example[:n] for each in message_families() for example in each.examples for n in lengths)


@cache
def _families_of_start(start: str, begins_upper: bool, begins_space: bool) -> tuple[tuple[bytes, Candidate], ...]:
    """Return the families of lines that begin with `start`, each with text that the shapes of its lines hold."""
    families = (each for each in message_families() if _may_start(each, start, begins_upper, begins_space))
    return tuple((shape_of(each.needs), (each.pattern.match, each)) for each in families)


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
