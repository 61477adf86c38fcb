"""Fault injection: begins and ends the faults of a plan, and does what each does as it strikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from connectors.session.events import Control
from connectors.simulator.connections import Link, Switchboard
from connectors.simulator.faults.active import Running, Trouble
from connectors.simulator.market_data import Board
from connectors.simulator.messages import Content, Door, Doorway
from connectors.simulator.protocols.base import Dialect
from connectors.simulator.scenario import Planned

BEAT_MS = 1_000


class Injector:
    """The faults of one venue; `hurry` moves its market and tells everyone at once."""

    def __init__(
        self, dialect: Dialect, board: Board, lines: Switchboard, trouble: Trouble, hurry: Callable[[int], None]
    ) -> None:
        self._dialect = dialect
        self._board = board
        self._lines = lines
        self._trouble = trouble
        self._hurry = hurry
        self._begun = 0

    def arrange(self, plan: Iterable[Planned]) -> None:
        """Put the begin of each fault on the agenda."""
        for planned in plan:
            self._lines.at(planned.at_ms, partial(self._begin, planned))

    def _begin(self, planned: Planned, now_ms: int) -> None:
        self._begun += 1
        fault = Running(f"{self._dialect.venue[:2]}f{self._begun}", planned)
        facts = {"fault": fault.name, "kind": planned.fault.kind, "params": dict(planned.values)}
        for_s = None if planned.for_ms is None else planned.for_ms / 1_000
        self._lines.tell(now_ms, "fault_start", None, **facts, for_s=for_s, conns=list(self._lines.links))
        self._trouble.begin(fault)
        self._board.frozen = self._trouble.frozen
        self._strike(now_ms, fault)
        if planned.for_ms is None:
            self._end(fault, now_ms)
        else:
            self._lines.at(now_ms + planned.for_ms, partial(self._end, fault))
        if planned.every_ms and (planned.until_ms is None or now_ms + planned.every_ms <= planned.until_ms):
            self._lines.at(now_ms + planned.every_ms, partial(self._begin, planned))

    def _end(self, fault: Running, now_ms: int) -> None:
        self._trouble.end(fault)
        self._board.frozen = self._trouble.frozen
        self._lines.tell(now_ms, "fault_end", None, fault=fault.name, kind=fault.fault.kind)
        if fault.fault.door is Door.REFUSE and self._trouble.door()[0] is not Door.REFUSE:
            self._lines.acts.append(Doorway(open=True))

    def _strike(self, now_ms: int, fault: Running) -> None:
        """What a fault does as it begins."""
        kind = fault.fault
        if kind.door is Door.REFUSE:
            self._lines.acts.append(Doorway(open=False))
        if kind.beats:
            self._beat(fault, now_ms)
        for _ in range(fault.number("n") if kind.bursts else 0):
            self._hurry(now_ms)
        for link in list(self._lines.links.values()):
            if kind.hangs_up:
                self._lines.hang_up(now_ms, link, fault)
            if kind.loses:
                link.to_lose += fault.number("n")
            if kind.idles:
                self._lines.watch(now_ms, link, fault.idle(), fault)
            if kind.spoils or kind.repeats:
                self._spoil(now_ms, link, fault)

    def _spoil(self, now_ms: int, link: Link, fault: Running) -> None:
        """Say bad frames made of a good one, or the last good one again."""
        stream = next((one for one in link.streams.values() if one.content is Content.BOOK), None)
        if stream is None or stream.said is None:
            return
        good, spoils = stream.said, fault.fault.spoils
        for _ in range(fault.number("n")):
            if spoils is None:
                self._lines.say(now_ms, link, good.data, Content.BOOK, good.sight)
            else:
                self._lines.say(now_ms, link, spoils(str(good.data)), Content.BOOK)

    def _beat(self, fault: Running, now_ms: int) -> None:
        """Say a life sign to everyone, each second."""
        if fault not in self._trouble.running:
            return
        for link in self._lines.links.values():
            if self._dialect.beat is None:
                self._lines.signal(link, Control.PING)
            else:
                self._lines.say(now_ms, link, self._dialect.beat, Content.BEAT)
        self._lines.at(now_ms + BEAT_MS, partial(self._beat, fault))
