"""Parse exact numbers out of a venue's messages; anything but a plain, finite, sane number is refused.

15 digits before the point and 12 after cover every market of the five venues, and 27 digits stay exact under addition
in the default decimal context. Rates are not added; they may have any number of digits after the point. Levels carry
`Number`s, which are exact too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from connectors.venues.frames import EXACT_DIGITS, FrameLevel, Number, to_decimal, to_number

HOUR_S = 3_600
"""The usual interval of a funding rate, in seconds."""

_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")
_PLAIN_LIST = re.compile(rf"{_PLAIN.pattern}(?:,{_PLAIN.pattern})*+")
_RATE = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]{1,12})?[eE][+-]?[0-9]{1,2}")
_SMALLEST, _LARGEST = 1e-12, 1e15
_SHOWN = 40
MAX_LEVELS = 10_000
"""Most levels of one side in one message."""
CACHED_PRICES = 16_384
"""Most prices that are kept parsed; they take less than 5 MB."""


class BadNumberError(ValueError):
    """A number that no market can have; the message shows its first characters."""

    def __init__(self, problem: str, value: object) -> None:
        super().__init__(f"{problem} {str(value)[:_SHOWN]!r}")


def size(text: object) -> Decimal:
    """Parse a size in base units, zero or more, from decimal text; raises BadNumberError."""
    if isinstance(text, str):
        if _PLAIN.fullmatch(text):
            return Decimal(text)
        if _SCIENTIFIC.fullmatch(text):
            value = Decimal(text)
            if value == 0 or _SMALLEST <= float(value) < _LARGEST:
                return value
    raise BadNumberError("not an amount:", text)


def price(text: object) -> Decimal:
    """Parse a price above zero from decimal text; raises BadNumberError."""
    value = size(text)
    if value == 0:
        raise BadNumberError("not a price:", text)
    return value


class _PriceCache(dict[Any, float]):
    """Prices of levels by their text, because they come again and again; a full cache starts afresh."""

    def __missing__(self, text: object) -> float:
        number = _number(text)
        if not number:
            raise BadNumberError("not a price:", text)
        value = level_price(number) if isinstance(number, Decimal) else number
        if len(self) >= CACHED_PRICES:
            self.clear()
        self[text] = value
        return value


_prices = _PriceCache()


def level_price(value: Decimal) -> float:
    """Return the price of a level; raises BadNumberError if it has more than `EXACT_DIGITS` digits."""
    number = to_number(value)
    if isinstance(number, Decimal):
        raise BadNumberError(f"more than {EXACT_DIGITS} digits:", value)
    return number


def _number(text: object) -> Number:
    """Return `to_number(size(text))` in a fifth of the time."""
    if isinstance(text, str):
        if _PLAIN.fullmatch(text):
            # Zeros at both ends are no digits of the number that a float has to hold.
            exact = len(text) <= EXACT_DIGITS or len(text.replace(".", "").strip("0")) <= EXACT_DIGITS
            return float(text) if exact else Decimal(text)
        # A number with an exponent has 13 digits at most, and so have its bounds.
        if _SCIENTIFIC.fullmatch(text) and ((value := float(text)) == 0 or _SMALLEST <= value < _LARGEST):
            return value
    raise BadNumberError("not an amount:", text)


def _all_sizes(texts: list[Any]) -> list[Number]:
    """Parse sizes as `size` does; plain ones are checked together, because that is twice as fast."""
    try:
        if _PLAIN_LIST.fullmatch(",".join(texts)) and max(map(len, texts)) <= EXACT_DIGITS:
            return list(map(float, texts))
    except (TypeError, ValueError):
        pass  # One of them is no text, or holds a comma.
    return list(map(_number, texts))


def rate(text: object) -> Decimal:
    """Parse a signed ratio, such as a funding rate, from decimal text, exactly; raises BadNumberError."""
    if isinstance(text, str) and _RATE.fullmatch(text):
        return Decimal(text)
    if isinstance(text, str) and text.startswith("-"):
        return size(text[1:]).copy_negate()
    return size(text)


def known(value: Decimal | None) -> Decimal:
    """Return a decimal of a binary message; raises BadNumberError if it is missing or null."""
    if value is None:
        raise BadNumberError("not a number:", value)
    return value


def integer(value: object) -> int:
    """Check an integer of a message (a sequence number, a time), 0 to 2**63 - 1; raises BadNumberError."""
    # The exact type, because a bool is an `int` too.
    if type(value) is int and 0 <= value < 2**63:
        return value
    raise BadNumberError("not a whole number:", value)


def unix_ms(value: object) -> int | None:
    """Check a venue's wall-clock time in ms since 1970; None where it is missing or 0. Raises BadNumberError."""
    return None if value is None else integer(value) or None


def rows(*lists: Iterable[Any] | None) -> Iterator[Any]:
    """Return the rows of these lists, one list after the other; a null list has none."""
    return (row for each in lists for row in each or ())


def levels(rows: Iterable[Any], price_key: int | str, size_key: int | str) -> list[FrameLevel]:
    """Parse the levels of one side, in the order of `rows`.

    The keys are names or positions inside a row. Raises BadNumberError, and LookupError or TypeError for a row of
    another shape, and ValueError for more than `MAX_LEVELS`.
    """
    first_rows, known_prices = list(islice(rows, MAX_LEVELS + 1)), _prices
    if len(first_rows) > MAX_LEVELS:
        raise ValueError(f"more than {MAX_LEVELS} levels")
    prices = [known_prices[row[price_key]] for row in first_rows]
    return list(map(FrameLevel, prices, _all_sizes([row[size_key] for row in first_rows])))


def both_sides(book: Any, price_key: int | str, size_key: int | str) -> tuple[list[FrameLevel], list[FrameLevel]]:
    """Parse bids and asks of a book that names them `bids` and `asks`; raises as `levels` does."""
    return levels(rows(book["bids"]), price_key, size_key), levels(rows(book["asks"]), price_key, size_key)


def aggregate_orders(orders: Iterable[Any], price_key: int | str, size_key: int | str) -> list[FrameLevel]:
    """Aggregate single orders to levels: the sizes at one price are added; raises as `levels` does.

    Levels keep the order in which their prices first appear.
    """
    sizes: dict[float, Decimal] = {}
    for order in levels(orders, price_key, size_key):
        sizes[order.price] = sizes.get(order.price, Decimal(0)) + to_decimal(order.size)
    return [FrameLevel(at, to_number(amount)) for at, amount in sizes.items()]
