"""Record of the closes of sockets by a venue, grouped by the code and the reason that the log prints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CloseGroup:
    """Sockets that one venue closed with the same code and reason, and the file and line of each close.

    `code` and `reason` are None where the log prints no close frame. Ages are times from connecting to the close, in
    ms: the median, the least, the most, and the largest error of one; None where no time is known. `regular` counts the
    closes whose age differs from the median by at most 5 %.
    """

    venue: str
    code: int | None
    reason: str | None
    count: int
    lines: tuple[tuple[str, int], ...]
    age_ms: int | None = None
    least_age_ms: int | None = None
    most_age_ms: int | None = None
    age_error_ms: int | None = None
    regular: int = 0

    @property
    def label(self) -> str:
        """The code and the quoted reason, as text."""
        return close_label(self.code, self.reason)


def close_label(code: int | None, reason: str | None) -> str:
    """Return a close frame's code and quoted reason as text: `code 1000, reason "idle"`."""
    if reason is None:
        return "no code printed"
    return f"code {'unknown' if code is None else code}, " + (f'reason "{reason}"' if reason else "no reason")
