"""Frames that nobody can read: counted, told with a snippet, and too many of them end a session.

more than `parse_errors` frames in a minute that are no JSON                  parse_error
`decode_misses` frames in a row of unknown shape, without book data between   decode_fail_loop
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.session.counters import MinuteRateLimit, SessionCounters
from connectors.session.events import Action, Close
from connectors.session.rest_polls import SNIPPET
from connectors.venues.spec import VenueLimits
from toolkit.model.vocabulary import ReconnectReason


class DecodeErrors:
    """The unreadable frames of one session; `url` is where it is connected to."""

    def __init__(self, limits: VenueLimits, counters: SessionCounters, url: str) -> None:
        self._limits = limits
        self._counters = counters
        self._url = url
        self._in_a_row = 0
        self._unparsed = MinuteRateLimit(limits.parse_errors)

    def book_data(self) -> None:
        """A frame of the book was read."""
        self._in_a_row = 0

    def no_json(self, now_ms: int, data: str | bytes, why: str) -> Iterator[Action]:
        """A frame that is no JSON."""
        yield from self._counters.tell("parse_error", detail=why[:SNIPPET], snippet=snippet(data), url=self._url)
        if self._unparsed.over(now_ms):
            yield Close(ReconnectReason.PARSE_ERROR, f"more than {self._limits.parse_errors} in a minute")

    def no_shape(self, data: str | bytes, why: str, message: Any) -> Iterator[Action]:
        """JSON of a shape, or of a topic, that nobody described."""
        keys = ",".join(sorted(message)[:20]) if isinstance(message, dict) else ""
        shown = {"keys": keys[:SNIPPET], "why": why[:SNIPPET], "snippet": snippet(data), "url": self._url}
        yield from self._counters.tell("decode_miss", **shown)
        self._in_a_row += 1
        if self._in_a_row >= self._limits.decode_misses:
            yield Close(ReconnectReason.DECODE_FAIL_LOOP, f"{self._in_a_row} consecutive decode failures")


def snippet(data: str | bytes) -> str:
    """The begin of a frame, as text."""
    return data[:SNIPPET] if isinstance(data, str) else data[:SNIPPET].decode("utf-8", "backslashreplace")
