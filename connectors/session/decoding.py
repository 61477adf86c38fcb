"""Decode the data frames of a session, and count the unreadable ones.

A frame is parsed as text or binary, as the venue describes, and its message is turned into frames of all venues. An
unreadable frame is counted, noted with a snippet, and above a limit the reason to end the session:

    more than `parse_errors` frames in a minute that cannot be parsed             parse_error
    `decode_misses` frames in a row of unknown shape, without book data between   decode_fail_loop

A binary message of an unknown type is counted and noted too, and never a reason to end the session, because the venue
may add types; the watchdog takes it for data of another topic.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from connectors.session.counters import MinuteRateLimit, SessionCounters
from connectors.session.events import Action, Close, Received
from connectors.session.rest_polls import BAD_SHAPE, SNIPPET
from connectors.venues.bounded_json import decode_json
from connectors.venues.frames import Book, BookDelta, DecodeMiss, Frame, Json
from connectors.venues.spec import Target, Venue, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

KEYS_SHOWN = 20
MAX_FRAMES = 2_000
"""Most frames in one message, such as trades; a message with more is of unknown shape."""


def parse(venue: Venue, received: Received) -> Json:
    """Return the message of a data frame; raises ValueError or RecursionError if it cannot be parsed."""
    if received.binary and venue.binary is not None and isinstance(received.data, bytes):
        return venue.binary.parse(received.data)
    return decode_json(received.data)


def read_book(venue: Venue, target: Target, received: Received) -> Book | BookDelta | None:
    """Return the book or delta of a usual data frame of the book; None for any other frame, which `parse` takes."""
    if venue.read_book is None or received.binary is not (venue.binary is not None):
        return None
    return venue.read_book(received.data, target)


class BookReader:
    """Reads the usual frames of one book topic; a frame that is not published at once can be read again for nothing."""

    __slots__ = ("_kept", "_target", "_topic", "_venue")

    def __init__(self, venue: Venue, target: Target, topic: str) -> None:
        self._venue, self._target, self._topic = venue, target, topic
        self._kept: tuple[Received | None, Book | BookDelta | None] = None, None

    def read(self, received: Received) -> Book | BookDelta | None:
        """Return the frame of `read_book` if it is of the topic, else None."""
        frame = read_book(self._venue, self._target, received)
        return frame if frame is not None and frame.topic == self._topic else None

    def keep(self, received: Received, frame: Book | BookDelta | None) -> None:
        """Keep the result of `read` for `read_again`."""
        self._kept = received, frame

    def read_again(self, received: Received) -> Book | BookDelta | None:
        """Return the result of `read`, the kept one if there is one."""
        (kept, frame), self._kept = self._kept, (None, None)
        return frame if kept is received else self.read(received)


def decode(venue: Venue, target: Target, received: Received, message: Json) -> list[Frame]:
    """Return the frames of a message from `parse`; a message of the wrong shape is one `DecodeMiss`."""
    binary = venue.binary if received.binary else None
    try:
        decoded = venue.decode(message) if binary is None else binary.decode(message, target)
        frames = list(islice(decoded, MAX_FRAMES + 1))
    except BAD_SHAPE as error:
        return [DecodeMiss(f"{type(error).__name__}: {error}")]
    return frames if len(frames) <= MAX_FRAMES else [DecodeMiss(f"more than {MAX_FRAMES} frames in a message")]


class DecodeErrors:
    """The unreadable frames of one session; `url` is the address of its socket, for the notes."""

    def __init__(self, limits: VenueLimits, counters: SessionCounters, url: str) -> None:
        self._limits = limits
        self._counters = counters
        self._url = url
        self._misses_in_a_row = 0
        self._parse_errors = MinuteRateLimit(limits.parse_errors)

    def book_data(self) -> None:
        """Reset the count of misses in a row: a frame of the book was decoded."""
        self._misses_in_a_row = 0

    def unparsable(self, now_ms: int, received: Received, why: str) -> Iterator[Action]:
        """Count a frame that is neither JSON nor a binary message."""
        fields = {"detail": why[:SNIPPET], "snippet": snippet(received), "url": self._url}
        yield from self._counters.add_and_note("parse_error", **fields)
        if self._parse_errors.add_exceeds(now_ms):
            yield Close(ReconnectReason.PARSE_ERROR, f"more than {self._limits.parse_errors} in a minute")

    def unrecognised(self, received: Received, kind: str) -> Iterator[Action]:
        """Count a message of a type that the venue added later."""
        fields = {"detail": kind, "snippet": snippet(received), "url": self._url}
        yield from self._counters.add_and_note("unrecognised", **fields)

    def unknown_shape(self, received: Received, why: str, message: Any) -> Iterator[Action]:
        """Count a message of an unknown shape, or of a topic that was not subscribed."""
        keys = ",".join(sorted(islice(message, KEYS_SHOWN))) if isinstance(message, dict) else ""
        fields = {"keys": keys[:SNIPPET], "why": why[:SNIPPET], "snippet": snippet(received), "url": self._url}
        yield from self._counters.add_and_note("decode_miss", **fields)
        self._misses_in_a_row += 1
        if self._misses_in_a_row >= self._limits.decode_misses:
            yield Close(ReconnectReason.DECODE_FAIL_LOOP, f"{self._misses_in_a_row} consecutive decode failures")


def snippet(received: Received) -> str:
    """Return the first characters of a text frame (bytes that are not UTF-8 are escaped), or bytes of a binary one."""
    data = received.data
    if isinstance(data, str):
        return data[:SNIPPET]
    if received.binary:
        return data[:SNIPPET].hex(" ", -4)[:SNIPPET]
    return data[:SNIPPET].decode("utf-8", "backslashreplace")
