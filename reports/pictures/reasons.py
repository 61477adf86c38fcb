"""Reasons of events: the shape that stands for each in a picture, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.model.pictures import EventMark
from toolkit.model.vocabulary import ReconnectReason


class Shape(StrEnum):
    """Shape of a mark. The values are SVG paths around the origin, at most 11 px wide."""

    TRIANGLE = "M-5-4H5L0 5Z"
    DIAMOND = "M0-5.5L5 0L0 5.5L-5 0Z"
    CROSS = "M-4.8-3.4L-3.4-4.8L0-1.4L3.4-4.8L4.8-3.4L1.4 0L4.8 3.4L3.4 4.8L0 1.4L-3.4 4.8L-4.8 3.4L-1.4 0Z"
    SQUARE = "M-4-4H4V4H-4Z"
    HOLLOW_SQUARE = "M-5-5V5H5V-5ZM-3-3H3V3H-3Z"
    BARS = "M-4.5-4.5H-1.2V4.5H-4.5ZM1.2-4.5H4.5V4.5H1.2Z"
    PLUS = "M-1-5H1V-1H5V1H1V5H-1V1H-5V-1H-1Z"
    WEDGE = "M-5 4H5L0-5Z"
    RING = "M-5 0A5 5 0 0 0 5 0A5 5 0 0 0-5 0ZM-3 0A3 3 0 0 1 3 0A3 3 0 0 1-3 0Z"


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Reason of an event. `place` orders the legend and the bars; `words` are what a reader reads."""

    place: int
    shape: Shape
    words: str

    @property
    def is_hollow(self) -> bool:
        """Return True if its shape has a hole, in which nothing behind it may show."""
        return self.shape in (Shape.HOLLOW_SQUARE, Shape.RING)


_BY_REASON = {
    ReconnectReason.SERVER_CLOSE: Reason(1, Shape.DIAMOND, "venue closed, no reason printed"),
    ReconnectReason.STREAM_ENDED: Reason(2, Shape.CROSS, "connection reset or ended"),
    ReconnectReason.READ_TIMEOUT: Reason(3, Shape.SQUARE, "read timeout"),
    ReconnectReason.PING_TIMEOUT: Reason(3, Shape.SQUARE, "ping timeout"),
    ReconnectReason.SESSION_TIMEOUT: Reason(3, Shape.SQUARE, "session timeout"),
    ReconnectReason.STALE_WATCHDOG: Reason(4, Shape.BARS, "book watchdog"),
    ReconnectReason.UNKNOWN: Reason(8, Shape.RING, "no line says why"),
}


def reason_of(mark: EventMark) -> Reason:
    """Return the reason of an event: that of its kind, that which the venue stated, or that of the log."""
    reason = mark.reason or ReconnectReason.UNKNOWN
    if mark.kind == "kept":
        return Reason(5, Shape.HOLLOW_SQUARE, f"{_words(reason)}, socket kept")
    if mark.kind == "resync":
        return Reason(6, Shape.PLUS, f"resync: {_words(reason)}")
    if mark.stated and reason == ReconnectReason.SERVER_CLOSE:
        return Reason(0, Shape.TRIANGLE, f"venue closed: “{mark.stated}”")
    known = _BY_REASON.get(ReconnectReason(reason)) if reason in set(ReconnectReason) else None
    return known or Reason(7, Shape.WEDGE, _words(reason))


def _words(reason: str) -> str:
    return reason.replace("_", " ")
