"""Connections and event schedule of a simulated venue: open connections, frames sent, keep-alive and ends."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.session.events import Control
from connectors.simulator.faults.active import ActiveFaults, RunningFault
from connectors.simulator.ground_truth import TruthWriter, book_facts
from connectors.simulator.messages import (
    CloseConnection,
    Content,
    ExchangeAction,
    Framing,
    SendControl,
    SendData,
    TrueBook,
)
from connectors.simulator.protocols.base import ClientInfo, IdleTimeout, Stream, VenueProtocol
from connectors.simulator.protocols.numbering import Numbering

NO_CLOSE_FRAME = 1006
"""Close code of a connection that ended without a close frame (RFC 6455, section 7.1.5)."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Connection:
    """State of one client connection; `octets` counts the bytes sent (characters of text frames).

    `frames_to_drop` is the number of book frames still to drop, `frames_to_double` that of book frames still to send
    twice. `wrapped` is what the client asked of the envelope of its frames. `flaps` is set once a fault is about to
    close the connection. `ping_sent_ms` is set while a pong is awaited.
    """

    conn_id: str
    serial: int
    path: str
    opened_ms: int
    received_ms: int
    sent_ms: int
    streams: dict[str, Stream] = field(default_factory=dict)
    numbering: Numbering = field(default_factory=Numbering)
    wrapped: bool | None = None
    frames_to_drop: int = 0
    frames_to_double: int = 0
    flaps: bool = False
    ping_sent_ms: int | None = None
    frames: int = 0
    octets: int = 0
    client_frames: int = 0
    client_pings: int = 0

    def client_info(self) -> ClientInfo:
        """Return the facts of the connection that a protocol may use."""
        return ClientInfo(self.path, frozenset(self.streams), self.serial, self.numbering, self.wrapped)


class Connections:
    """Connections, event schedule and ground truth of one venue; `actions` collects the actions for the transport."""

    def __init__(
        self, protocol: VenueProtocol, active_faults: ActiveFaults, start_unix_ms: int, write_truth: TruthWriter | None
    ) -> None:
        self.by_id: dict[str, Connection] = {}
        self.actions: list[ExchangeAction] = []
        self.records_truth = write_truth is not None
        self._protocol = protocol
        self._active_faults = active_faults
        self._start_unix_ms = start_unix_ms
        self._write_truth = write_truth
        self._events: list[tuple[int, int, Callable[[int], None]]] = []
        self._entries = self._serial = 0

    # --- time -----------------------------------------------------------------------------------------------------

    @property
    def due_ms(self) -> int:
        """Time of the next scheduled event, in ms."""
        return self._events[0][0]

    def schedule(self, at_ms: int, callback: Callable[[int], None]) -> None:
        """Call `callback` with its time at `at_ms`; callbacks of the same time run in order of scheduling."""
        self._entries += 1
        heapq.heappush(self._events, (at_ms, self._entries, callback))

    def advance(self, now_ms: int) -> None:
        """Run the callbacks due until `now_ms`."""
        while self._events[0][0] <= now_ms:
            at_ms, _, callback = heapq.heappop(self._events)
            callback(at_ms)

    def write_truth(self, now_ms: int, event: str, connection: Connection | None = None, **facts: Any) -> None:
        """Write a row of the ground truth."""
        if self._write_truth is not None:
            ids = {"venue": self._protocol.venue, "conn_id": connection.conn_id if connection else None}
            self._write_truth({"t_unix_ms": self._start_unix_ms + now_ms, **ids, "event": event, **facts})

    # --- open, send, close ----------------------------------------------------------------------------------------

    def connect(self, now_ms: int, path: str) -> Connection:
        """Open a connection and start the keep-alive rules of the venue."""
        self._serial += 1
        connection = Connection(f"{self._protocol.venue[:2]}{self._serial}", self._serial, path, now_ms, now_ms, now_ms)
        self.by_id[connection.conn_id] = connection
        self.write_truth(now_ms, "accept", connection, path=path)
        if self._protocol.ping_ms:
            self.schedule(now_ms + self._protocol.ping_ms, lambda at_ms: self._ping(at_ms, connection))
        if self._protocol.idle is not None:
            self.watch_idle(now_ms, connection, self._protocol.idle)
        if self._protocol.idle_heartbeat_ms:
            self.schedule(now_ms + self._protocol.idle_heartbeat_ms, lambda at_ms: self._end_silence(at_ms, connection))
        return connection

    def send(
        self,
        now_ms: int,
        connection: Connection,
        data: str | bytes,
        content: Content,
        true_book: TrueBook | None = None,
        framing: Framing | None = None,
    ) -> None:
        """Send a data frame unless a fault withholds its content; `framing` None is that of the active faults."""
        if content in self._active_faults.withheld:
            return
        connection.sent_ms = now_ms
        connection.frames += 1
        connection.octets += len(data)
        framing = self._active_faults.framing if framing is None else framing
        self.actions.append(SendData(connection.conn_id, data, content, true_book, framing))

    def send_book(self, now_ms: int, connection: Connection, stream: Stream, data: str | bytes, book: TrueBook) -> None:
        """Send a book frame, unless a fault loses it; a fault may send it twice or close the connection after it."""
        facts: dict[str, Any] = {"channel": stream.channel, "number": stream.number}
        if connection.frames_to_drop:
            connection.frames_to_drop -= 1
            self.write_truth(now_ms, "frame_lost", connection, **facts)
            return
        if self.records_truth:
            self.write_truth(now_ms, "frame", connection, **facts, **book_facts(book))
        self.send(now_ms, connection, data, stream.content, book)
        if connection.frames_to_double:
            connection.frames_to_double -= 1
            self.send(now_ms, connection, data, stream.content, book)
        fault = self._active_faults.flaps
        if fault is not None and not connection.flaps:
            connection.flaps = True
            self.schedule(now_ms + fault.number("after_ms"), lambda at_ms: self.close(at_ms, connection, fault))

    def send_control(self, connection: Connection, control: Control, payload: bytes = b"") -> bool:
        """Send a control frame unless a fault withholds it; return whether it was sent."""
        if (Content.PING if control is Control.PING else Content.PONG) in self._active_faults.withheld:
            return False
        self.actions.append(SendControl(connection.conn_id, control, payload))
        return True

    def close(self, now_ms: int, connection: Connection, fault: RunningFault | None = None, code: int = 0) -> None:
        """End a connection: by a TCP reset, with the close code of the fault or `code`, or without a close frame."""
        if self.by_id.pop(connection.conn_id, None) is None:
            return
        code = int(fault.planned.values.get("code", 0)) if fault else code
        reason = str(fault.planned.values.get("reason", "")) if fault else ""
        reset, no_close_frame = fault is not None and fault.fault.reset, code in (0, NO_CLOSE_FRAME)
        end = {"how": "tcp_abort" if reset else "tcp_fin"} if no_close_frame else {"how": "close_frame", "code": code}
        self.write_truth(now_ms, "server_close", connection, **end, fault=fault and fault.name)
        self.actions.append(CloseConnection(connection.conn_id, None if no_close_frame else code, reason, reset))
        self._write_end(now_ms, connection, "server_drop" if no_close_frame else "server_close")

    def client_gone(self, now_ms: int, connection: Connection, code: int | None) -> None:
        """Remove a connection that the client ended; `code` is the code of its close frame, None without one."""
        del self.by_id[connection.conn_id]
        self.write_truth(now_ms, "client_gone", connection, ws_code=code or NO_CLOSE_FRAME)
        self._write_end(now_ms, connection, "client_gone")

    def _write_end(self, now_ms: int, connection: Connection, by: str) -> None:
        sent = {
            "frames_sent": connection.frames,
            "bytes_sent": connection.octets,
            "duration_ms": now_ms - connection.opened_ms,
        }
        received = {"client_msgs": connection.client_frames, "client_pings": connection.client_pings}
        self.write_truth(now_ms, "conn_end", connection, ended_by=by, **sent, **received)

    # --- keep-alive -----------------------------------------------------------------------------------------------

    def watch_idle(
        self, now_ms: int, connection: Connection, idle: IdleTimeout, fault: RunningFault | None = None
    ) -> None:
        """End the connection if it is idle; check again at the earliest time at which it can be idle."""
        fault_over = fault is not None and fault not in self._active_faults.running
        if fault_over or connection.conn_id not in self.by_id:
            return
        due_ms = (connection.received_ms if idle.of_client else connection.sent_ms) + idle.after_ms
        if due_ms <= now_ms:
            self.close(now_ms, connection, fault)
        else:
            self.schedule(due_ms, lambda at_ms: self.watch_idle(at_ms, connection, idle, fault))

    def _end_silence(self, now_ms: int, connection: Connection) -> None:
        """Send the venue's heartbeat if nothing was sent for its time; check again when it can be due next."""
        if connection.conn_id not in self.by_id:
            return
        after_ms = self._protocol.idle_heartbeat_ms
        due_ms = connection.sent_ms + after_ms
        if due_ms <= now_ms:
            due_ms = now_ms + after_ms
            heartbeat = self._protocol.idle_heartbeat(connection.path, self._start_unix_ms + now_ms)
            if heartbeat is not None:
                self.send(now_ms, connection, heartbeat, Content.HEARTBEAT)
        self.schedule(due_ms, lambda at_ms: self._end_silence(at_ms, connection))

    def _ping(self, now_ms: int, connection: Connection) -> None:
        if connection.conn_id not in self.by_id:
            return
        if self.send_control(connection, Control.PING):
            connection.ping_sent_ms = now_ms
            self.schedule(now_ms + self._protocol.pong_ms, lambda at_ms: self._check_pong(at_ms, connection, now_ms))
        self.schedule(now_ms + self._protocol.ping_ms, lambda at_ms: self._ping(at_ms, connection))

    def _check_pong(self, now_ms: int, connection: Connection, ping_sent_ms: int) -> None:
        if connection.ping_sent_ms == ping_sent_ms:
            self.close(now_ms, connection)
