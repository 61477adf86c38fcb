"""A venue's connections and its clock: who is there, what was said to them, what is due, how each one ended."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.session.events import Control
from connectors.simulator.faults.active import Running, Trouble
from connectors.simulator.ground_truth import Tell
from connectors.simulator.messages import Act, Content, HangUp, Say, Sight, Signal
from connectors.simulator.protocols.base import Caller, Dialect, Idle, Stream

NO_CLOSE_FRAME = 1006


@dataclass(slots=True, eq=False)
class Link:
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

    def caller(self) -> Caller:
        """What a dialect may know of it."""
        return Caller(self.path, frozenset(self.streams), self.serial)


class Switchboard:
    """Connections, agenda and truth of one venue; `acts` collects what the door has to do."""

    def __init__(self, dialect: Dialect, trouble: Trouble, start_unix_ms: int, tell: Tell | None) -> None:
        self.links: dict[str, Link] = {}
        self.acts: list[Act] = []
        self.told = tell is not None
        self._dialect = dialect
        self._trouble = trouble
        self._start_unix_ms = start_unix_ms
        self._tell = tell
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

    def tell(self, now_ms: int, event: str, link: Link | None = None, **facts: Any) -> None:
        """Write a row of the truth."""
        if self._tell is not None:
            where = {"venue": self._dialect.venue, "conn_id": link.name if link else None}
            self._tell({"t_unix_ms": self._start_unix_ms + now_ms, **where, "event": event, **facts})

    # --- begin, talk, end -----------------------------------------------------------------------------------------

    def connect(self, now_ms: int, path: str) -> Link:
        """A new connection, under the keep-alive rules of the venue."""
        self._serial += 1
        link = Link(f"{self._dialect.venue[:2]}{self._serial}", self._serial, path, now_ms, now_ms, now_ms)
        self.links[link.name] = link
        self.tell(now_ms, "accept", link, path=path)
        if self._dialect.ping_ms:
            self.at(now_ms + self._dialect.ping_ms, lambda at_ms: self._ping(at_ms, link))
        if self._dialect.idle is not None:
            self.watch(now_ms, link, self._dialect.idle)
        return link

    def say(self, now_ms: int, link: Link, data: str | bytes, content: Content, sight: Sight | None = None) -> None:
        """Send a data frame unless a fault withholds its like."""
        if content in self._trouble.withheld:
            return
        link.said_ms = now_ms
        link.frames += 1
        link.octets += len(data)
        self.acts.append(Say(link.name, data, content, sight))

    def signal(self, link: Link, control: Control, payload: bytes = b"") -> bool:
        """Send a control frame unless a fault withholds its like; say whether it was sent."""
        if (Content.PING if control is Control.PING else Content.PONG) in self._trouble.withheld:
            return False
        self.acts.append(Signal(link.name, control, payload))
        return True

    def hang_up(self, now_ms: int, link: Link, fault: Running | None = None) -> None:
        """End a connection, by the fault's close code, by a reset, or just like that."""
        if self.links.pop(link.name, None) is None:
            return
        code = int(fault.planned.values.get("code", 0)) if fault else 0
        reason = str(fault.planned.values.get("reason", "")) if fault else ""
        reset, bare = fault is not None and fault.fault.reset, code in (0, NO_CLOSE_FRAME)
        how = {"how": "tcp_abort" if reset else "tcp_fin"} if bare else {"how": "close_frame", "code": code}
        self.tell(now_ms, "server_close", link, **how, fault=fault and fault.name)
        self.acts.append(HangUp(link.name, None if bare else code, reason, reset))
        self._ended(now_ms, link, "server_drop" if bare else "server_close")

    def gone(self, now_ms: int, link: Link, code: int | None) -> None:
        """A client left, with this close code if it sent one."""
        del self.links[link.name]
        self.tell(now_ms, "client_gone", link, ws_code=code or NO_CLOSE_FRAME)
        self._ended(now_ms, link, "client_gone")

    def _ended(self, now_ms: int, link: Link, by: str) -> None:
        sums = {"frames_sent": link.frames, "bytes_sent": link.octets, "duration_ms": now_ms - link.opened_ms}
        heard = {"client_msgs": link.client_frames, "client_pings": link.client_pings}
        self.tell(now_ms, "conn_end", link, ended_by=by, **sums, **heard)

    # --- keep-alive -----------------------------------------------------------------------------------------------

    def watch(self, now_ms: int, link: Link, idle: Idle, fault: Running | None = None) -> None:
        """End the connection if it is idle; look again when it could be."""
        over = fault is not None and fault not in self._trouble.running
        if over or link.name not in self.links:
            return
        due_ms = (link.heard_ms if idle.of_client else link.said_ms) + idle.after_ms
        if due_ms <= now_ms:
            self.hang_up(now_ms, link, fault)
        else:
            self.at(due_ms, lambda at_ms: self.watch(at_ms, link, idle, fault))

    def _ping(self, now_ms: int, link: Link) -> None:
        if link.name not in self.links:
            return
        if self.signal(link, Control.PING):
            link.asked_ms = now_ms
            self.at(now_ms + self._dialect.pong_ms, lambda at_ms: self._await_pong(at_ms, link, now_ms))
        self.at(now_ms + self._dialect.ping_ms, lambda at_ms: self._ping(at_ms, link))

    def _await_pong(self, now_ms: int, link: Link, asked_ms: int) -> None:
        if link.asked_ms == asked_ms:
            self.hang_up(now_ms, link)
