"""Join a REST snapshot and the deltas of the socket into one book.

A snapshot is requested once the stream has begun, by its acknowledgement or its first delta. Then one of these holds:

    a buffered delta follows it        the book continues from there
    all buffered deltas are newer      it is too old: another one is requested after a growing wait
    no delta within `bridge_ms`        another one is requested: if it shows the same book, the market is quiet and
                                       that is the book; if not, deltas for the difference must still come, and the
                                       book stays unknown
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from connectors.session.backoff import Backoff
from connectors.session.book import SequenceCheck, check_sequence
from connectors.session.events import Action, Fetch
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import VenueLimits

BUFFERED_LEVELS = 50_000
"""Most levels of the deltas that wait for a snapshot."""
SnapshotRequest = Callable[[], Fetch]
"""Makes the request for a snapshot."""

Uniform = Callable[[], float]
"""Draws a random number in [0, 1)."""


class SnapshotSync:
    """A buffer of deltas in one unbroken chain that wait for a snapshot.

    `ticket` is that of the request under way, `due_ms` the time of the next request, `url` the address of the last one.
    The buffer holds the newest `VenueLimits.buffer` deltas, with at most `BUFFERED_LEVELS` levels.
    """

    def __init__(self, limits: VenueLimits, make_request: SnapshotRequest, uniform: Uniform) -> None:
        self._deltas: deque[BookDelta] = deque()
        self._levels = 0
        self._capacity = limits.buffer
        self._bridge_ms = limits.bridge_ms
        self._make_request = make_request
        self._uniform = uniform
        self._backoff = Backoff()
        self._snapshot: Book | None = None
        self.ticket: int | None = None
        self.due_ms: int | None = None
        self.url = ""

    def __len__(self) -> int:
        return len(self._deltas)

    @property
    def newest_seq(self) -> int | None:
        """The number of the newest buffered delta; None if there is none."""
        return self._deltas[-1].seq if self._deltas else None

    def restart(self, delta: BookDelta) -> Iterator[Action]:
        """Begin a new chain at this delta; everything before it is dropped."""
        self._clear()
        yield from self.buffer(delta)

    def buffer(self, delta: BookDelta) -> Iterator[Action]:
        """Add a delta to the chain; one that breaks the chain begins a new one."""
        last = self._deltas[-1] if self._deltas else None
        match SequenceCheck.FOLLOWS if last is None else check_sequence(last.seq, delta):
            case SequenceCheck.OLD:
                return
            case SequenceCheck.GAP | SequenceCheck.MISMATCH:
                self._drop_all()
        self._deltas.append(delta)
        self._levels += _levels(delta)
        while len(self._deltas) > self._capacity or self._levels > BUFFERED_LEVELS:
            self._drop_oldest()
        yield from self.stream_began()

    def stream_began(self) -> Iterator[Action]:
        """Request a snapshot, unless one is stored, under way or scheduled."""
        if self._snapshot is None and self.ticket is None and self.due_ms is None:
            yield self.request()

    def request(self) -> Fetch:
        """Request a snapshot now."""
        fetch = self._make_request()
        self.ticket, self.due_ms, self.url = fetch.ticket, None, fetch.url
        return fetch

    def snapshot_received(self, now_ms: int, snapshot: Book) -> Book | None:
        """Store a snapshot; return it if the market is proven quiet.

        That is so if the snapshot before it showed the same book and no delta came between.
        """
        before, self._snapshot, self.ticket = self._snapshot, snapshot, None
        self.due_ms = now_ms + self._bridge_ms
        same = before is not None and (before.bids, before.asks) == (snapshot.bids, snapshot.asks)
        if not same or self._deltas:
            return None
        self._clear()
        return snapshot

    def snapshot_failed(self, now_ms: int, retry_after_ms: int | None) -> int:
        """Drop the snapshot and schedule the next request; return the wait until then, in ms."""
        self._snapshot = self.ticket = None
        self._backoff = self._backoff.ended(0, 1)
        wait_ms = self._backoff.wait_ms(self._uniform(), retry_after_ms)
        self.due_ms = now_ms + wait_ms
        return wait_ms

    def join(self) -> tuple[Book | None, list[BookDelta]]:
        """Return the snapshot and the deltas that continue it, and clear the buffer.

        No snapshot: one of the two is still missing. A snapshot without deltas: it is older than the first buffered
        one.
        """
        if self._snapshot is None:
            return None, []
        while self._deltas and self._check_first(self._snapshot) is SequenceCheck.OLD:
            self._drop_oldest()
        if not self._deltas:
            return None, []
        snapshot, deltas = self._snapshot, list(self._deltas)
        if self._check_first(snapshot) is not SequenceCheck.FOLLOWS:
            return snapshot, []
        self._clear()
        return snapshot, deltas

    def _check_first(self, snapshot: Book) -> SequenceCheck:
        return check_sequence(snapshot.seq, self._deltas[0], bridging=True)

    def _drop_oldest(self) -> None:
        self._levels -= _levels(self._deltas.popleft())

    def _drop_all(self) -> None:
        self._deltas.clear()
        self._levels = 0

    def _clear(self) -> None:
        self._drop_all()
        self._snapshot = self.ticket = self.due_ms = None
        self._backoff = Backoff()


def _levels(delta: BookDelta) -> int:
    return len(delta.bids) + len(delta.asks)
