"""Simulated exchange: a venue as a state machine without I/O; callers pass in the time and carry out its actions.

The same seed, scenario and calls at the same times yield the same frames, byte for byte. Every method that takes a time
first runs the events due before it, so a late transport does not change what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import msgspec

from connectors.session.events import Control
from connectors.simulator.admission import Admission
from connectors.simulator.connections import Connection, Connections
from connectors.simulator.faults.active import ActiveFaults
from connectors.simulator.faults.injector import Injector
from connectors.simulator.ground_truth import TruthWriter
from connectors.simulator.market import MarketTrade
from connectors.simulator.market_data import MarketData, merge_changes
from connectors.simulator.messages import (
    Accepted,
    Content,
    ExchangeAction,
    HttpResponse,
    Refused,
    Request,
    SendData,
    Unanswered,
)
from connectors.simulator.protocols.base import (
    ClientResponse,
    Disconnect,
    SendReply,
    StartStream,
    StopStream,
    Stream,
    VenueProtocol,
    WrapFrames,
)
from connectors.simulator.protocols.limits import ServerLimits
from connectors.simulator.scenario import PlannedFault

FUNDING_MS = 1_000
"""Minimum time between two funding frames of a stream."""


class Exchange:
    """One simulated venue.

    `plan` is the venue's part of the scenario, `write_truth` receives the rows of the ground truth, and `start_unix_ms`
    is the wall clock at time 0; `limits` are those of a server. All `now_ms` are milliseconds since time 0 and must not
    decrease.
    """

    def __init__(
        self,
        protocol: VenueProtocol,
        *,
        base: str = "ETH",
        seed: int = 1,
        start_unix_ms: int = 0,
        plan: Iterable[PlannedFault] = (),
        write_truth: TruthWriter | None = None,
        limits: ServerLimits | None = None,
    ) -> None:
        self.protocol = protocol
        self.active_faults = ActiveFaults()
        self.market_data = MarketData(protocol, base, seed, start_unix_ms, self.active_faults.clock_ms)
        self.connections = Connections(protocol, self.active_faults, start_unix_ms, write_truth)
        self.admission = Admission(protocol, self.active_faults, self.connections, start_unix_ms, limits)
        self.connections.schedule(protocol.update_ms, self._update)
        Injector(
            protocol, self.market_data, self.connections, self.active_faults, partial(self._move_market, send_all=True)
        ).schedule(plan)

    @property
    def due_ms(self) -> int:
        """Time of the next scheduled event, in ms."""
        return self.connections.due_ms

    @property
    def compresses(self) -> bool:
        """True if new connections may compress messages."""
        return self.active_faults.compresses

    def advance(self, now_ms: int) -> list[ExchangeAction]:
        """Run the events due until `now_ms` and return the actions for the transport."""
        self.connections.advance(now_ms)
        actions, self.connections.actions = self.connections.actions, []
        return actions

    # --- client events --------------------------------------------------------------------------------------------

    def connect(
        self, now_ms: int, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[Accepted | HttpResponse | Refused | Unanswered, list[ExchangeAction]]:
        """Handle a WebSocket handshake for a URL path (with its query); names of `headers` are in lower case."""
        self.connections.advance(now_ms)
        return self._handshake(now_ms, path, headers or {}), self.advance(now_ms)

    def receive(self, now_ms: int, conn_id: str, data: str | bytes) -> list[ExchangeAction]:
        """Handle a data frame of a client."""
        self.connections.advance(now_ms)
        if (connection := self.connections.by_id.get(conn_id)) is not None:
            connection.received_ms = now_ms
            connection.client_frames += 1
            self._handle_frame(now_ms, connection, data)
        return self.advance(now_ms)

    def receive_control(
        self, now_ms: int, conn_id: str, control: Control, payload: bytes = b""
    ) -> list[ExchangeAction]:
        """Handle a control frame of a client; a ping is answered unless a fault withholds pongs."""
        self.connections.advance(now_ms)
        if (connection := self.connections.by_id.get(conn_id)) is not None:
            connection.received_ms = now_ms
            if control is Control.PONG:
                connection.ping_sent_ms = None
            else:
                connection.client_pings += 1
                self.connections.send_control(connection, Control.PONG, payload)
        return self.advance(now_ms)

    def client_left(self, now_ms: int, conn_id: str, code: int | None = None) -> list[ExchangeAction]:
        """Handle the end of a connection by the client; `code` is the code of its close frame, None without one."""
        self.connections.advance(now_ms)
        if (connection := self.connections.by_id.get(conn_id)) is not None:
            self.connections.client_gone(now_ms, connection, code)
        return self.advance(now_ms)

    def drop_client(self, now_ms: int, conn_id: str, code: int | None = None) -> None:
        """Drop a client that broke the protocol (`code` is the close code sent to it), or does not read (None)."""
        if (connection := self.connections.by_id.get(conn_id)) is not None:
            if code is None:
                self.connections.write_truth(now_ms, "slow_consumer", connection)
            self.connections.close(now_ms, connection, code=code or 0)

    def request(self, now_ms: int, request: Request) -> tuple[HttpResponse | Unanswered, list[ExchangeAction]]:
        """Handle a REST request."""
        self.connections.advance(now_ms)
        state = self.market_data.rest_state(now_ms, updates_ago=self.active_faults.rest_updates_late)
        response = self.admission.respond(now_ms, request, state)
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        path = request.path + (f"?{query}" if query else "")
        status = response.status if isinstance(response, HttpResponse) else None
        self.connections.write_truth(now_ms, "rest_request", path=path, status=status)
        return response, self.advance(now_ms)

    # --- responses ------------------------------------------------------------------------------------------------

    def _handshake(
        self, now_ms: int, path: str, headers: Mapping[str, str]
    ) -> Accepted | HttpResponse | Refused | Unanswered:
        parts = urlsplit(path)
        request = Request("GET", parts.path, dict(parse_qsl(parts.query)), headers=headers)
        if (refusal := self.admission.refuse_handshake(now_ms, request, path)) is not None:
            return refusal
        streams = self.protocol.streams_for_path(path, self.market_data.symbol)
        if streams is None:
            self.connections.write_truth(now_ms, "no_such_path", path=path)
            return self.protocol.unknown_path(request)
        connection = self.connections.connect(now_ms, path)
        for fault in self.active_faults.idle_faults():
            self.connections.watch_idle(now_ms, connection, fault.idle(), fault)
        if (text := self.protocol.greeting(connection.serial)) is not None:
            self.connections.send(now_ms, connection, text, Content.GREETING)
        for stream in streams:
            self._respond(now_ms, connection, StartStream(stream))
        return Accepted(connection.conn_id)

    def _handle_frame(self, now_ms: int, connection: Connection, data: str | bytes) -> None:
        if (refusal := self.admission.refuse_message(now_ms, connection)) is not None:
            self._respond(now_ms, connection, refusal)
            return
        try:
            message = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if text := self.protocol.invalid_json_error(data if isinstance(data, str) else repr(data)):
                self.connections.send(now_ms, connection, text, Content.REFUSAL)
            return
        for response in self.protocol.handle_message(
            message, connection.client_info(), self.market_data.rest_state(now_ms)
        ):
            self._respond(now_ms, connection, response)

    def _respond(self, now_ms: int, connection: Connection, response: ClientResponse) -> None:
        match response:
            case SendReply(text, content):
                self.connections.send(now_ms, connection, text, content)
            case StartStream(stream):
                refusal = self.admission.refuse_subscription(connection, stream.channel)
                if refusal is None:
                    self._subscribe(now_ms, connection, response)
                else:
                    self._respond(now_ms, connection, refusal)
            case StopStream(channel, ack):
                connection.streams.pop(channel, None)
                self.connections.write_truth(now_ms, "unsubscribed", connection, channel=channel)
                if ack is not None:
                    self.connections.send(now_ms, connection, ack, Content.ACK)
            case Disconnect():
                self.connections.close(now_ms, connection)
            case WrapFrames(wrapped):
                connection.wrapped = wrapped
                for stream in connection.streams.values():
                    stream.wrapped = wrapped

    def _subscribe(self, now_ms: int, connection: Connection, start: StartStream) -> None:
        stream = start.stream
        if (reason := self.active_faults.rejects) is not None:
            self.connections.write_truth(now_ms, "subscribe_refused", connection, channel=stream.channel)
            if text := self.protocol.rejection(reason, stream.channel):
                self.connections.send(now_ms, connection, text, Content.REFUSAL)
            return
        self.connections.write_truth(now_ms, "subscribed", connection, channel=stream.channel)
        if start.ack is not None:
            self.connections.send(now_ms, connection, start.ack, Content.ACK)
        connection.streams[stream.channel] = stream
        stream.since = self.market_data.market.number
        if stream.sends_at_once:
            trades = self.market_data.market.trades if stream.content is Content.TRADES else ()
            self._send(now_ms, connection, stream, full=True, trades=trades)

    # --- data -----------------------------------------------------------------------------------------------------

    def _update(self, now_ms: int) -> None:
        self._move_market(now_ms)
        self.connections.schedule(now_ms + self.protocol.update_ms, self._update)

    def _move_market(self, now_ms: int, *, send_all: bool = False) -> None:
        """Move the market and send every stream that is due its next frame; `send_all` sends to all streams."""
        changed, before, trade = self.market_data.step(
            now_ms, self.active_faults.alterations, quiet=self.active_faults.quiet
        )
        for connection in self.connections.by_id.values():
            for stream in connection.streams.values():
                if stream.incremental:
                    merge_changes(stream, changed, before)
                if send_all or now_ms >= stream.due_ms:
                    self._send_if_needed(now_ms, connection, stream, trade)

    def _send_if_needed(self, now_ms: int, connection: Connection, stream: Stream, trade: MarketTrade | None) -> None:
        """Send the next frame of a stream if it has data to send."""
        match stream.content:
            case Content.TRADES if trade is not None:
                self._send(now_ms, connection, stream, full=False, trades=(trade,))
            case Content.FUNDING | Content.STATS:
                self._send(now_ms, connection, stream, full=False)
            case Content.BOOK:
                full_due = _full_due(now_ms, stream)
                if full_due and stream.started and self.market_data.has_changes(stream):
                    # The changes come first, then the full book with the next number and the same time.
                    self._send(now_ms, connection, stream, full=False)
                if (
                    full_due
                    or stream.repeats_unchanged
                    or self.active_faults.frozen
                    or self.market_data.has_changes(stream)
                ):
                    self._send(now_ms, connection, stream, full=full_due or not stream.incremental)

    def _send(
        self, now_ms: int, connection: Connection, stream: Stream, *, full: bool, trades: Iterable[MarketTrade] = ()
    ) -> None:
        if stream.content in self.active_faults.withheld:
            return
        state = self.market_data.frame_state(stream, now_ms, full=full, trades=trades)
        frame: str | bytes = self.protocol.encode(stream, state)
        self._schedule_next(now_ms, stream, full=full)
        self.market_data.mark_sent(stream)
        true_book = self.market_data.true_book(stream)
        if full and stream.incremental:
            stream.sent.clear()
        stream.started = True
        if true_book is None:
            self.connections.send(now_ms, connection, frame, stream.content)
            return
        frame = self.active_faults.rewritten(frame)
        stream.sent.append(SendData(connection.conn_id, frame, stream.content, true_book))
        self.connections.send_book(now_ms, connection, stream, frame, true_book)

    def _schedule_next(self, now_ms: int, stream: Stream, *, full: bool) -> None:
        slow_ms = self.active_faults.slow_ms if stream.content is Content.BOOK else 0
        min_ms = FUNDING_MS if stream.content is Content.FUNDING else 0
        stream.due_ms = now_ms + max(stream.period_ms, slow_ms, min_ms)
        if full and stream.full_every_ms is not None:
            stream.full_due_ms = now_ms + stream.full_every_ms


def _full_due(now_ms: int, stream: Stream) -> bool:
    """Return whether an incremental stream must send its first full book, or its next periodic one."""
    due = not stream.started or (stream.full_every_ms is not None and now_ms >= stream.full_due_ms)
    return stream.incremental and stream.sends_at_once and due
