"""A venue's connections and its clock: who is there, what was said to them, what is due, how each one ended."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.session.events import Control
from connectors.simulator.faults.active import ActiveFaults, RunningFault
from connectors.simulator.ground_truth import TruthWriter
from connectors.simulator.messages import CloseConnection, Content, ExchangeAction, SendControl, SendData, TrueBook
from connectors.simulator.protocols.base import ClientInfo, IdleTimeout, Stream, VenueProtocol

NO_CLOSE_FRAME = 1006


@dataclass(slots=True, eq=False)
class Connection:
    """One connection."""

    name: str
    serial: int
    path: str
    opened_ms: int
    received_ms: int
    sent_ms: int
    streams: dict[str, Stream] = field(default_factory=dict)
    frames_to_drop: int = 0
    ping_sent_ms: int | None = None
    frames: int = 0
    octets: int = 0
    client_frames: int = 0
    client_pings: int = 0

    def client_info(self) -> ClientInfo:
        """What a dialect may know of it."""
        return ClientInfo(self.path, frozenset(self.streams), self.serial)


class Connections:
    """Connections, agenda and truth of one venue; `acts` collects what the door has to do."""

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
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._entries = self._serial = 0

    # --- time -----------------------------------------------------------------------------------------------------

    @property
    def due_ms(self) -> int:
        """When the next entry of the agenda is due."""
        return self._agenda[0][0]

    def schedule(self, at_ms: int, do: Callable[[int], None]) -> None:
        """Put something on the agenda; what is due at one time is done in the order of entry."""
        self._entries += 1
        heapq.heappush(self._agenda, (at_ms, self._entries, do))

    def advance(self, now_ms: int) -> None:
        """Do what is due."""
        while self._agenda[0][0] <= now_ms:
            at_ms, _, do = heapq.heappop(self._agenda)
            do(at_ms)

    def write_truth(self, now_ms: int, event: str, connection: Connection | None = None, **facts: Any) -> None:
        """Write a row of the truth."""
        if self._write_truth is not None:
            where = {"venue": self._protocol.venue, "conn_id": connection.name if connection else None}
            self._write_truth({"t_unix_ms": self._start_unix_ms + now_ms, **where, "event": event, **facts})

    # --- begin, talk, end -----------------------------------------------------------------------------------------

    def connect(self, now_ms: int, path: str) -> Connection:
        """A new connection, under the keep-alive rules of the venue."""
        self._serial += 1
        connection = Connection(f"{self._protocol.venue[:2]}{self._serial}", self._serial, path, now_ms, now_ms, now_ms)
        self.by_id[connection.name] = connection
        self.write_truth(now_ms, "accept", connection, path=path)
        if self._protocol.ping_ms:
            self.schedule(now_ms + self._protocol.ping_ms, lambda at_ms: self._ping(at_ms, connection))
        if self._protocol.idle is not None:
            self.watch_idle(now_ms, connection, self._protocol.idle)
        return connection

    def send(
        self,
        now_ms: int,
        connection: Connection,
        data: str | bytes,
        content: Content,
        true_book: TrueBook | None = None,
    ) -> None:
        """Send a data frame unless a fault withholds its like."""
        if content in self._active_faults.withheld:
            return
        connection.sent_ms = now_ms
        connection.frames += 1
        connection.octets += len(data)
        self.actions.append(SendData(connection.name, data, content, true_book))

    def send_control(self, connection: Connection, control: Control, payload: bytes = b"") -> bool:
        """Send a control frame unless a fault withholds its like; say whether it was sent."""
        if (Content.PING if control is Control.PING else Content.PONG) in self._active_faults.withheld:
            return False
        self.actions.append(SendControl(connection.name, control, payload))
        return True

    def close(self, now_ms: int, connection: Connection, fault: RunningFault | None = None) -> None:
        """End a connection, by the fault's close code, by a reset, or just like that."""
        if self.by_id.pop(connection.name, None) is None:
            return
        code = int(fault.planned.values.get("code", 0)) if fault else 0
        reason = str(fault.planned.values.get("reason", "")) if fault else ""
        reset, bare = fault is not None and fault.fault.reset, code in (0, NO_CLOSE_FRAME)
        how = {"how": "tcp_abort" if reset else "tcp_fin"} if bare else {"how": "close_frame", "code": code}
        self.write_truth(now_ms, "server_close", connection, **how, fault=fault and fault.name)
        self.actions.append(CloseConnection(connection.name, None if bare else code, reason, reset))
        self._ended(now_ms, connection, "server_drop" if bare else "server_close")

    def client_gone(self, now_ms: int, connection: Connection, code: int | None) -> None:
        """A client left, with this close code if it sent one."""
        del self.by_id[connection.name]
        self.write_truth(now_ms, "client_gone", connection, ws_code=code or NO_CLOSE_FRAME)
        self._ended(now_ms, connection, "client_gone")

    def _ended(self, now_ms: int, connection: Connection, by: str) -> None:
        sums = {
            "frames_sent": connection.frames,
            "bytes_sent": connection.octets,
            "duration_ms": now_ms - connection.opened_ms,
        }
        heard = {"client_msgs": connection.client_frames, "client_pings": connection.client_pings}
        self.write_truth(now_ms, "conn_end", connection, ended_by=by, **sums, **heard)

    # --- keep-alive -----------------------------------------------------------------------------------------------

    def watch_idle(
        self, now_ms: int, connection: Connection, idle: IdleTimeout, fault: RunningFault | None = None
    ) -> None:
        """End the connection if it is idle; look again when it could be."""
        over = fault is not None and fault not in self._active_faults.running
        if over or connection.name not in self.by_id:
            return
        due_ms = (connection.received_ms if idle.of_client else connection.sent_ms) + idle.after_ms
        if due_ms <= now_ms:
            self.close(now_ms, connection, fault)
        else:
            self.schedule(due_ms, lambda at_ms: self.watch_idle(at_ms, connection, idle, fault))

    def _ping(self, now_ms: int, connection: Connection) -> None:
        if connection.name not in self.by_id:
            return
        if self.send_control(connection, Control.PING):
            connection.ping_sent_ms = now_ms
            self.schedule(now_ms + self._protocol.pong_ms, lambda at_ms: self._await_pong(at_ms, connection, now_ms))
        self.schedule(now_ms + self._protocol.ping_ms, lambda at_ms: self._ping(at_ms, connection))

    def _await_pong(self, now_ms: int, connection: Connection, ping_sent_ms: int) -> None:
        if connection.ping_sent_ms == ping_sent_ms:
            self.close(now_ms, connection)
