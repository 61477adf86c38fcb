"""Shapes of lines, which are the lines without their digits: what holds for all lines of a shape is found out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

MAX_SHAPES = 4_096
"""Shapes that are remembered."""
MAX_CHARS = 512
"""Length of a line beyond which its shape is not remembered."""
_DELETE_DIGITS = dict.fromkeys(map(ord, "0123456789"))

T = TypeVar("T")


@lru_cache(2)
def without_digits(text: str) -> str:
    """Return a text without its digits. It is asked several times in a row for the same line."""
    return text.translate(_DELETE_DIGITS)


def remembered(find: Callable[[str], T]) -> Callable[[str], T]:
    """Return a function that gives `find` of the shape of a text, and remembers the results for short lines."""
    cached = lru_cache(MAX_SHAPES)(find)

    def found(text: str) -> T:
        return (cached if len(text) <= MAX_CHARS else find)(without_digits(text))

    return found
