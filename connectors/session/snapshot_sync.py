"""From a REST snapshot to the stream: which deltas wait, and where the two meet.

The stream has begun, by its acknowledgement or its first delta: a snapshot is asked for. Then,

    deltas that follow it        the book goes on from there
    deltas that are all younger  it is worth nothing: another one is asked for, after a wait that grows
    no delta in `bridge_ms`      another one is asked for: if it shows the same book, the market is quiet and that is
                                 the book; if not, the socket owes the difference, and nothing is certain yet
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from connectors.session.backoff import Backoff
from connectors.session.book import SequenceCheck, check_sequence
from connectors.session.events import Action, Fetch
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import VenueLimits

SnapshotRequest = Callable[[], Fetch]
Uniform = Callable[[], float]


class SnapshotSync:
    """Deltas that wait, in one unbroken chain, for a snapshot to begin from; `due_ms` is when to ask for one again."""

    def __init__(self, limits: VenueLimits, ask: SnapshotRequest, uniform: Uniform) -> None:
        self._deltas: deque[BookDelta] = deque(maxlen=limits.buffer)
        self._patience_ms = limits.bridge_ms
        self._ask = ask
        self._uniform = uniform
        self._backoff = Backoff()
        self._snapshot: Book | None = None
        self.ticket: int | None = None
        self.due_ms: int | None = None
        self.url = ""

    def __len__(self) -> int:
        return len(self._deltas)

    def begin(self, delta: BookDelta) -> Iterator[Action]:
        """The chain broke at this delta: all before it is worth nothing."""
        self._clear()
        yield from self.wait(delta)

    def wait(self, delta: BookDelta) -> Iterator[Action]:
        """One more delta."""
        last = self._deltas[-1] if self._deltas else None
        match SequenceCheck.FOLLOWS if last is None else check_sequence(last.seq, delta):
            case SequenceCheck.OLD:
                return
            case SequenceCheck.GAP | SequenceCheck.MISMATCH:
                self._deltas.clear()
        self._deltas.append(delta)
        yield from self.start()

    def start(self) -> Iterator[Action]:
        """The stream flows from now on: ask for a snapshot, unless one is on its way or here."""
        if self._snapshot is None and self.ticket is None and self.due_ms is None:
            yield self.ask()

    def ask(self) -> Fetch:
        """Ask for a snapshot."""
        fetch = self._ask()
        self.ticket, self.due_ms, self.url = fetch.ticket, None, fetch.url
        return fetch

    def arrived(self, now_ms: int, snapshot: Book) -> Book | None:
        """A snapshot is here; given back if it shows what the one before it showed and no delta came between."""
        before, self._snapshot, self.ticket = self._snapshot, snapshot, None
        self.due_ms = now_ms + self._patience_ms
        same = before is not None and (before.bids, before.asks) == (snapshot.bids, snapshot.asks)
        if not same or self._deltas:
            return None
        self._clear()
        return snapshot

    def failed(self, now_ms: int, retry_after_ms: int | None) -> int:
        """No usable snapshot: ask again after the wait that is given back, in ms."""
        self._snapshot = self.ticket = None
        self._backoff = self._backoff.ended(0, 1)
        wait_ms = self._backoff.wait_ms(self._uniform(), retry_after_ms)
        self.due_ms = now_ms + wait_ms
        return wait_ms

    def meet(self) -> tuple[Book | None, list[BookDelta]]:
        """The snapshot and the deltas that go on from it.

        No snapshot: nothing can be said yet. A snapshot and no deltas: it is older than the first that waits.
        """
        if self._snapshot is None:
            return None, []
        while self._deltas and check_sequence(self._snapshot.seq, self._deltas[0], bridging=True) is SequenceCheck.OLD:
            self._deltas.popleft()
        if not self._deltas:
            return None, []
        snapshot, deltas = self._snapshot, list(self._deltas)
        if check_sequence(snapshot.seq, deltas[0], bridging=True) is not SequenceCheck.FOLLOWS:
            return snapshot, []
        self._clear()
        return snapshot, deltas

    def _clear(self) -> None:
        self._deltas.clear()
        self._snapshot = self.ticket = self.due_ms = None
        self._backoff = Backoff()
