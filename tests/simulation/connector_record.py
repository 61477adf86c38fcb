"""Record of a simulated connector, and the interface of a receiver of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from connectors.session.events import BookFlaws, Close, Note, Publish

ALARMS = frozenset(
    {
        "resync",
        "refusal",
        "parse_error",
        "decode_miss",
        "frozen_book",
        "snapshot_failed",
        "ping_send_fail",
        "early_frame",
        "closing_soon",
    }
)
"""Kinds of notes that report an error without the end of the session."""


@dataclass(slots=True)
class ConnectorRecord:
    """Record of what a connector did in a simulation; times in ms since its start."""

    closes: list[tuple[int, Close]] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    wrong_books_ms: list[int] = field(default_factory=list)
    flaws: set[BookFlaws] = field(default_factory=set)
    books: int = 0
    last_book_ms: int = 0

    @property
    def alarms(self) -> set[str]:
        """Kinds of notes recorded that report an error."""
        return {note.kind for _, note in self.notes} & ALARMS

    def notes_of(self, kind: str) -> list[tuple[int, Note]]:
        """Return the notes of one kind."""
        return [(at_ms, note) for at_ms, note in self.notes if note.kind == kind]


class EventSink(Protocol):
    """Receiver of a connector's events and notes, in addition to its record."""

    def offer(self, event: Publish, *, retry: bool) -> bool:
        """Accept an event; return False if there is no room. The event is then offered again with `retry`."""

    def note(self, note: Note) -> None:
        """Receive a note."""
