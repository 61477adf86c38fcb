"""Notices of a server about the clients that it refused: one line for each kind, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable


class Notices:
    """Write the first refusal of each kind at once, and the number of all when the server closes."""

    def __init__(self, venue: str, write: Callable[[str], None] | None) -> None:
        self._venue = venue
        self._write = write
        self._counts: Counter[str] = Counter()

    @property
    def written(self) -> bool:
        """True if notices are written anywhere."""
        return self._write is not None

    def refused(self, why: str) -> None:
        """Count a refusal; `why` is one of a few sentences without text of a client."""
        self._counts[why] += 1
        if self._counts[why] == 1 and self._write is not None:
            self._write(f"{self._venue}: refused a client: {why}; others like it are counted")

    def close(self) -> None:
        """Write the numbers of the refusals that came more than once."""
        for why, count in self._counts.items():
            if count > 1 and self._write is not None:
                self._write(f"{self._venue}: refused {count} times: {why}")
        self._counts.clear()
