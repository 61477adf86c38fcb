"""Read the usual book frames of a JSON venue in one pass of `msgspec`, without an object of ours for each number.

`msgspec` makes a float of a number in text and refuses text that is no number. What it accepts beyond that is refused
here by the characters of the frame: NaN and negative numbers by their limits, an exponent, a number outside of text,
and more digits than a float holds exactly (`frames.EXACT_DIGITS`). A frame that is refused here is left to the venue's
`decode`, which gives the same result for every frame that is read here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Protocol

import msgspec

from connectors.venues.bounded_json import is_bounded
from connectors.venues.frames import Book, BookDelta
from connectors.venues.parsing import MAX_LEVELS
from connectors.venues.spec import Target

BELOW = 1e7
"""Usual prices and sizes are below this and have at most 8 digits after the point: 15 digits together."""
_TOO_FINE = b"." + 9 * b"0"

UsualPrice = Annotated[float, msgspec.Meta(gt=0, lt=BELOW)]
UsualSize = Annotated[float, msgspec.Meta(ge=0, lt=BELOW)]

_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")


class UsualMessage(Protocol):
    """A `msgspec.Struct` of the message that brings a book, whose levels have a `UsualPrice` and a `UsualSize`."""

    def frame(self) -> Book | BookDelta:
        """Return the frame of the book; raises ValueError for a number that it refuses."""


def usual_books(message: type[UsualMessage], level: bytes) -> Callable[[bytes | str, Target], Book | BookDelta | None]:
    """Return a reader of messages of this type: it returns the frame of the book, or None for an unusual message.

    `level` is the text of one level without the digits and points of its numbers.
    """
    parse = msgspec.json.Decoder(message, strict=False).decode

    def read(data: bytes | str, _target: Target) -> Book | BookDelta | None:
        # `msgspec` does not decode the text that it skips.
        if not data.isascii() or not is_bounded(data):
            return None
        octets = data.encode() if isinstance(data, str) else data
        zeros = octets.translate(_DIGITS_TO_ZERO)
        # From the end, because points are rarer than zeros.
        if zeros.rfind(_TOO_FINE) >= 0:
            return None
        plain = zeros.translate(None, b"0.").count(level)
        if plain > 2 * MAX_LEVELS:
            return None
        try:
            frame = parse(octets).frame()
        except (ValueError, RecursionError):
            return None
        bids, asks = len(frame.bids), len(frame.asks)
        # A number outside of text, or with an exponent, is not written like the others.
        return frame if plain == bids + asks and max(bids, asks) <= MAX_LEVELS else None

    return read
