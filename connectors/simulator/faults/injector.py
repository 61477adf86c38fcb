"""Fault injection: begins and ends the faults of a plan, and does what each does as it strikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from connectors.session.events import Control
from connectors.simulator.connections import Connection, Connections
from connectors.simulator.faults.active import ActiveFaults, RunningFault
from connectors.simulator.market_data import MarketData
from connectors.simulator.messages import ConnectPolicy, Content, SetListening
from connectors.simulator.protocols.base import VenueProtocol
from connectors.simulator.scenario import PlannedFault

HEARTBEAT_MS = 1_000


class Injector:
    """The faults of one venue; `hurry` moves its market and tells everyone at once."""

    def __init__(
        self,
        protocol: VenueProtocol,
        market_data: MarketData,
        connections: Connections,
        active_faults: ActiveFaults,
        hurry: Callable[[int], None],
    ) -> None:
        self._protocol = protocol
        self._market_data = market_data
        self._connections = connections
        self._active_faults = active_faults
        self._hurry = hurry
        self._begun = 0

    def arrange(self, plan: Iterable[PlannedFault]) -> None:
        """Put the begin of each fault on the agenda."""
        for planned in plan:
            self._connections.schedule(planned.at_ms, partial(self._begin, planned))

    def _begin(self, planned: PlannedFault, now_ms: int) -> None:
        self._begun += 1
        fault = RunningFault(f"{self._protocol.venue[:2]}f{self._begun}", planned)
        facts = {"fault": fault.name, "kind": planned.fault.kind, "params": dict(planned.values)}
        for_s = None if planned.for_ms is None else planned.for_ms / 1_000
        self._connections.write_truth(
            now_ms, "fault_start", None, **facts, for_s=for_s, conns=list(self._connections.by_id)
        )
        self._active_faults.begin(fault)
        self._market_data.frozen = self._active_faults.frozen
        self._strike(now_ms, fault)
        if planned.for_ms is None:
            self._end(fault, now_ms)
        else:
            self._connections.schedule(now_ms + planned.for_ms, partial(self._end, fault))
        if planned.every_ms and (planned.until_ms is None or now_ms + planned.every_ms <= planned.until_ms):
            self._connections.schedule(now_ms + planned.every_ms, partial(self._begin, planned))

    def _end(self, fault: RunningFault, now_ms: int) -> None:
        self._active_faults.end(fault)
        self._market_data.frozen = self._active_faults.frozen
        self._connections.write_truth(now_ms, "fault_end", None, fault=fault.name, kind=fault.fault.kind)
        if (
            fault.fault.connect_policy is ConnectPolicy.REFUSE
            and self._active_faults.connect_policy()[0] is not ConnectPolicy.REFUSE
        ):
            self._connections.actions.append(SetListening(open=True))

    def _strike(self, now_ms: int, fault: RunningFault) -> None:
        """What a fault does as it begins."""
        kind = fault.fault
        if kind.connect_policy is ConnectPolicy.REFUSE:
            self._connections.actions.append(SetListening(open=False))
        if kind.heartbeats:
            self._beat(fault, now_ms)
        for _ in range(fault.number("n") if kind.bursts else 0):
            self._hurry(now_ms)
        for connection in list(self._connections.by_id.values()):
            if kind.disconnects:
                self._connections.close(now_ms, connection, fault)
            if kind.loses:
                connection.frames_to_drop += fault.number("n")
            if kind.idles:
                self._connections.watch_idle(now_ms, connection, fault.idle(), fault)
            if kind.damage or kind.repeats:
                self._send_damaged(now_ms, connection, fault)

    def _send_damaged(self, now_ms: int, connection: Connection, fault: RunningFault) -> None:
        """Say bad frames made of a good one, or the last good one again."""
        stream = next((one for one in connection.streams.values() if one.content is Content.BOOK), None)
        if stream is None or stream.last_frame is None:
            return
        good, damage = stream.last_frame, fault.fault.damage
        for _ in range(fault.number("n")):
            if damage is None:
                self._connections.send(now_ms, connection, good.data, Content.BOOK, good.true_book)
            else:
                self._connections.send(now_ms, connection, damage(str(good.data)), Content.BOOK)

    def _beat(self, fault: RunningFault, now_ms: int) -> None:
        """Say a life sign to everyone, each second."""
        if fault not in self._active_faults.running:
            return
        for connection in self._connections.by_id.values():
            if self._protocol.heartbeat is None:
                self._connections.send_control(connection, Control.PING)
            else:
                self._connections.send(now_ms, connection, self._protocol.heartbeat, Content.HEARTBEAT)
        self._connections.schedule(now_ms + HEARTBEAT_MS, partial(self._beat, fault))
