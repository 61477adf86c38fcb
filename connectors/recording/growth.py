"""Limits on how fast a venue can make the files of a run grow."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from connectors.session.events import Note

ROWS_AT_ONCE, ROWS_PER_S = 50, 10
"""Notes of one kind and venue that are written in a burst, and in each second of a longer one."""
TAPE_AT_ONCE, TAPE_PER_S = 16 * 1024 * 1024, 2 * 1024 * 1024
"""Bytes of a venue's tape that are written in a burst, and in each second of a longer one."""


class TokenBucket:
    """Limit of `at_once`, refilled by `per_s` a second; it starts full."""

    def __init__(self, at_once: float, per_s: float) -> None:
        self._at_once, self._per_s = at_once, per_s
        self._left = at_once
        self._at_us: int | None = None

    def take(self, amount: float, now_us: int) -> bool:
        """Take an amount; return False, and take nothing, if more than that is used up."""
        passed_us = 0 if self._at_us is None else max(0, now_us - self._at_us)
        self._at_us = now_us
        self._left = min(self._at_once, self._left + self._per_s * passed_us / 1_000_000)
        if self._left < amount:
            return False
        self._left -= amount
        return True


@dataclass(slots=True)
class HeldNote:
    """The newest note of a kind that was not written, and the number of notes left out before it."""

    venue: str
    note: Note
    left_out: int = 0


class NoteLimit:
    """Limit on the notes of each venue and kind: of those above the limit the newest is held until its turn comes.

    So counters that notes carry are exact after the last of them.
    """

    def __init__(self) -> None:
        self._buckets: dict[Hashable, TokenBucket] = {}
        self._held: dict[Hashable, HeldNote] = {}

    def admit(self, venue: str, note: Note, now_us: int) -> bool:
        """Return whether a note may be written now; it is held otherwise."""
        key = (venue, note.kind, note.fields.get("name"))
        held = self._held.get(key)
        if held is not None:
            held.note, held.left_out = note, held.left_out + 1
            return False
        if self._take(key, now_us):
            return True
        self._held[key] = HeldNote(venue, note)
        return False

    def due(self, now_us: int) -> Iterator[HeldNote]:
        """Release the held notes whose turn has come."""
        for key in [key for key in self._held if self._take(key, now_us)]:
            yield self._held.pop(key)

    def rest(self) -> Iterator[HeldNote]:
        """Release all held notes, at the end of the run."""
        while self._held:
            yield self._held.pop(next(iter(self._held)))

    def _take(self, key: Hashable, now_us: int) -> bool:
        bucket = self._buckets.setdefault(key, TokenBucket(ROWS_AT_ONCE, ROWS_PER_S))
        return bucket.take(1, now_us)
