"""Exact numbers from a venue's text; whatever is not a plain, finite, sane number is refused.

15 digits before the point and 12 after cover every market of the five venues, and 27 digits stay exact under addition
in the default decimal context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from connectors.venues.frames import Level

HOUR_S = 3_600
"""The usual interval of a funding rate."""

_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]{1,12})?[eE][+-]?[0-9]{1,2}")
_SMALLEST, _LARGEST = Decimal("1e-12"), Decimal("1e15")


class BadNumberError(ValueError):
    """A number that no market can have; the message shows it, cut short."""

    def __init__(self, what: str, seen: object) -> None:
        super().__init__(f"{what} {str(seen)[:40]!r}")


def size(text: object) -> Decimal:
    """A size in base units, zero or more; raises BadNumberError."""
    if isinstance(text, str):
        if _PLAIN.fullmatch(text):
            return Decimal(text)
        if _SCIENTIFIC.fullmatch(text):
            value = Decimal(text)
            if value == 0 or _SMALLEST <= value < _LARGEST:
                return value
    raise BadNumberError("not an amount:", text)


def price(text: object) -> Decimal:
    """A price above zero; raises BadNumberError."""
    value = size(text)
    if value == 0:
        raise BadNumberError("not a price:", text)
    return value


def rate(text: object) -> Decimal:
    """A signed ratio such as a funding rate; raises BadNumberError."""
    if isinstance(text, str) and text.startswith("-"):
        return -size(text[1:])
    return size(text)


def integer(value: object) -> int:
    """An integer of a frame (a sequence number, a time), zero or more; raises BadNumberError."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    raise BadNumberError("not a whole number:", value)


def unix_ms(value: object) -> int | None:
    """A venue's wall-clock time in ms since 1970; None where it is missing or zero."""
    return None if value is None else integer(value) or None


def rows(*lists: Iterable[Any] | None) -> Iterator[Any]:
    """The rows of these lists, one after the other; a list that is null has none."""
    return (row for each in lists for row in each or ())


def levels(listed: Iterable[Any], at: int | str, amount: int | str) -> tuple[Level, ...]:
    """The levels of one side, in the order given; `at` and `amount` are the keys or positions inside a row."""
    return tuple((price(row[at]), size(row[amount])) for row in listed)


def both_sides(book: Any, at: int | str, amount: int | str) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Both sides of a book that names them `bids` and `asks`."""
    return levels(rows(book["bids"]), at, amount), levels(rows(book["asks"]), at, amount)


def aggregate_orders(orders: Iterable[Any], at: int | str, amount: int | str) -> tuple[Level, ...]:
    """The levels that single orders make, in the order of each price's first: sizes at one price are added."""
    sizes: dict[Decimal, Decimal] = {}
    for where, much in levels(orders, at, amount):
        sizes[where] = sizes.get(where, Decimal(0)) + much
    return tuple(sizes.items())
