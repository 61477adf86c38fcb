"""Records of the venues' ground truth and of its comparison with a run's own files. Times are epoch ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Book = tuple[float, float, float, float]
"""Best bid price and size, best ask price and size."""


@dataclass(slots=True)
class VenueRecord:
    """Events of one venue in its own record.

    `accepted` and `refused` are times of handshakes, `endings` times and causes of ended connections. `silences` are
    stretches of a connection without a frame, `gaps` those between frames of any connection. `frames` are the times and
    books of frames that carried one.
    """

    accepted: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    endings: list[tuple[int, str]] = field(default_factory=list)
    silences: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    frames: list[tuple[int, Book]] = field(default_factory=list)
    frame_count: int = 0


@dataclass(frozen=True, slots=True)
class SeenTick:
    """One venue in one record of a run: its time, the age of its book, and the book's mid, spread and depth."""

    at_ms: int
    age_ms: int | None
    mid: float | None
    spread: float | None
    depth: float | None


@dataclass(frozen=True, slots=True)
class VenueSeen:
    """One venue as the run's own files tell: counts, endings by reason, longest silence, and ticks.

    A count is None where the files do not tell it.
    """

    connects: float | None
    failed: float | None
    endings: Mapping[str, float]
    silence_ms: float | None
    ticks: tuple[SeenTick, ...] = ()


@dataclass(frozen=True, slots=True)
class VenueComparison:
    """One venue: `want` is the venue's record, `got` the run. A value that is not recorded is None.

    A silence of the venue may span several connections, as the age of a book does; `connection_silence_ms` is the
    longest within one connection.
    `books` counts the ticks with a book that were compared, `foreign_books` those whose book is none that the venue
    sent within the window, and `first_foreign_ms` is the time of the first of them. `differences` are sentences.
    """

    venue: str
    connects_want: int
    connects_got: float | None
    failed_want: int
    failed_got: float | None
    endings_want: Mapping[str, int]
    endings_got: Mapping[str, float]
    connection_silence_ms: int | None
    silence_ms_want: int | None
    silence_ms_got: float | None
    books: int
    foreign_books: int | None
    first_foreign_ms: int | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TruthComparison:
    """Comparison of a run with the record of its venues. `window_ms` is how far back a tick's book is searched."""

    file: str
    window_ms: int
    outside: int
    unread_lines: int
    venues: tuple[VenueComparison, ...]
