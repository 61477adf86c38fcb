"""Numbers of frames over all streams of a connection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Numbering:
    """Counter of a connection's data frames, for a venue that numbers them over all streams; `next` comes next."""

    next: int = 0

    def take(self) -> int:
        """Return the next number and count it."""
        self.next += 1
        return self.next - 1
