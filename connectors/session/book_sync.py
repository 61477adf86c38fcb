"""Order-book synchronisation of one session: which frames are applied, which are old, and how a broken book recovers.

    no book --whole book--> live --delta that follows--> live
    live --sequence gap, mismatch or reset--> recovery of the venue
        RECONNECT    the session ends with that reason
        RESUBSCRIBE  a resync: the topic is unsubscribed and subscribed, the next whole book makes the book live
        REST         a resync: deltas wait for a REST snapshot to continue from (`connectors.session.snapshot_sync`)

Where recovery is REST the first book is made in that way too. While a book is not live nothing of it is published. More
resyncs in a minute than `VenueLimits.resyncs` end the session with the reason of the last one.

A frame older than the book is dropped and counted. A chain of them that proves a reset of the venue's counter
(`connectors.session.book.ResetDetector`) is a mismatch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.session.book import MAX_LEVELS, OrderBook, ResetDetector, SequenceCheck, check_sequence
from connectors.session.counters import MinuteRateLimit, SessionCounters
from connectors.session.events import Action, Close, EventSource, Note, Publish, Send
from connectors.session.snapshot_sync import SnapshotRequest, SnapshotSync, Uniform
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import Recovery, Topic, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

_FOLLOWS = SequenceCheck.FOLLOWS
_REASONS = {
    SequenceCheck.GAP: ReconnectReason.SEQ_GAP,
    SequenceCheck.MISMATCH: ReconnectReason.SEQ_MISMATCH,
}


class BookSync:
    """Keeps the book of one session in step with its frames.

    `live` is True while the book is complete. `data_ms` is the time of the last socket frame for this book,
    `changed_ms` the time a level last changed; None before the first. `url` is that of the socket, for notes.
    """

    def __init__(
        self,
        topic: Topic,
        recovery: Recovery,
        limits: VenueLimits,
        counters: SessionCounters,
        make_request: SnapshotRequest,
        uniform: Uniform,
        url: str = "",
    ) -> None:
        self.book = OrderBook()
        self.live = False
        self.data_ms: int | None = None
        self.changed_ms: int | None = None
        self._topic = topic
        self._recovery = recovery
        self._counters = counters
        self._url = url
        self._resyncs = MinuteRateLimit(limits.resyncs)
        self._snapshots = SnapshotSync(limits, make_request, uniform)
        self._bridging = False
        self._reset = ResetDetector()

    @property
    def due_ms(self) -> int | None:
        """The time of the next snapshot request, None if none is scheduled."""
        return None if self.live else self._snapshots.due_ms

    def subscribed(self) -> Iterator[Action]:
        """Take note that the venue sends the topic from now on; request a snapshot where the venue needs one."""
        if self._recovery is Recovery.REST and not self.live:
            yield from self._snapshots.stream_began()

    def follow(self, now_ms: int, frame: Book | BookDelta) -> Publish | None:
        """Take a frame that continues a live book; for any other frame return None and do nothing."""
        book = self.book
        if not self.live:
            return None
        # Exact types, because `isinstance` of a `msgspec.Struct` takes ten times as long where it is False.
        if type(frame) is Book:
            if self._topic.monotone and frame.seq is not None and book.seq is not None and frame.seq < book.seq:
                return None
            return self._publish(now_ms, frame, changed=book.replace(frame))
        if type(frame) is not BookDelta or self._bridging or book.may_outgrow(frame):
            return None
        if check_sequence(book.seq, frame) is not _FOLLOWS:
            return None
        return self._publish(now_ms, frame, changed=book.apply(frame))

    def receive(self, now_ms: int, frame: Book | BookDelta) -> Iterable[Action]:
        """Take a frame of the book's topic; the actions must be carried out before the next frame."""
        if (publish := self.follow(now_ms, frame)) is not None:
            return (publish,)
        if isinstance(frame, Book):
            return self._replace(now_ms, frame)
        if self.live:
            return self._apply(now_ms, frame)
        if self._recovery is Recovery.REST:
            self.data_ms = now_ms
            return self._buffer(now_ms, frame)
        return self._counters.add_and_note("early_frame", seq=frame.seq)

    def _replace(self, now_ms: int, frame: Book) -> Iterable[Action]:
        if self.live:
            return self._old_frame(now_ms, frame, self.book.seq)
        self.book.replace(frame)
        return (self._publish(now_ms, frame, changed=True),)

    def _apply(self, now_ms: int, delta: BookDelta) -> Iterable[Action]:
        match check_sequence(self.book.seq, delta, bridging=self._bridging):
            case SequenceCheck.FOLLOWS:
                self._bridging = False
                changed = self.book.apply(delta)
                if self.book.is_too_large:
                    return (Close(ReconnectReason.DECODE_FAIL_LOOP, f"a book of more than {MAX_LEVELS} levels a side"),)
                return (self._publish(now_ms, delta, changed=changed),)
            case SequenceCheck.OLD:
                return self._old_frame(now_ms, delta, self.book.seq)
            case broken:
                return self._resync(now_ms, _REASONS[broken], delta, self.book.seq)

    def _buffer(self, now_ms: int, delta: BookDelta) -> Iterator[Action]:
        """Buffer a delta until a snapshot; one older than the buffered ones may prove a reset of the counter."""
        newest = self._snapshots.newest_seq
        if newest is not None and check_sequence(newest, delta) is SequenceCheck.OLD:
            yield from self._old_frame(now_ms, delta, newest)
            return
        self._reset.clear()
        yield from self._snapshots.buffer(delta)
        yield from self._join(now_ms)

    def _old_frame(self, now_ms: int, frame: Book | BookDelta, stored: int | None) -> Iterator[Action]:
        """Drop and count a frame that is older than the book, unless it proves a reset of the counter."""
        if self._reset.old_frame(stored, frame.seq, getattr(frame, "prev", None)):
            yield from self._resync(now_ms, ReconnectReason.SEQ_MISMATCH, frame, stored)
        else:
            yield from self._counters.add_and_note("stale_frame", seq=frame.seq, held=stored)

    def _publish(
        self, now_ms: int, event: Book | BookDelta, *, changed: bool, source: EventSource = EventSource.SOCKET
    ) -> Publish:
        self.live = True
        self._reset.clear()
        self.data_ms = now_ms
        if changed:
            self.changed_ms = now_ms
        return Publish(event, self.book.flaws(), source)

    def _resync(
        self, now_ms: int, reason: ReconnectReason, frame: Book | BookDelta, last: int | None
    ) -> Iterator[Action]:
        """Recover on the same socket where venue and limit allow it, else end the session.

        `frame` broke the chain after the number `last`.
        """
        topic, prev, first = self._topic, None, None
        if isinstance(frame, BookDelta):
            prev, first = frame.prev, frame.first
        self._reset.clear()
        resubscribable = topic.subscribe is not None and topic.unsubscribe is not None
        recoverable = self._recovery is Recovery.REST or resubscribable
        if self._recovery is Recovery.RECONNECT or not recoverable or self._resyncs.add_exceeds(now_ms):
            yield Close(reason, f"the frame follows {prev}, the book is at {last}", topic=topic.key)
            return
        self.live = False
        count = self._counters.add(f"resync.{reason}")
        fields = {"last": last, "prev": prev, "start": first or frame.seq, "end": frame.seq}
        yield Note("resync", {"reason": reason.value, "count": count, "topic": topic.key, **fields, "url": self._url})
        if self._recovery is Recovery.REST and isinstance(frame, BookDelta):
            yield from self._snapshots.restart(frame)
        elif topic.subscribe is not None and topic.unsubscribe is not None:
            yield Send(topic.unsubscribe)
            yield Send(topic.subscribe)

    # --- REST snapshots -----------------------------------------------------------------------------------------------

    def waits_for(self, ticket: int) -> bool:
        """Return True if `ticket` belongs to the snapshot request under way."""
        return not self.live and self._snapshots.ticket == ticket

    def snapshot_received(self, now_ms: int, snapshot: Book) -> Iterator[Action]:
        """Take a REST snapshot; the book becomes live if deltas continue it or the market is proven quiet."""
        quiet = self._snapshots.snapshot_received(now_ms, snapshot)
        yield Note("snapshot_applied", {"seq": snapshot.seq, "waiting": len(self._snapshots)})
        yield from self._join(now_ms) if quiet is None else self._start_quiet(now_ms, quiet)

    def snapshot_failed(
        self, now_ms: int, detail: str, status: int | None = None, retry_after_ms: int | None = None
    ) -> Iterator[Action]:
        """Count a snapshot that failed, is unreadable or too old, and schedule the next request."""
        wait_ms = self._snapshots.snapshot_failed(now_ms, retry_after_ms)
        count = self._counters.add("snapshot_failed")
        fields = {"detail": detail, "status": status, "wait_ms": wait_ms, "count": count, "url": self._snapshots.url}
        yield Note("snapshot_failed", fields)

    def timers(self, now_ms: int) -> Iterator[Action]:
        """Request the next snapshot if it is due."""
        if not self.live and self._snapshots.due_ms is not None and now_ms >= self._snapshots.due_ms:
            yield self._snapshots.request()

    def _join(self, now_ms: int) -> Iterator[Action]:
        """Make the book live if buffered deltas continue the snapshot."""
        snapshot, deltas = self._snapshots.join()
        if snapshot is None:
            return
        if not deltas:
            yield from self.snapshot_failed(now_ms, "the snapshot is older than the stream")
            return
        self.book.replace(snapshot)
        for delta in deltas:
            self.book.apply(delta)
        last = deltas[-1]
        yield Note("bridged", {"snapshot_seq": snapshot.seq, "seq": deltas[0].seq, "deltas": len(deltas)})
        bids, asks = self.book.bids.levels(), self.book.asks.levels()
        joined = Book(self._topic.key, bids, asks, self.book.seq, last.exchange_ms)
        yield self._publish(now_ms, joined, changed=True, source=EventSource.BRIDGE)

    def _start_quiet(self, now_ms: int, snapshot: Book) -> Iterator[Action]:
        """Make the book live from the snapshot alone.

        The socket is still silent, so `data_ms` stays; its first delta has to bridge from the snapshot.
        """
        self.book.replace(snapshot)
        self.live = self._bridging = True
        self.changed_ms = now_ms
        yield Note("quiet_start", {"seq": snapshot.seq, "topic": self._topic.key})
        yield Publish(snapshot, self.book.flaws(), EventSource.REST)
