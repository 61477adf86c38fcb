"""One market's book out of its frames: what follows, what is old, what is broken, and how it is made whole again.

    no book --whole book--> live --delta that follows--> live
    live --gap or mismatch--> by the venue's recovery
        RECONNECT    the session ends by that reason
        RESUBSCRIBE  a resync: the topic is left and taken again, the next whole book makes the book live
        REST         a resync: deltas wait for a snapshot to go on from (`connectors.bridge`)

Where recovery is REST the book also begins that way. While a book is not live nothing of it is published. More resyncs
in a minute than allowed end the session by the reason of the last one.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.session.book import OrderBook, SequenceCheck, check_sequence
from connectors.session.counters import MinuteRateLimit, SessionCounters
from connectors.session.events import Action, Close, EventSource, Note, Publish, Send
from connectors.session.snapshot_sync import SnapshotRequest, SnapshotSync, Uniform
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import Recovery, Topic, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

_BROKEN = {SequenceCheck.GAP: ReconnectReason.SEQ_GAP, SequenceCheck.MISMATCH: ReconnectReason.SEQ_MISMATCH}


class BookSync:
    """Keeps the book of one session.

    `data_ms` is when the socket last brought something for this book (None: never), `moved_ms` when a level last
    changed; `live` says that the book is whole. `url` is the socket's, for people.
    """

    def __init__(
        self,
        topic: Topic,
        recovery: Recovery,
        limits: VenueLimits,
        counters: SessionCounters,
        ask: SnapshotRequest,
        uniform: Uniform,
        url: str = "",
    ) -> None:
        self.book = OrderBook()
        self.live = False
        self.data_ms: int | None = None
        self.moved_ms: int | None = None
        self._topic = topic
        self._recovery = recovery
        self._counters = counters
        self._url = url
        self._resyncs = MinuteRateLimit(limits.resyncs)
        self._bridge = SnapshotSync(limits, ask, uniform)
        self._bridging = False

    @property
    def due_ms(self) -> int | None:
        """When the next snapshot is to be asked for."""
        return None if self.live else self._bridge.due_ms

    def subscribed(self) -> Iterator[Action]:
        """The venue sends the topic from now on."""
        if self._recovery is Recovery.REST and not self.live:
            yield from self._bridge.start()

    def take(self, now_ms: int, frame: Book | BookDelta) -> Iterator[Action]:
        """A frame of the book's topic."""
        if isinstance(frame, Book):
            yield from self._whole(now_ms, frame)
        elif self.live:
            yield from self._follow(now_ms, frame)
        elif self._recovery is Recovery.REST:
            self.data_ms = now_ms
            yield from self._bridge.wait(frame)
            yield from self._cross(now_ms)
        else:
            yield from self._counters.tell("early_frame", seq=frame.seq)

    def _whole(self, now_ms: int, frame: Book) -> Iterator[Action]:
        seq, held = frame.seq, self.book.seq
        if self._topic.monotone and self.live and seq is not None and held is not None and seq < held:
            yield from self._counters.tell("stale_frame", seq=seq, held=held)
            return
        moved = self.book.replace(frame)
        yield self._publish(now_ms, frame, moved=moved or not self.live)

    def _follow(self, now_ms: int, delta: BookDelta) -> Iterator[Action]:
        match check_sequence(self.book.seq, delta, bridging=self._bridging):
            case SequenceCheck.FOLLOWS:
                self._bridging = False
                yield self._publish(now_ms, delta, moved=self.book.apply(delta))
            case SequenceCheck.OLD:
                yield from self._counters.tell("stale_frame", seq=delta.seq, held=self.book.seq)
            case broken:
                yield from self._broken(now_ms, _BROKEN[broken], delta)

    def _publish(
        self, now_ms: int, event: Book | BookDelta, *, moved: bool, source: EventSource = EventSource.SOCKET
    ) -> Publish:
        self.live = True
        self.data_ms = now_ms
        if moved:
            self.moved_ms = now_ms
        return Publish(event, self.book.flaws(), source)

    def _broken(self, now_ms: int, reason: ReconnectReason, delta: BookDelta) -> Iterator[Action]:
        """The delta does not fit: mend the book on this socket if the venue can, else end the session."""
        topic, last = self._topic, self.book.seq
        whole_again = self._recovery is Recovery.REST or (topic.subscribe is not None and topic.unsubscribe is not None)
        if self._recovery is Recovery.RECONNECT or not whole_again or self._resyncs.over(now_ms):
            yield Close(reason, f"prev_seq={delta.prev} last_seq=Some({last})", topic=topic.key)
            return
        self.live = False
        count = self._counters.add(f"resync.{reason}")
        fields = {"last": last, "prev": delta.prev, "start": delta.first or delta.seq, "end": delta.seq}
        yield Note("resync", {"reason": reason.value, "count": count, "topic": topic.key, **fields, "url": self._url})
        if self._recovery is Recovery.REST:
            yield from self._bridge.begin(delta)
        elif topic.subscribe is not None and topic.unsubscribe is not None:
            yield Send(topic.unsubscribe)
            yield Send(topic.subscribe)

    # --- the bridge from a REST snapshot to the stream ---------------------------------------------------------------

    def waits_for(self, ticket: int) -> bool:
        """Whether a fetched body is the snapshot this book waits for."""
        return not self.live and self._bridge.ticket == ticket

    def fetched(self, now_ms: int, snapshot: Book) -> Iterator[Action]:
        """The snapshot came."""
        quiet = self._bridge.arrived(now_ms, snapshot)
        yield Note("snapshot_applied", {"seq": snapshot.seq, "waiting": len(self._bridge)})
        yield from self._cross(now_ms) if quiet is None else self._alone(now_ms, quiet)

    def fetch_failed(
        self, now_ms: int, detail: str, status: int | None = None, retry_after_ms: int | None = None
    ) -> Iterator[Action]:
        """The snapshot did not come, or cannot be read: ask again after a wait."""
        wait_ms = self._bridge.failed(now_ms, retry_after_ms)
        count = self._counters.add("snapshot_failed")
        facts = {"detail": detail, "status": status, "wait_ms": wait_ms, "count": count, "url": self._bridge.url}
        yield Note("snapshot_failed", facts)

    def timers(self, now_ms: int) -> Iterator[Action]:
        """Ask for a snapshot again when it is time."""
        if not self.live and self._bridge.due_ms is not None and now_ms >= self._bridge.due_ms:
            yield self._bridge.ask()

    def _cross(self, now_ms: int) -> Iterator[Action]:
        """Go live if the snapshot and the waiting deltas meet."""
        snapshot, deltas = self._bridge.meet()
        if snapshot is None:
            return
        if not deltas:
            yield from self.fetch_failed(now_ms, "the snapshot is older than the stream")
            return
        self.book.replace(snapshot)
        for delta in deltas:
            self.book.apply(delta)
        last = deltas[-1]
        yield Note("bridged", {"snapshot_seq": snapshot.seq, "seq": deltas[0].seq, "deltas": len(deltas)})
        bids, asks = self.book.depth()
        whole = Book(self._topic.key, bids, asks, self.book.seq, last.exchange_ms)
        yield self._publish(now_ms, whole, moved=True, source=EventSource.BRIDGE)

    def _alone(self, now_ms: int, snapshot: Book) -> Iterator[Action]:
        """Go live on a quiet market; it is the socket's silence still, and its first delta has to bridge."""
        self.book.replace(snapshot)
        self.live = self._bridging = True
        self.moved_ms = now_ms
        yield Note("quiet_start", {"seq": snapshot.seq, "topic": self._topic.key})
        yield Publish(snapshot, self.book.flaws(), EventSource.REST)
