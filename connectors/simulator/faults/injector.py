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
        lines: Connections,
        active_faults: ActiveFaults,
        hurry: Callable[[int], None],
    ) -> None:
        self._protocol = protocol
        self._market_data = market_data
        self._lines = lines
        self._active_faults = active_faults
        self._hurry = hurry
        self._begun = 0

    def arrange(self, plan: Iterable[PlannedFault]) -> None:
        """Put the begin of each fault on the agenda."""
        for planned in plan:
            self._lines.at(planned.at_ms, partial(self._begin, planned))

    def _begin(self, planned: PlannedFault, now_ms: int) -> None:
        self._begun += 1
        fault = RunningFault(f"{self._protocol.venue[:2]}f{self._begun}", planned)
        facts = {"fault": fault.name, "kind": planned.fault.kind, "params": dict(planned.values)}
        for_s = None if planned.for_ms is None else planned.for_ms / 1_000
        self._lines.write_truth(now_ms, "fault_start", None, **facts, for_s=for_s, conns=list(self._lines.links))
        self._active_faults.begin(fault)
        self._market_data.frozen = self._active_faults.frozen
        self._strike(now_ms, fault)
        if planned.for_ms is None:
            self._end(fault, now_ms)
        else:
            self._lines.at(now_ms + planned.for_ms, partial(self._end, fault))
        if planned.every_ms and (planned.until_ms is None or now_ms + planned.every_ms <= planned.until_ms):
            self._lines.at(now_ms + planned.every_ms, partial(self._begin, planned))

    def _end(self, fault: RunningFault, now_ms: int) -> None:
        self._active_faults.end(fault)
        self._market_data.frozen = self._active_faults.frozen
        self._lines.write_truth(now_ms, "fault_end", None, fault=fault.name, kind=fault.fault.kind)
        if fault.fault.door is ConnectPolicy.REFUSE and self._active_faults.door()[0] is not ConnectPolicy.REFUSE:
            self._lines.acts.append(SetListening(open=True))

    def _strike(self, now_ms: int, fault: RunningFault) -> None:
        """What a fault does as it begins."""
        kind = fault.fault
        if kind.door is ConnectPolicy.REFUSE:
            self._lines.acts.append(SetListening(open=False))
        if kind.heartbeats:
            self._beat(fault, now_ms)
        for _ in range(fault.number("n") if kind.bursts else 0):
            self._hurry(now_ms)
        for link in list(self._lines.links.values()):
            if kind.disconnects:
                self._lines.hang_up(now_ms, link, fault)
            if kind.loses:
                link.to_lose += fault.number("n")
            if kind.idles:
                self._lines.watch(now_ms, link, fault.idle(), fault)
            if kind.damage or kind.repeats:
                self._send_damaged(now_ms, link, fault)

    def _send_damaged(self, now_ms: int, link: Connection, fault: RunningFault) -> None:
        """Say bad frames made of a good one, or the last good one again."""
        stream = next((one for one in link.streams.values() if one.content is Content.BOOK), None)
        if stream is None or stream.said is None:
            return
        good, damage = stream.said, fault.fault.damage
        for _ in range(fault.number("n")):
            if damage is None:
                self._lines.say(now_ms, link, good.data, Content.BOOK, good.true_book)
            else:
                self._lines.say(now_ms, link, damage(str(good.data)), Content.BOOK)

    def _beat(self, fault: RunningFault, now_ms: int) -> None:
        """Say a life sign to everyone, each second."""
        if fault not in self._active_faults.running:
            return
        for link in self._lines.links.values():
            if self._protocol.heartbeat is None:
                self._lines.signal(link, Control.PING)
            else:
                self._lines.say(now_ms, link, self._protocol.heartbeat, Content.HEARTBEAT)
        self._lines.at(now_ms + HEARTBEAT_MS, partial(self._beat, fault))
