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
    heard_ms: int
    said_ms: int
    streams: dict[str, Stream] = field(default_factory=dict)
    to_lose: int = 0
    asked_ms: int | None = None
    frames: int = 0
    octets: int = 0
    client_frames: int = 0
    client_pings: int = 0

    def caller(self) -> ClientInfo:
        """What a dialect may know of it."""
        return ClientInfo(self.path, frozenset(self.streams), self.serial)


class Connections:
    """Connections, agenda and truth of one venue; `acts` collects what the door has to do."""

    def __init__(
        self, protocol: VenueProtocol, active_faults: ActiveFaults, start_unix_ms: int, write_truth: TruthWriter | None
    ) -> None:
        self.links: dict[str, Connection] = {}
        self.acts: list[ExchangeAction] = []
        self.told = write_truth is not None
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

    def at(self, at_ms: int, do: Callable[[int], None]) -> None:
        """Put something on the agenda; what is due at one time is done in the order of entry."""
        self._entries += 1
        heapq.heappush(self._agenda, (at_ms, self._entries, do))

    def advance(self, now_ms: int) -> None:
        """Do what is due."""
        while self._agenda[0][0] <= now_ms:
            at_ms, _, do = heapq.heappop(self._agenda)
            do(at_ms)

    def write_truth(self, now_ms: int, event: str, link: Connection | None = None, **facts: Any) -> None:
        """Write a row of the truth."""
        if self._write_truth is not None:
            where = {"venue": self._protocol.venue, "conn_id": link.name if link else None}
            self._write_truth({"t_unix_ms": self._start_unix_ms + now_ms, **where, "event": event, **facts})

    # --- begin, talk, end -----------------------------------------------------------------------------------------

    def connect(self, now_ms: int, path: str) -> Connection:
        """A new connection, under the keep-alive rules of the venue."""
        self._serial += 1
        link = Connection(f"{self._protocol.venue[:2]}{self._serial}", self._serial, path, now_ms, now_ms, now_ms)
        self.links[link.name] = link
        self.write_truth(now_ms, "accept", link, path=path)
        if self._protocol.ping_ms:
            self.at(now_ms + self._protocol.ping_ms, lambda at_ms: self._ping(at_ms, link))
        if self._protocol.idle is not None:
            self.watch(now_ms, link, self._protocol.idle)
        return link

    def say(
        self, now_ms: int, link: Connection, data: str | bytes, content: Content, true_book: TrueBook | None = None
    ) -> None:
        """Send a data frame unless a fault withholds its like."""
        if content in self._active_faults.withheld:
            return
        link.said_ms = now_ms
        link.frames += 1
        link.octets += len(data)
        self.acts.append(SendData(link.name, data, content, true_book))

    def signal(self, link: Connection, control: Control, payload: bytes = b"") -> bool:
        """Send a control frame unless a fault withholds its like; say whether it was sent."""
        if (Content.PING if control is Control.PING else Content.PONG) in self._active_faults.withheld:
            return False
        self.acts.append(SendControl(link.name, control, payload))
        return True

    def hang_up(self, now_ms: int, link: Connection, fault: RunningFault | None = None) -> None:
        """End a connection, by the fault's close code, by a reset, or just like that."""
        if self.links.pop(link.name, None) is None:
            return
        code = int(fault.planned.values.get("code", 0)) if fault else 0
        reason = str(fault.planned.values.get("reason", "")) if fault else ""
        reset, bare = fault is not None and fault.fault.reset, code in (0, NO_CLOSE_FRAME)
        how = {"how": "tcp_abort" if reset else "tcp_fin"} if bare else {"how": "close_frame", "code": code}
        self.write_truth(now_ms, "server_close", link, **how, fault=fault and fault.name)
        self.acts.append(CloseConnection(link.name, None if bare else code, reason, reset))
        self._ended(now_ms, link, "server_drop" if bare else "server_close")

    def gone(self, now_ms: int, link: Connection, code: int | None) -> None:
        """A client left, with this close code if it sent one."""
        del self.links[link.name]
        self.write_truth(now_ms, "client_gone", link, ws_code=code or NO_CLOSE_FRAME)
        self._ended(now_ms, link, "client_gone")

    def _ended(self, now_ms: int, link: Connection, by: str) -> None:
        sums = {"frames_sent": link.frames, "bytes_sent": link.octets, "duration_ms": now_ms - link.opened_ms}
        heard = {"client_msgs": link.client_frames, "client_pings": link.client_pings}
        self.write_truth(now_ms, "conn_end", link, ended_by=by, **sums, **heard)

    # --- keep-alive -----------------------------------------------------------------------------------------------

    def watch(self, now_ms: int, link: Connection, idle: IdleTimeout, fault: RunningFault | None = None) -> None:
        """End the connection if it is idle; look again when it could be."""
        over = fault is not None and fault not in self._active_faults.running
        if over or link.name not in self.links:
            return
        due_ms = (link.heard_ms if idle.of_client else link.said_ms) + idle.after_ms
        if due_ms <= now_ms:
            self.hang_up(now_ms, link, fault)
        else:
            self.at(due_ms, lambda at_ms: self.watch(at_ms, link, idle, fault))

    def _ping(self, now_ms: int, link: Connection) -> None:
        if link.name not in self.links:
            return
        if self.signal(link, Control.PING):
            link.asked_ms = now_ms
            self.at(now_ms + self._protocol.pong_ms, lambda at_ms: self._await_pong(at_ms, link, now_ms))
        self.at(now_ms + self._protocol.ping_ms, lambda at_ms: self._ping(at_ms, link))

    def _await_pong(self, now_ms: int, link: Connection, asked_ms: int) -> None:
        if link.asked_ms == asked_ms:
            self.hang_up(now_ms, link)
