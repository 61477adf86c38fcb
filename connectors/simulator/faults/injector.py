"""Fault injection: start and end the faults of a plan and carry out their immediate effects."""

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
    """Fault injector of one venue; `burst_update` moves its market once and sends a frame on every stream."""

    def __init__(
        self,
        protocol: VenueProtocol,
        market_data: MarketData,
        connections: Connections,
        active_faults: ActiveFaults,
        burst_update: Callable[[int], None],
    ) -> None:
        self._protocol = protocol
        self._market_data = market_data
        self._connections = connections
        self._active_faults = active_faults
        self._burst_update = burst_update
        self._count = 0

    def schedule(self, plan: Iterable[PlannedFault]) -> None:
        """Schedule the start of each fault."""
        for planned in plan:
            self._connections.schedule(planned.at_ms, partial(self._start, planned))

    def _start(self, planned: PlannedFault, now_ms: int) -> None:
        self._count += 1
        fault = RunningFault(f"{self._protocol.venue[:2]}f{self._count}", planned)
        facts = {"fault": fault.name, "kind": planned.fault.kind, "params": dict(planned.values)}
        for_s = None if planned.for_ms is None else planned.for_ms / 1_000
        self._connections.write_truth(
            now_ms, "fault_start", None, **facts, for_s=for_s, conns=list(self._connections.by_id)
        )
        self._active_faults.start(fault)
        self._market_data.frozen = self._active_faults.frozen
        self._apply_start(now_ms, fault)
        if planned.for_ms is None:
            self._end(fault, now_ms)
        else:
            self._connections.schedule(now_ms + planned.for_ms, partial(self._end, fault))
        if planned.every_ms and (planned.until_ms is None or now_ms + planned.every_ms <= planned.until_ms):
            self._connections.schedule(now_ms + planned.every_ms, partial(self._start, planned))

    def _end(self, fault: RunningFault, now_ms: int) -> None:
        self._active_faults.end(fault)
        self._market_data.frozen = self._active_faults.frozen
        self._connections.write_truth(now_ms, "fault_end", None, fault=fault.name, kind=fault.fault.kind)
        if (
            fault.fault.connect_policy is ConnectPolicy.REFUSE
            and self._active_faults.connect_policy()[0] is not ConnectPolicy.REFUSE
        ):
            self._connections.actions.append(SetListening(open=True))

    def _apply_start(self, now_ms: int, fault: RunningFault) -> None:
        """Carry out the effects of a fault at its start."""
        kind = fault.fault
        if kind.connect_policy is ConnectPolicy.REFUSE:
            self._connections.actions.append(SetListening(open=False))
        if kind.heartbeats or kind.floods:
            self._send_life_signs(fault, now_ms)
        if kind.renumbers:
            self._renumber(fault.number("to"))
        for _ in range(fault.number("n") if kind.bursts else 0):
            self._burst_update(now_ms)
        for connection in list(self._connections.by_id.values()):
            if kind.disconnects:
                self._connections.close(now_ms, connection, fault)
            if kind.loses:
                connection.frames_to_drop += fault.number("n")
            if kind.doubles:
                connection.frames_to_double += fault.number("n")
            if kind.idles:
                self._connections.watch_idle(now_ms, connection, fault.idle(), fault)
            if kind.damage or kind.repeats or kind.replays:
                self._send_again(now_ms, connection, fault)

    def _renumber(self, start: int) -> None:
        """Set the venue's counter back to `start`; streams go on in an unbroken chain."""
        market = self._market_data.market
        shift, market.number = market.number - start, start
        for connection in self._connections.by_id.values():
            for stream in connection.streams.values():
                stream.number, stream.since = (max(start, each - shift) for each in (stream.number, stream.since))

    def _send_again(self, now_ms: int, connection: Connection, fault: RunningFault) -> None:
        """Send damaged copies of the last book frame, the frame itself again, or (`replays`) the last book frames."""
        stream = next((one for one in connection.streams.values() if one.content is Content.BOOK), None)
        if stream is None or not stream.sent:
            return
        kind, count, last = fault.fault, fault.number("n"), stream.sent[-1]
        # The oldest frame of an incremental stream may be a whole book.
        replayed = list(stream.sent)[1 if stream.incremental else 0 :][-count:]
        for frame in replayed if kind.replays else [last] * count:
            if kind.damage is None:
                self._connections.send(now_ms, connection, frame.data, Content.BOOK, last.true_book)
            else:
                damaged = kind.damage(frame.data, fault.planned.values)
                self._connections.send(now_ms, connection, damaged, Content.BOOK, framing=kind.framing)

    def _send_life_signs(self, fault: RunningFault, now_ms: int) -> None:
        """Send a heartbeat or a flood of pings on every connection, once per second until the fault ends."""
        if fault not in self._active_faults.running:
            return
        heartbeat = None if fault.fault.floods else self._protocol.heartbeat
        for connection in self._connections.by_id.values():
            if heartbeat is not None:
                self._connections.send(now_ms, connection, heartbeat, Content.HEARTBEAT)
                continue
            for number in range(fault.number("n") if fault.fault.floods else 1):
                self._connections.send_control(connection, Control.PING, str(number).encode())
        self._connections.schedule(now_ms + HEARTBEAT_MS, partial(self._send_life_signs, fault))
