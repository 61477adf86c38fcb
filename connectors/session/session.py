"""The session of one open socket, from its opening to the first reason to end it.

Each message is parsed and decoded into frames (`decoding`), and the frames are handled in order: those of the book by
`BookSync`; trades and funding rates go straight to the consumer. The first `Close` ends the session:

    refusal of the book's topic, or of no named topic while the book is not live   subscribe_error
    too many unreadable frames (`connectors.session.decoding`)                     parse_error, decode_fail_loop
    silence (`watchdog` and `keepalive` of this package)                           stale_watchdog, read_timeout, ping_…
    `VenueLimits.session_ms` since the opening                                     session_timeout

Timers are judged at every step, whatever else waits to be read: an event counts as of its arrival. Two rules keep a
busy process from taking its own delay for silence of the venue:

- While events wait, a decision that ends the session is taken `LATE_MS` after it is due, because the answer may wait
  behind them.
- A step that comes more than `LATE_MS` after it was due, and after the last one, shows that this process stood still or
  its consumer blocked it. All limits on silence then begin again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from connectors.session.book_sync import BookSync
from connectors.session.counters import SessionCounters
from connectors.session.decoding import BookReader, DecodeErrors, decode, parse, snippet
from connectors.session.events import (
    Action,
    Close,
    Control,
    ControlReceived,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Note,
    Publish,
    Received,
    Send,
    SendFailed,
    SessionEvent,
    SocketClosed,
    TimePassed,
)
from connectors.session.keepalive import PingTimer
from connectors.session.rest_polls import SNIPPET, RequestFactory, RestFailure, decode_response, request_book
from connectors.session.watchdog import SilenceWatchdog
from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    ClosingSoon,
    DecodeMiss,
    Frame,
    Funding,
    Heartbeat,
    Ignored,
    Refusal,
    Trade,
    Unrecognised,
)
from connectors.venues.spec import PingKind, Target, Venue, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

NO_CLOSE_FRAME = 1006
"""The code by which WebSocket libraries report a socket that ended without a close frame (RFC 6455, 7.4.1)."""
LATE_MS = 1_000
"""Delay from which a step counts as late because this process stood still, not because of load."""


class SocketSession:
    """One session of one venue.

    `url` is that of the socket, `make_request` makes a REST request with a ticket of its own, `uniform` draws a random
    number in [0, 1). `opened_ms` is the time the socket opened.
    """

    def __init__(
        self,
        now_ms: int,
        venue: Venue,
        target: Target,
        limits: VenueLimits,
        url: str,
        counters: SessionCounters,
        make_request: RequestFactory,
        uniform: Callable[[], float],
    ) -> None:
        self.target = target
        self.url = url
        self.opened_ms = self._now_ms = now_ms
        self._venue = venue
        self._limits = limits
        self._topics = venue.topics(target)
        self._book_topic = self._topics[0]
        self._topic_keys = {topic.key for topic in self._topics}
        self._first_message = self._first_top = self._first_book = False
        self._idle_until_ms = 0
        self._reader = BookReader(venue, target, self._book_topic.key)
        self._decode_errors = DecodeErrors(limits, counters, url)
        fetch_snapshot = partial(request_book, venue, make_request, FetchPurpose.SNAPSHOT)
        self._book_sync = BookSync(self._book_topic, venue.recovery, limits, counters, fetch_snapshot, uniform, url)
        check_book = partial(request_book, venue, make_request, FetchPurpose.BOOK_CHECK)
        self._watchdog = SilenceWatchdog(
            now_ms, limits, self._book_sync, self._book_topic.key, None if venue.snapshot is None else check_book
        )
        self._pings = PingTimer(now_ms, venue.keep_alive, limits, counters)

    @property
    def live(self) -> bool:
        """True while the book is complete."""
        return self._book_sync.live

    @property
    def proven_quiet_ms(self) -> int | None:
        """The last time at which the market was proven quiet; None if it was not."""
        return self._watchdog.proven_quiet_ms

    @property
    def due_ms(self) -> int:
        """The latest time of the next `step`."""
        end_ms = self.opened_ms + self._limits.session_ms if self._limits.session_ms else None
        times = (self._watchdog.due_ms, self._book_sync.due_ms, self._pings.due_ms(self._now_ms), end_ms)
        return min(time for time in times if time is not None)

    def begin(self) -> Iterator[Action]:
        """Subscribe the book's topic; the others follow the first book, so that a refusal before it is the book's."""
        yield Note("limits", {"read_ms": self._limits.read_ms, "stale_ms": self._limits.stale_ms})
        if self._book_topic.subscribe is None:
            yield from self._book_sync.subscribed()
        else:
            yield Send(self._book_topic.subscribe)

    def usual_step(self, now_ms: int, received: Received) -> Publish | None:
        """Handle a usual frame of a live book while no timer can be due, and return what to publish.

        For any other frame it does nothing and returns None: `step` handles it.
        """
        if now_ms >= self._idle_until_ms:
            return None
        frame = self._reader.read(received)
        publish = None if frame is None else self._book_sync.follow(now_ms, frame)
        if publish is None:
            self._reader.keep(received, frame)
            return None
        self._now_ms = now_ms
        self._watchdog.data_frame(now_ms)
        self._decode_errors.book_data()
        return publish

    def step(self, now_ms: int, event: SessionEvent) -> Iterator[Action]:
        """Handle one event that arrived at `now_ms`, then the timers; the caller stops at the first `Close`."""
        yield from self._handle_event(now_ms, event)
        yield from self._timers(now_ms, 0 if isinstance(event, TimePassed) else LATE_MS)
        self._idle_until_ms = self._first_timer_ms

    @property
    def _first_timer_ms(self) -> int:
        """The time until which frames need no look at the timers; 0 if each step needs one."""
        if not (self._first_top and self._first_book and self._book_sync.live) or self._watchdog.suspects:
            return 0
        pings_ms = self._pings.due_ms(0)
        return min(self.due_ms, self._watchdog.covers_pong_ms, self.due_ms if pings_ms is None else pings_ms)

    def _handle_event(self, now_ms: int, event: SessionEvent) -> Iterator[Action]:
        if now_ms - max(self._now_ms, self.due_ms) > LATE_MS:
            self._watchdog.restart_limits(now_ms)
            self._pings.extend_limit(now_ms + self._limits.pong_ms)
        elif self._watchdog.covers_missing_pong(now_ms):
            # If data comes again after a pause, the pong may follow it.
            self._pings.extend_limit(now_ms + LATE_MS)
        self._now_ms = now_ms
        match event:
            case Received():
                yield from self._received(now_ms, event)
            case ControlReceived(control):
                if control is Control.PONG:
                    self._pings.pong(PingKind.CONTROL)
                yield from self._watchdog.control_frame(now_ms, control)
            case Fetched() | FetchFailed():
                yield from self._book_response(now_ms, event)
            case SocketClosed(code, detail):
                closed = code is not None and code != NO_CLOSE_FRAME
                yield Close(ReconnectReason.SERVER_CLOSE if closed else ReconnectReason.STREAM_ENDED, detail, code=code)
            case SendFailed(detail, ping):
                yield from self._pings.send_failed(detail) if ping else [Close(ReconnectReason.STREAM_ENDED, detail)]

    def _timers(self, now_ms: int, grace_ms: int) -> Iterator[Action]:
        if (limit_ms := self._limits.session_ms) and now_ms >= self.opened_ms + limit_ms:
            yield Close(ReconnectReason.SESSION_TIMEOUT, f"{limit_ms // 1_000}s")
        yield from self._book_sync.timers(now_ms)
        yield from self._watchdog.timers(now_ms, grace_ms)
        covered = self._watchdog.covers_missing_pong(now_ms)
        yield from self._pings.timers(now_ms, judged_until_ms=None if covered else now_ms - grace_ms)

    # --- frames -------------------------------------------------------------------------------------------------------

    def _received(self, now_ms: int, received: Received) -> Iterator[Action]:
        self._watchdog.data_frame(now_ms)
        if not self._first_message:
            self._first_message = True
            yield Note("first_message", {"snippet": snippet(received)})
        if (usual := self._reader.read_again(received)) is not None:
            yield from self._book_frame(now_ms, usual)
            return
        try:
            message = parse(self._venue, received)
        except (ValueError, RecursionError) as error:
            self._watchdog.unreadable(now_ms, ReconnectReason.PARSE_ERROR)
            yield from self._decode_errors.unparsable(now_ms, received, str(error))
            return
        for frame in decode(self._venue, self.target, received, message):
            if isinstance(frame, Book | BookDelta) and frame.topic == self._book_topic.key:
                yield from self._book_frame(now_ms, frame)
            else:
                yield from self._handle(now_ms, frame, received, message)

    def _book_frame(self, now_ms: int, frame: Book | BookDelta) -> Iterator[Action]:
        yield from self._with_milestones(self._book_sync.receive(now_ms, frame))
        if self._book_sync.data_ms == now_ms:
            self._decode_errors.book_data()

    def _handle(self, now_ms: int, frame: Frame, received: Received, message: Any) -> Iterator[Action]:
        match frame:
            case Trade() | Funding() if frame.topic in self._topic_keys:
                self._watchdog.other_topic(now_ms)
                yield Publish(frame)
            case Ack(topic, subscribed):
                yield from self._acknowledged(topic) if subscribed else ()
            case Heartbeat(pong, reply):
                self._watchdog.heartbeat(now_ms)
                if pong:
                    self._pings.pong(PingKind.JSON)
                if reply is not None:
                    yield Send(reply)
            case Refusal(text, code, topic):
                yield from self._refused(text, code, topic)
            case ClosingSoon(in_ms):
                yield Note("closing_soon", {"in_ms": in_ms})
            case Ignored():
                pass
            case Unrecognised(kind):
                self._watchdog.other_topic(now_ms)
                yield from self._decode_errors.unrecognised(received, kind)
            case DecodeMiss(why):
                yield from self._unknown_shape(now_ms, received, why, message)
            case unsubscribed:
                yield from self._unknown_shape(now_ms, received, f"topic {unsubscribed.topic} is not ours", message)

    def _unknown_shape(self, now_ms: int, received: Received, why: str, message: Any) -> Iterator[Action]:
        self._watchdog.unreadable(now_ms, ReconnectReason.DECODE_FAIL_LOOP)
        yield from self._decode_errors.unknown_shape(received, why, message)

    def _with_milestones(self, actions: Iterable[Action]) -> Iterator[Action]:
        for action in actions:
            yield action
            if isinstance(action, Publish):
                yield from self._milestones()

    def _milestones(self) -> Iterator[Action]:
        """Note the first complete top and the first book; the first book subscribes the other topics."""
        if self._first_top and self._first_book:
            return
        bid, ask = self._book_sync.book.top()
        if not self._first_top and bid is not None and ask is not None:
            self._first_top = True
            names = ("bid_px", "bid_sz", "ask_px", "ask_sz")
            yield Note("first_top", {name: format(value, "f") for name, value in zip(names, bid + ask, strict=True)})
        if not self._first_book:
            self._first_book = True
            yield Note("first_book", {"after_ms": self._now_ms - self.opened_ms, "seq": self._book_sync.book.seq})
            yield from (Send(topic.subscribe) for topic in self._topics[1:] if topic.subscribe is not None)

    def _acknowledged(self, topic: str | None) -> Iterator[Action]:
        if topic in (None, self._book_topic.key) and not self._watchdog.acked:
            self._watchdog.acked = True
            names = {"topic": self._book_topic.key, "market": self.target.market, "instrument": self.target.instrument}
            yield Note("subscribed", {**self.target.options, **names})
            yield from self._book_sync.subscribed()

    def _refused(self, text: str, code: int | None, topic: str | None) -> Iterator[Action]:
        fatal = topic == self._book_topic.key or (topic is None and not self._book_sync.live)
        yield Note("refusal", {"text": text[:SNIPPET], "code": code, "topic": topic, "fatal": fatal})
        if fatal:
            yield Close(ReconnectReason.SUBSCRIBE_ERROR, text[:SNIPPET], topic=topic)

    # --- REST responses -----------------------------------------------------------------------------------------------

    def _book_response(self, now_ms: int, response: Fetched | FetchFailed) -> Iterator[Action]:
        if self._venue.snapshot is None:
            return
        book = decode_response(self._venue.snapshot, self.target, response)
        if not self._book_sync.waits_for(response.ticket):
            checked = None if isinstance(book, RestFailure) else book
            yield from self._watchdog.book_checked(now_ms, response.ticket, checked)
        elif isinstance(book, RestFailure):
            yield from self._book_sync.snapshot_failed(now_ms, book.why, book.status, book.retry_after_ms)
        else:
            yield from self._with_milestones(self._book_sync.snapshot_received(now_ms, book))
