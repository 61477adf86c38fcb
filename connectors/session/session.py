"""One open connection, from its opening to the first reason to end it.

Each frame is parsed, decoded whole and then taken frame by frame: books by the `BookKeeper`, other data straight to the
consumer, refusals and unreadable frames by the rules below. The first `Close` is the last word.

    refusal of the book, or of nothing in particular while the book is not live   subscribe_error
    too many unreadable frames (`connectors.misreads`)                            parse_error, decode_fail_loop
    silence (`connectors.silence`, `connectors.keepalive`)                        stale_watchdog, read_timeout, ping_…
    the greatest age of a session                                                 session_timeout
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from connectors.session.book_sync import BookSync
from connectors.session.counters import SessionCounters
from connectors.session.decode_errors import DecodeErrors, snippet
from connectors.session.events import (
    Action,
    Close,
    Control,
    ControlReceived,
    Fetch,
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
from connectors.session.rest_polls import BAD_SHAPE, SNIPPET, RequestFactory, RestFailure, decode_response
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
)
from connectors.venues.spec import PingKind, Target, Venue, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

NO_CLOSE_FRAME = 1006


class SocketSession:
    """One session of one venue; `url` is where it is connected to, `ask` makes a REST request with a ticket."""

    def __init__(
        self,
        now_ms: int,
        venue: Venue,
        target: Target,
        limits: VenueLimits,
        url: str,
        counters: SessionCounters,
        ask: RequestFactory,
        uniform: Callable[[], float],
    ) -> None:
        self.target = target
        self.url = url
        self.opened_ms = self._now_ms = now_ms
        self._venue = venue
        self._limits = limits
        self._topics = venue.topics(target)
        self._book = self._topics[0]
        self._keys = {topic.key for topic in self._topics}
        self._first_message = self._first_top = self._first_book = False
        self._misreads = DecodeErrors(limits, counters, url)
        whole = partial(self._ask_book, ask, FetchPurpose.SNAPSHOT)
        self._keeper = BookSync(self._book, venue.recovery, limits, counters, whole, uniform, url)
        look = None if venue.snapshot is None else partial(self._ask_book, ask, FetchPurpose.BOOK_CHECK)
        self._watch = SilenceWatchdog(now_ms, limits, self._keeper, self._book.key, look)
        self._pinger = PingTimer(now_ms, venue.keep_alive, limits, counters)

    def _ask_book(self, ask: RequestFactory, purpose: FetchPurpose) -> Fetch:
        if self._venue.snapshot is None:
            raise ValueError(f"{self._venue.name} describes no book by REST, which its recovery needs")
        return ask(purpose, self._venue.snapshot)

    @property
    def live(self) -> bool:
        """Whether the book is whole."""
        return self._keeper.live

    @property
    def due_ms(self) -> int:
        """When to step at the latest."""
        limit_ms = self._limits.session_ms
        end_ms = self.opened_ms + limit_ms if limit_ms else None
        times = (self._watch.due_ms, self._keeper.due_ms, self._pinger.due_ms(self._now_ms), end_ms)
        return min(time for time in times if time is not None)

    def begin(self) -> Iterator[Action]:
        """Subscribe the book, and nothing else before it is there: then a refusal without a name is the book's."""
        yield Note("limits", {"read_ms": self._limits.read_ms, "stale_ms": self._limits.stale_ms})
        if self._book.subscribe is None:
            yield from self._keeper.subscribed()
        else:
            yield Send(self._book.subscribe)

    def step(self, now_ms: int, given: SessionEvent) -> Iterator[Action]:
        """Take one input, then look at the time; what ends for silence is judged only when nothing else came."""
        self._now_ms = now_ms
        match given:
            case Received(data):
                yield from self._received(now_ms, data)
            case ControlReceived(control):
                if control is Control.PONG:
                    self._pinger.pong(PingKind.CONTROL)
                yield from self._watch.control(now_ms, control)
            case Fetched() | FetchFailed():
                yield from self._answered(now_ms, given)
            case SocketClosed(code, detail):
                closed = code is not None and code != NO_CLOSE_FRAME
                yield Close(ReconnectReason.SERVER_CLOSE if closed else ReconnectReason.STREAM_ENDED, detail, code=code)
            case SendFailed(detail, ping):
                yield from self._pinger.failed(detail) if ping else [Close(ReconnectReason.STREAM_ENDED, detail)]
        yield from self._timers(now_ms, idle=isinstance(given, TimePassed))

    def _timers(self, now_ms: int, *, idle: bool) -> Iterator[Action]:
        limit_ms = self._limits.session_ms
        if limit_ms and now_ms >= self.opened_ms + limit_ms:
            yield Close(ReconnectReason.SESSION_TIMEOUT, f"{limit_ms // 1_000}s")
        yield from self._keeper.timers(now_ms)
        if idle:
            yield from self._watch.timers(now_ms)
        yield from self._pinger.timers(now_ms, judge=idle and not self._watch.doubts(now_ms))

    # --- frames -------------------------------------------------------------------------------------------------------

    def _received(self, now_ms: int, data: str | bytes) -> Iterator[Action]:
        self._watch.heard(now_ms)
        if not self._first_message:
            self._first_message = True
            yield Note("first_message", {"snippet": snippet(data)})
        try:
            message = msgspec.json.decode(data)
        except (ValueError, RecursionError) as error:
            self._watch.unread(now_ms, ReconnectReason.PARSE_ERROR)
            yield from self._misreads.no_json(now_ms, data, str(error))
            return
        try:
            frames = list(self._venue.decode(message))
        except BAD_SHAPE as error:
            frames = [DecodeMiss(f"{type(error).__name__}: {error}")]
        for frame in frames:
            yield from self._take(now_ms, frame, data, message)

    def _take(self, now_ms: int, frame: Frame, data: str | bytes, message: Any) -> Iterator[Action]:
        match frame:
            case Book() | BookDelta() if frame.topic == self._book.key:
                yield from self._keep(now_ms, frame)
            case Trade() | Funding() if frame.topic in self._keys:
                self._watch.other(now_ms)
                yield Publish(frame)
            case Ack(topic, subscribed):
                yield from self._acked(topic) if subscribed else ()
            case Heartbeat(pong, reply):
                self._watch.beat(now_ms)
                if pong:
                    self._pinger.pong(PingKind.JSON)
                if reply is not None:
                    yield Send(reply)
            case Refusal(text, code, topic):
                yield from self._refused(text, code, topic)
            case ClosingSoon(in_ms):
                yield Note("closing_soon", {"in_ms": in_ms})
            case Ignored():
                pass
            case DecodeMiss(why):
                yield from self._missed(now_ms, data, why, message)
            case unasked:
                yield from self._missed(now_ms, data, f"topic {unasked.topic} is not ours", message)

    def _missed(self, now_ms: int, data: str | bytes, why: str, message: Any) -> Iterator[Action]:
        self._watch.unread(now_ms, ReconnectReason.DECODE_FAIL_LOOP)
        yield from self._misreads.no_shape(data, why, message)

    def _keep(self, now_ms: int, frame: Book | BookDelta) -> Iterator[Action]:
        for action in self._keeper.take(now_ms, frame):
            yield action
            if isinstance(action, Publish):
                yield from self._firsts()
        if self._keeper.data_ms == now_ms:
            self._misreads.book_data()

    def _firsts(self) -> Iterator[Action]:
        """The milestones of a session: the first book, with which the other topics are asked for, and the first top."""
        if self._first_top and self._first_book:
            return
        bid, ask = self._keeper.book.top()
        if not self._first_top and bid is not None and ask is not None:
            self._first_top = True
            names = ("bid_px", "bid_sz", "ask_px", "ask_sz")
            yield Note("first_top", {name: format(value, "f") for name, value in zip(names, bid + ask, strict=True)})
        if not self._first_book:
            self._first_book = True
            yield Note("first_book", {"after_ms": self._now_ms - self.opened_ms, "seq": self._keeper.book.seq})
            yield from (Send(topic.subscribe) for topic in self._topics[1:] if topic.subscribe is not None)

    def _acked(self, topic: str | None) -> Iterator[Action]:
        if topic in (None, self._book.key) and not self._watch.acked:
            self._watch.acked = True
            named = {"topic": self._book.key, "market": self.target.market, "instrument": self.target.instrument}
            yield Note("subscribed", {**self.target.options, **named})
            yield from self._keeper.subscribed()

    def _refused(self, text: str, code: int | None, topic: str | None) -> Iterator[Action]:
        fatal = topic == self._book.key or (topic is None and not self._keeper.live)
        yield Note("refusal", {"text": text[:SNIPPET], "code": code, "topic": topic, "fatal": fatal})
        if fatal:
            yield Close(ReconnectReason.SUBSCRIBE_ERROR, text[:SNIPPET], topic=topic)

    # --- answers by REST ----------------------------------------------------------------------------------------------

    def _answered(self, now_ms: int, given: Fetched | FetchFailed) -> Iterator[Action]:
        if self._venue.snapshot is None:
            return
        book = decode_response(self._venue.snapshot, self.target, given)
        if not self._keeper.waits_for(given.ticket):
            yield from self._watch.looked(now_ms, given.ticket, None if isinstance(book, RestFailure) else book)
        elif isinstance(book, RestFailure):
            yield from self._keeper.fetch_failed(now_ms, book.why, book.status, book.retry_after_ms)
        else:
            for action in self._keeper.fetched(now_ms, book):
                yield action
                if isinstance(action, Publish):
                    yield from self._firsts()
