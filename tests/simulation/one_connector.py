"""One connector against one loopback venue in virtual time: no sockets, no clock, a day in seconds.

The wire between them takes `latency_ms` each way and keeps the order. Every book that the connector publishes is held
against what the venue meant by its last frame, or by the REST book just fetched: one that is neither is wrong.

A simulation drives its connector alone, or beside others towards an `Outlet`. While that has no room for a book the
connector does nothing else and what the wire brings is kept, as a driver leaves it in the socket.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from connectors import settings
from connectors.session.book import OrderBook
from connectors.session.connector import Connector
from connectors.session.events import (
    Action,
    BookFlaws,
    Close,
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    EventSource,
    Fetch,
    Fetched,
    FetchFailed,
    Note,
    Opened,
    Ping,
    Publish,
    Received,
    Send,
    SessionEvent,
    SocketClosed,
    Started,
    Stop,
    TimePassed,
)
from connectors.simulator.exchange import Exchange
from connectors.simulator.ground_truth import TruthWriter
from connectors.simulator.messages import (
    Accepted,
    CloseConnection,
    ExchangeAction,
    HttpResponse,
    Request,
    SendControl,
    SendData,
    TrueBook,
    Unanswered,
)
from connectors.simulator.protocols.base import VenueProtocol
from connectors.simulator.scenario import PlannedFault
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import Venue

FOREVER_MS = 2**62

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
"""Notes that tell of something wrong without ending the session."""


@dataclass(slots=True)
class Story:
    """What a run came to; times in ms since its begin."""

    closes: list[tuple[int, Close]] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    flaws: set[BookFlaws] = field(default_factory=set)
    books: int = 0
    last_book_ms: int = 0

    @property
    def alarms(self) -> set[str]:
        """The kinds of notes that tell of something wrong."""
        return {note.kind for _, note in self.notes} & ALARMS

    def noted(self, kind: str) -> list[tuple[int, Note]]:
        """The notes of one kind."""
        return [(at_ms, note) for at_ms, note in self.notes if note.kind == kind]


class Outlet(Protocol):
    """Where a connector's events and notes go, besides its story."""

    def take(self, event: Publish, *, again: bool) -> bool:
        """Take an event; False for a book that found no room and is offered `again` when there may be some."""

    def note(self, note: Note) -> None:
        """Take a note."""


class Simulation:
    """A connector, a venue and the wire between them.

    The connector is `machine`, or one made for `venue`; `environ` holds its settings by name.
    """

    def __init__(
        self,
        venue: Venue,
        protocol: VenueProtocol,
        *,
        machine: Connector | None = None,
        outlet: Outlet | None = None,
        plan: Iterable[PlannedFault] = (),
        environ: Mapping[str, str] | None = None,
        seed: int = 1,
        base: str = "ETH",
        latency_ms: int = 5,
        start_unix_ms: int = 1_790_000_000_000,
        write_truth: TruthWriter | None = None,
        check_each: int = 1,
    ) -> None:
        self.exchange = Exchange(
            protocol, base=base, seed=seed, start_unix_ms=start_unix_ms, plan=plan, write_truth=write_truth
        )
        self.machine = machine or connector(venue, environ or {}, base=base, seed=seed)
        self.venue = venue.name
        self.story = Story()
        self.book = OrderBook()
        self.true_book: TrueBook | None = None
        self._fetched: TrueBook | None = None
        self._check_each = check_each
        self._latency_ms = latency_ms
        self._mail: list[tuple[int, int, Callable[[int], None]]] = []
        self._letters = self._sockets = 0
        self._link: str | None = None
        self._outlet = outlet
        self._todo: deque[Action] = deque()
        self._kept: deque[tuple[int, SessionEvent, TrueBook | None]] = deque()
        self._machine_ms = FOREVER_MS
        self._give(0, Started())

    @property
    def due_ms(self) -> int:
        """When `step` has something to do."""
        mail_ms = self._mail[0][0] if self._mail else FOREVER_MS
        return min(mail_ms, self.exchange.due_ms, self._machine_ms)

    def step(self, now_ms: int) -> None:
        """Do the one thing that is due first."""
        if self._mail and self._mail[0][0] <= now_ms:
            heapq.heappop(self._mail)[2](now_ms)
        elif self.exchange.due_ms <= now_ms:
            self._carry(now_ms, self.exchange.advance(now_ms))
        else:
            self._give(now_ms, TimePassed())

    def run(self, until_ms: int) -> Story:
        """Let both live until this time; may be called again with a later one."""
        while (now_ms := self.due_ms) <= until_ms:
            self.step(now_ms)
        return self.story

    @property
    def waits(self) -> bool:
        """Whether the connector waits for room."""
        return bool(self._todo)

    def relieve(self, now_ms: int) -> None:
        """There may be room for what waits."""
        self._pursue(now_ms, again=True)
        while self._kept and not self._todo:
            socket, given, true_book = self._kept.popleft()
            if socket == self._sockets:
                self._give(now_ms, given, true_book)

    def stop(self, now_ms: int) -> None:
        """The operator ends it."""
        self._give(now_ms, Stop())

    @property
    def true(self) -> bool:
        """Whether the connector's book is the one that the venue meant last."""
        return self.true_book is not None and self.book.depth() == self.true_book.levels()

    # --- the connector's side -------------------------------------------------------------------------------------

    def _give(self, now_ms: int, given: SessionEvent, true_book: TrueBook | None = None) -> None:
        """Bring something to the connector, with the book that the venue means by it."""
        if self._todo:
            self._kept.append((self._sockets, given, true_book))
            return
        self.true_book = true_book or self.true_book
        before = self.story.books
        self._todo.extend(self.machine.step(now_ms, given))
        self._pursue(now_ms)
        if self.story.books > before and self.story.books // self._check_each > before // self._check_each:
            meant = [true_book.levels() for true_book in (self.true_book, self._fetched) if true_book is not None]
            if self.book.depth() not in meant:
                self.story.wrong.append(now_ms)

    def _pursue(self, now_ms: int, *, again: bool = False) -> None:
        """Do what the connector wants, up to a book for which there is no room."""
        while self._todo:
            action = self._todo[0]
            if isinstance(action, Publish) and self._outlet is not None and not self._outlet.take(action, again=again):
                self._machine_ms = FOREVER_MS
                return
            again = False
            self._perform(now_ms, self._todo.popleft())
        due_ms = self.machine.due_ms
        self._machine_ms = FOREVER_MS if due_ms is None else due_ms

    def _perform(self, now_ms: int, action: Action) -> None:
        match action:
            case Connect():
                self._sockets += 1
                self._post(now_ms, partial(self._meet, self._sockets, action))
            case Send(text=text) if self._link is not None:
                conn_id = self._link
                self._post(now_ms, lambda at_ms: self._carry(at_ms, self.exchange.receive(at_ms, conn_id, text)))
            case Ping(payload=payload) if self._link is not None:
                self._post(now_ms, partial(self._signal, self._link, Control.PING, payload.encode()))
            case Close():
                self.story.closes.append((now_ms, action))
                self._drop(now_ms)
            case Fetch():
                self._post(now_ms, partial(self._fetch, action))
            case Publish(event=event, flaws=flaws, source=source) if isinstance(event, Book | BookDelta):
                self._take(now_ms, event, flaws, source)
            case Note():
                self.story.notes.append((now_ms, action))
                if self._outlet is not None:
                    self._outlet.note(action)
            case _:
                pass

    def _take(self, now_ms: int, event: Book | BookDelta, flaws: BookFlaws, source: EventSource) -> None:
        if isinstance(event, Book):
            self.book.replace(event)
        else:
            self.book.apply(event)
        self.story.flaws.add(flaws)
        if source is not EventSource.INJECTED:
            self.story.books += 1
            self.story.last_book_ms = now_ms

    def _drop(self, now_ms: int) -> None:
        """Leave the socket, in whatever state it is; what is still on its way is lost."""
        self._sockets += 1
        if self._link is not None:
            conn_id, self._link = self._link, None
            self._post(now_ms, lambda at_ms: self._carry(at_ms, self.exchange.client_left(at_ms, conn_id, 1000)))

    # --- the wire -------------------------------------------------------------------------------------------------

    def _post(self, now_ms: int, letter: Callable[[int], None], after_ms: int | None = None) -> None:
        self._letters += 1
        at_ms = now_ms + (self._latency_ms if after_ms is None else after_ms)
        heapq.heappush(self._mail, (at_ms, self._letters, letter))

    def _deliver(self, now_ms: int, socket: int, given: SessionEvent, after_ms: int | None = None) -> None:
        """Bring something to the connector, if it still has this socket then."""

        def arrive(at_ms: int) -> None:
            if socket == self._sockets:
                self._give(at_ms, given)

        self._post(now_ms, arrive, after_ms)

    def _carry(self, now_ms: int, actions: Iterable[ExchangeAction]) -> None:
        for action in actions:
            match action:
                case SendData(conn_id, data, _, true_book) if conn_id == self._link:
                    self._post(now_ms, partial(self._receive, self._sockets, data, true_book))
                case SendControl(conn_id, control, _) if conn_id == self._link:
                    self._deliver(now_ms, self._sockets, ControlReceived(control))
                    if control is Control.PING:
                        back_ms = 2 * self._latency_ms
                        self._post(now_ms, partial(self._signal, conn_id, Control.PONG, b""), back_ms)
                case CloseConnection(conn_id, code, reason) if conn_id == self._link:
                    self._link = None
                    self._deliver(now_ms, self._sockets, SocketClosed(code, reason))
                case _:
                    pass

    def _receive(self, socket: int, data: str | bytes, true_book: TrueBook | None, now_ms: int) -> None:
        if socket == self._sockets:
            self._give(now_ms, Received(data), true_book)

    def _signal(self, conn_id: str, control: Control, payload: bytes, now_ms: int) -> None:
        self._carry(now_ms, self.exchange.receive_control(now_ms, conn_id, control, payload))

    def _meet(self, socket: int, connect: Connect, now_ms: int) -> None:
        if socket != self._sockets:
            return
        parts = urlsplit(connect.url)
        met, actions = self.exchange.connect(now_ms, parts.path + (f"?{parts.query}" if parts.query else ""))
        match met:
            case Accepted(conn_id):
                self._link = conn_id
                self._deliver(now_ms, socket, Opened())
            case HttpResponse(status=status, headers=headers):
                failed = ConnectFailed(f"HTTP {status}", status=status, retry_after_ms=_retry_after_ms(headers))
                self._deliver(now_ms, socket, failed)
            case Unanswered():
                failed = ConnectFailed("no answer", timeout=True)
                self._deliver(now_ms, socket, failed, connect.timeout_ms - self._latency_ms)
            case _:
                self._deliver(now_ms, socket, ConnectFailed("connection refused"))
        self._carry(now_ms, actions)

    def _fetch(self, fetch: Fetch, now_ms: int) -> None:
        parts = urlsplit(fetch.url)
        body = (fetch.call.body or "").encode()
        request = Request(fetch.call.method, parts.path, dict(parse_qsl(parts.query)), body)
        answer, actions = self.exchange.request(now_ms, request)
        self._carry(now_ms, actions)
        self._post(now_ms, partial(self._answer, fetch.ticket, answer))

    def _answer(self, ticket: int, answer: HttpResponse, now_ms: int) -> None:
        if answer.status == 200:
            self._fetched = answer.true_book
            self._give(now_ms, Fetched(ticket, answer.body))
        else:
            after_ms = _retry_after_ms(answer.headers)
            self._give(now_ms, FetchFailed(ticket, f"HTTP {answer.status}", answer.status, after_ms))


def connector(venue: Venue, environ: Mapping[str, str], *, base: str, seed: int) -> Connector:
    """A venue's connector with these settings, its waits drawn from the seed."""
    resolved = settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), environ)
    target, limits = settings.target(venue, resolved, base), settings.limits(venue, resolved)
    return Connector(venue, target, limits, Random(f"{seed}/{venue.name}/wait").random)


def _retry_after_ms(headers: Iterable[tuple[str, str]]) -> int | None:
    return next((int(value) * 1_000 for name, value in headers if name == "Retry-After"), None)
