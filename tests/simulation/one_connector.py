"""Simulation of one connector and one simulated venue in virtual time, without sockets or a clock.

The network between them takes `latency_ms` each way and keeps the order. Every book that the connector publishes is
compared with the true book of the last frame and with the REST book fetched last; a book that equals neither is wrong.

A simulation drives its connector alone, or beside others that share an `EventSink`. While the sink has no room for a
book, the connector is blocked and incoming events are deferred, as a real driver leaves data in the socket.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from random import Random
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
    FetchPurpose,
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
    Framing,
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
from tests.simulation.connector_record import ConnectorRecord, EventSink
from tests.simulation.fault_matrix import HEADERS
from toolkit.model.vocabulary import ReconnectReason

FOREVER_MS = 2**62


class Simulation:
    """Connector, simulated venue and the network between them.

    The connector is `machine`, or a new one for `venue` with the settings in `environ`. Each `check_each`th book is
    compared with the true book. Hosts in `unresolved` have no address.
    """

    def __init__(
        self,
        venue: Venue,
        protocol: VenueProtocol,
        *,
        machine: Connector | None = None,
        sink: EventSink | None = None,
        plan: Iterable[PlannedFault] = (),
        environ: Mapping[str, str] | None = None,
        seed: int = 1,
        base: str = "ETH",
        latency_ms: int = 5,
        start_unix_ms: int = 1_790_000_000_000,
        write_truth: TruthWriter | None = None,
        check_each: int = 1,
        unresolved: Collection[str] = (),
    ) -> None:
        self.exchange = Exchange(
            protocol, base=base, seed=seed, start_unix_ms=start_unix_ms, plan=plan, write_truth=write_truth
        )
        self.machine = machine or make_connector(venue, environ or {}, base=base, seed=seed)
        self.venue = venue.name
        self.record = ConnectorRecord()
        self.book = OrderBook()
        self.true_book: TrueBook | None = None
        self._fetched: TrueBook | None = None
        self._check_each = check_each
        self._unresolved = unresolved
        self._latency_ms = latency_ms
        self._in_flight: list[tuple[int, int, Callable[[int], None]]] = []
        self._sent_count = self._sockets = 0
        self._conn_id: str | None = None
        self._sink = sink
        self._pending_actions: deque[Action] = deque()
        self._deferred_events: deque[tuple[int, SessionEvent, TrueBook | None]] = deque()
        self._connector_due_ms = FOREVER_MS
        self._handle_event(0, Started())

    @property
    def due_ms(self) -> int:
        """Time of the next event, in ms."""
        delivery_ms = self._in_flight[0][0] if self._in_flight else FOREVER_MS
        return min(delivery_ms, self.exchange.due_ms, self._connector_due_ms)

    def step(self, now_ms: int) -> None:
        """Handle the event that is due first."""
        if self._in_flight and self._in_flight[0][0] <= now_ms:
            heapq.heappop(self._in_flight)[2](now_ms)
        elif self.exchange.due_ms <= now_ms:
            self._transmit(now_ms, self.exchange.advance(now_ms))
        else:
            self._handle_event(now_ms, TimePassed())

    def run(self, until_ms: int) -> ConnectorRecord:
        """Run until `until_ms` and return the record; may be called again with a later time."""
        while (now_ms := self.due_ms) <= until_ms:
            self.step(now_ms)
        return self.record

    @property
    def blocked(self) -> bool:
        """True while the connector waits for room in the sink."""
        return bool(self._pending_actions)

    def resume(self, now_ms: int) -> None:
        """Continue after a block: offer the waiting book again, then handle the deferred events."""
        self._perform_pending(now_ms, retry=True)
        while self._deferred_events and not self._pending_actions:
            socket, event, true_book = self._deferred_events.popleft()
            if socket == self._sockets:
                self._handle_event(now_ms, event, true_book)

    def stop(self, now_ms: int) -> None:
        """Stop the connector as an operator does."""
        self._handle_event(now_ms, Stop())

    def restart(self, now_ms: int, reason: ReconnectReason) -> None:
        """Restart the connector as the enforcer does, whatever it waits for."""
        self._pending_actions.clear()
        self._deferred_events.clear()
        self._handle_event(now_ms, Stop(reason, restart=True))

    def request(self, now_ms: int, fetch: Fetch, answered: Callable[[Fetched | FetchFailed], None]) -> None:
        """Make a REST request beside the connector's own; `answered` is called once with the response."""
        self._send_later(now_ms, partial(self._fetch, fetch, lambda _at_ms, response: answered(response)))

    @property
    def has_true_book(self) -> bool:
        """True if the connector's book equals the true book of its last frame."""
        return self.true_book is not None and self.book.depth() == self.true_book.levels()

    # --- connector ------------------------------------------------------------------------------------------------

    def _handle_event(self, now_ms: int, event: SessionEvent, true_book: TrueBook | None = None) -> None:
        """Pass an event to the connector, with the true book of its frame."""
        if self._pending_actions:
            self._deferred_events.append((self._sockets, event, true_book))
            return
        self.true_book = true_book or self.true_book
        before = self.record.books
        self._pending_actions.extend(self.machine.step(now_ms, event))
        self._perform_pending(now_ms)
        if self.record.books > before and self.record.books // self._check_each > before // self._check_each:
            true_books = [true_book.levels() for true_book in (self.true_book, self._fetched) if true_book is not None]
            if self.book.depth() not in true_books:
                self.record.wrong_books_ms.append(now_ms)

    def _perform_pending(self, now_ms: int, *, retry: bool = False) -> None:
        """Perform the connector's actions up to a book for which the sink has no room."""
        while self._pending_actions:
            action = self._pending_actions[0]
            if isinstance(action, Publish) and self._sink is not None and not self._sink.offer(action, retry=retry):
                self._connector_due_ms = FOREVER_MS
                return
            retry = False
            self._perform_action(now_ms, self._pending_actions.popleft())
        due_ms = self.machine.due_ms
        self._connector_due_ms = FOREVER_MS if due_ms is None else due_ms

    def _perform_action(self, now_ms: int, action: Action) -> None:
        match action:
            case Connect():
                self._sockets += 1
                self._send_later(now_ms, partial(self._handshake, self._sockets, action))
            case Send(text=text) if self._conn_id is not None:
                conn_id = self._conn_id
                self._send_later(
                    now_ms, lambda at_ms: self._transmit(at_ms, self.exchange.receive(at_ms, conn_id, text))
                )
            case Ping(payload=payload) if self._conn_id is not None:
                self._send_later(now_ms, partial(self._send_control, self._conn_id, Control.PING, payload.encode()))
            case Close():
                self.record.closes.append((now_ms, action))
                self._leave_socket(now_ms)
            case Fetch():
                self._send_later(now_ms, partial(self._fetch, action, self._handle_event))
            case Publish(event=event, flaws=flaws, source=source) if isinstance(event, Book | BookDelta):
                self._apply_book(now_ms, event, flaws, source)
            case Note():
                self.record.notes.append((now_ms, action))
                if self._sink is not None:
                    self._sink.note(action)
            case _:
                pass

    def _apply_book(self, now_ms: int, event: Book | BookDelta, flaws: BookFlaws, source: EventSource) -> None:
        if isinstance(event, Book):
            self.book.replace(event)
        else:
            self.book.apply(event)
        self.record.flaws.add(flaws)
        if source is not EventSource.INJECTED:
            self.record.books += 1
            self.record.last_book_ms = now_ms

    def _leave_socket(self, now_ms: int) -> None:
        """Leave the socket in any state; messages in flight are lost."""
        self._sockets += 1
        if self._conn_id is not None:
            conn_id, self._conn_id = self._conn_id, None
            self._send_later(
                now_ms, lambda at_ms: self._transmit(at_ms, self.exchange.client_left(at_ms, conn_id, 1000))
            )

    # --- network --------------------------------------------------------------------------------------------------

    def _send_later(self, now_ms: int, callback: Callable[[int], None], after_ms: int | None = None) -> None:
        self._sent_count += 1
        at_ms = now_ms + (self._latency_ms if after_ms is None else after_ms)
        heapq.heappush(self._in_flight, (at_ms, self._sent_count, callback))

    def _deliver(self, now_ms: int, socket: int, event: SessionEvent, after_ms: int | None = None) -> None:
        """Deliver an event to the connector after the latency, if it still has this socket."""

        def handle(at_ms: int) -> None:
            if socket == self._sockets:
                self._handle_event(at_ms, event)

        self._send_later(now_ms, handle, after_ms)

    def _transmit(self, now_ms: int, actions: Iterable[ExchangeAction]) -> None:
        for action in actions:
            match action:
                case SendData(conn_id, data, _, true_book, framing) if conn_id == self._conn_id:
                    binary = isinstance(data, bytes) and framing is not Framing.RAW_TEXT
                    received = Received(data, binary=binary)
                    self._send_later(now_ms, partial(self._receive, self._sockets, received, true_book))
                case SendControl(conn_id, control, _) if conn_id == self._conn_id:
                    self._deliver(now_ms, self._sockets, ControlReceived(control))
                    if control is Control.PING:
                        pong_after_ms = 2 * self._latency_ms
                        self._send_later(now_ms, partial(self._send_control, conn_id, Control.PONG, b""), pong_after_ms)
                case CloseConnection(conn_id, code, reason) if conn_id == self._conn_id:
                    self._conn_id = None
                    self._deliver(now_ms, self._sockets, SocketClosed(code, reason))
                case _:
                    pass

    def _receive(self, socket: int, received: Received, true_book: TrueBook | None, now_ms: int) -> None:
        if socket == self._sockets:
            self._handle_event(now_ms, received, true_book)

    def _send_control(self, conn_id: str, control: Control, payload: bytes, now_ms: int) -> None:
        self._transmit(now_ms, self.exchange.receive_control(now_ms, conn_id, control, payload))

    def _handshake(self, socket: int, connect: Connect, now_ms: int) -> None:
        if socket != self._sockets:
            return
        parts = urlsplit(connect.url)
        if parts.hostname in self._unresolved:
            self._deliver(now_ms, socket, ConnectFailed(f"{parts.hostname}: Name or service not known"))
            return
        result, actions = self.exchange.connect(
            now_ms, parts.path + (f"?{parts.query}" if parts.query else ""), HEADERS
        )
        match result:
            case Accepted(conn_id):
                self._conn_id = conn_id
                self._deliver(now_ms, socket, Opened())
            case HttpResponse(status=status, headers=headers):
                failed = ConnectFailed(f"HTTP {status}", status=status, retry_after_ms=_retry_after_ms(headers))
                self._deliver(now_ms, socket, failed)
            case Unanswered():
                failed = ConnectFailed("no answer", timeout=True)
                self._deliver(now_ms, socket, failed, connect.timeout_ms - self._latency_ms)
            case _:
                self._deliver(now_ms, socket, ConnectFailed("connection refused"))
        self._transmit(now_ms, actions)

    def _fetch(self, fetch: Fetch, answered: Callable[[int, Fetched | FetchFailed], None], now_ms: int) -> None:
        parts = urlsplit(fetch.url)
        body = (fetch.call.body or "").encode()
        request = Request(fetch.call.method, parts.path, dict(parse_qsl(parts.query)), body, HEADERS)
        response, actions = self.exchange.request(now_ms, request)
        self._transmit(now_ms, actions)
        if isinstance(response, HttpResponse):
            self._send_later(now_ms, partial(self._receive_response, fetch, response, answered))
        else:
            failed = FetchFailed(fetch.ticket, f"no answer within {fetch.timeout_ms} ms")
            self._send_later(now_ms, lambda at_ms: answered(at_ms, failed), fetch.timeout_ms - self._latency_ms)

    def _receive_response(
        self,
        fetch: Fetch,
        response: HttpResponse,
        answered: Callable[[int, Fetched | FetchFailed], None],
        now_ms: int,
    ) -> None:
        if response.status == 200:
            if fetch.purpose is not FetchPurpose.MONITOR:
                self._fetched = response.true_book
            answered(now_ms, Fetched(fetch.ticket, response.body))
        else:
            after_ms = _retry_after_ms(response.headers)
            answered(now_ms, FetchFailed(fetch.ticket, f"HTTP {response.status}", response.status, after_ms))


def make_connector(venue: Venue, environ: Mapping[str, str], *, base: str, seed: int) -> Connector:
    """Create a venue's connector with these settings; its random waits depend on the seed."""
    resolved = settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), environ)
    target, limits = settings.target(venue, resolved, base), settings.limits(venue, resolved)
    return Connector(venue, target, limits, Random(f"{seed}/{venue.name}/wait").random)


def _retry_after_ms(headers: Iterable[tuple[str, str]]) -> int | None:
    return next((int(value) * 1_000 for name, value in headers if name == "Retry-After"), None)
