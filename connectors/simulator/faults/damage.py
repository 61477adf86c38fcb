"""Functions of faults that alter a book or the venue's clock, or damage a frame.

Frames in bytes are binary messages of Paradex (SBE), the one venue that sends them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from connectors.simulator.faults.spec import Values
from connectors.simulator.market import FullBook
from connectors.venues.paradex_messages import PUBLIC
from connectors.venues.sbe import TEMPLATE, VERSION

# --- books ------------------------------------------------------------------------------------------------------------


def crossed_book(book: FullBook) -> FullBook:
    """Return the book with its best bid above its best ask; a book without two sides is unchanged."""
    if not (book.bids and book.asks):
        return book
    bid, ask = max(book.bids), min(book.asks)
    return FullBook({**book.bids, ask + (ask - bid): 777}, book.asks)


def locked_book(book: FullBook) -> FullBook:
    """Return the book with its best bid at its best ask; a book without two sides is unchanged."""
    if not (book.bids and book.asks):
        return book
    return FullBook({**book.bids, min(book.asks): 777}, book.asks)


def one_sided_book(book: FullBook) -> FullBook:
    """Return the book without asks."""
    return FullBook(book.bids, {})


def empty_book(_book: FullBook) -> FullBook:
    """Return a book without levels."""
    return FullBook({}, {})


# --- the clock --------------------------------------------------------------------------------------------------------

TIME_KEYS = frozenset({"ts", "time", "timestamp", "E", "T", "last_updated_at"})
"""Names of times in the book frames of all venues."""


def ahead(unix_ms: int, values: Values) -> int:
    """Return a time `ms` ahead."""
    return unix_ms + int(values["ms"])


def behind(unix_ms: int, values: Values) -> int:
    """Return a time `ms` behind."""
    return unix_ms - int(values["ms"])


def zero(_unix_ms: int, _values: Values) -> int:
    """Return the time 0."""
    return 0


def without_times(frame: str | bytes) -> str | bytes:
    """Return a frame without its times; a frame that cannot be parsed is unchanged."""
    if isinstance(frame, bytes):
        return _with_values(frame, {"ts": None})
    try:
        message = msgspec.json.decode(frame)
    except ValueError:
        return frame
    return msgspec.json.encode(_without_times(message)).decode()


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_times(part) for name, part in value.items() if name not in TIME_KEYS}
    return [_without_times(part) for part in value] if isinstance(value, list) else value


# --- frames -----------------------------------------------------------------------------------------------------------

_MARKET = re.compile(r'(order_book:|"coin":"|"m":"|"s":"|"channel":"[a-z_]+\.)')
"""Text before the market's name in the book frames of all venues."""

_INTEGER = re.compile(r'(?<=":)(-?\d+)(?=[,}])')


def truncated(frame: str | bytes, _values: Values) -> str | bytes:
    """Return the first half of a frame."""
    return frame[: len(frame) // 2]


def binary_garbage(frame: str | bytes, _values: Values) -> bytes:
    """Return bytes that are neither UTF-8 text, nor JSON, nor a binary message, whose block would be 65279 bytes."""
    return b"\xff\xfe" + _bytes(frame)[:64][::-1]


def invalid_utf8(frame: str | bytes, _values: Values) -> bytes:
    """Return the frame with a byte in its middle that UTF-8 does not allow there."""
    octets = _bytes(frame)
    middle = len(octets) // 2
    return octets[:middle] + b"\xff" + octets[middle:]


def empty_frame(frame: str | bytes, _values: Values) -> str | bytes:
    """Return a frame without content."""
    return frame[:0]


def unknown_shape(frame: str | bytes, _values: Values) -> str | bytes:
    """Return valid JSON of a shape, or a binary message of a schema, that no venue documents."""
    if isinstance(frame, bytes):
        return frame[:4] + b"\x63\x00" + frame[6:]
    return '{"unheard":{"of":' + str(len(frame)) + "}}"


def other_market(frame: str | bytes, _values: Values) -> str | bytes:
    """Return the frame with the name of a market that was not subscribed."""
    if isinstance(frame, bytes):
        return _with_values(frame, {"market": f"9{PUBLIC.read(frame)['market']}"})
    return _MARKET.sub(r"\g<1>9", frame)


def impossible_numbers(frame: str | bytes, values: Values) -> str | bytes:
    """Return a frame in which every price and size is `number`; binary numbers are then -1."""
    if isinstance(frame, bytes):
        return _with_values(frame, dict.fromkeys(("bidPrice", "bidSize", "askPrice", "askSize"), -1), level=(-1, -1))
    head, *rest = frame.split('"')
    number = str(values["number"])
    return '"'.join([head, *(number if part[:1].isdigit() else part for part in rest)])


def quoted_integers(frame: str | bytes, _values: Values) -> str | bytes:
    """Return a frame in which every integer is a text; a binary frame, whose numbers have no form, is unchanged."""
    return frame if isinstance(frame, bytes) else _INTEGER.sub(r'"\1"', frame)


def huge(_frame: str | bytes, values: Values) -> bytes:
    """Return a frame of valid JSON of `bytes` bytes."""
    return _padding(int(values["bytes"]))


@lru_cache(maxsize=1)
def _padding(size: int) -> bytes:
    """Return a JSON object of this many bytes; all venues share one."""
    return b'{"padding":"' + b"x" * (size - 14) + b'"}'


def _with_values(frame: bytes, values: dict[str, Any], level: tuple[int, int] | None = None) -> bytes:
    """Return a binary message with other values; `level` takes the place of each level of a book."""
    message = PUBLIC.read(frame)
    if level is not None:
        message |= {side: [level] * len(message[side]) for side in ("bids", "asks") if side in message}
    return PUBLIC.write(message[TEMPLATE], message | values, message[VERSION])


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame
