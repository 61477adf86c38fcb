"""Make a pair of runs: serve the venues, start both sides at the same moment, end them at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection

from connectors.simulator.server import loopback
from toolkit.host import system
from toolkit.model.errors import InputError
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.smoke.pair.messages import (
    Begin,
    ClientRefused,
    EndAt,
    Failed,
    Interrupt,
    Notice,
    Ready,
    Running,
    Stopped,
    ToSide,
    VenuesClosed,
)
from toolkit.smoke.pair.plan import ConnectorSide, PairPlan, Side
from toolkit.smoke.pair.side_process import run_side
from toolkit.smoke.run_directory import claim, load_meta, save_meta
from toolkit.smoke.stop_handlers import stop_signals_handled

LEAD_S = 0.5
"""Time from the message that both sides begin to the moment at which they do."""
POLL_S = 0.25

Progress = Callable[[float], None]
"""Called with the time since the sides began, in ms."""
NoticeOfSide = Callable[[str, str], None]
"""Called with the name of a side and a sentence for the user."""


def run_pair(plan: PairPlan, progress: Progress, notice: NoticeOfSide) -> dict[str, RunMeta]:
    """Run both sides to their end and return the record of each by name.

    SIGINT, SIGTERM and SIGHUP stop both sides and count as `interrupt`; their run directories stay. If this process is
    killed, both sides end.

    Raises `InputError` on Windows, if a run directory holds a run or cannot be written to, or if a side leaves no
    record.
    """
    system.check_supervision()
    for side in plan.sides.values():
        try:
            claim(side.out)
        except OSError as error:
            raise InputError(
                str(side.out), None, f"cannot be written to: {error.strerror}; choose another --out"
            ) from error
    return asyncio.run(_PairRun(plan, progress, notice).run())


class _PairRun:
    """One pair of runs, from the start of its processes to their end."""

    def __init__(self, plan: PairPlan, progress: Progress, notice: NoticeOfSide) -> None:
        self._plan, self._progress, self._notice = plan, progress, notice
        self._sides: dict[str, _SideProcess] = {}
        self._refused: list[ClientRefused] = []
        self._interrupted = self._begun = False

    async def run(self) -> dict[str, RunMeta]:
        with stop_signals_handled(self._interrupt):
            try:
                for name in self._plan.order:
                    self._sides[name] = _SideProcess(name, self._plan.sides[name], self._notice)
                await asyncio.gather(*(each.ready_or_ended.wait() for each in self._sides.values()))
                if not self._interrupted:
                    async with _venues(self._plan, self._client_refused) as venue_urls:
                        await self._run_sides(venue_urls)
                    # The venues have told how many clients they refused.
                    await self._close_sides()
            finally:
                for each in self._sides.values():
                    each.end()
        if not self._begun:
            raise KeyboardInterrupt
        return self._with_common_time({name: self._record(self._sides[name]) for name in self._plan.sides})

    async def _run_sides(self, venue_urls: dict[str, str] | None) -> None:
        loop = asyncio.get_running_loop()
        begin, self._begun = Begin(loop.time() + LEAD_S, venue_urls), True
        for name in self._plan.order:
            self._sides[name].send(begin)
            for refused in self._refused:
                self._sides[name].send(refused)
        end_told = False
        while running := [each for each in self._sides.values() if not each.stopped_or_ended.is_set()]:
            self._progress(max(0.0, loop.time() - begin.at_s) * 1_000)
            if not end_told and all(each.since_s is not None for each in running):
                end_told = True
                self._end_together(running)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await running[0].stopped_or_ended.wait()

    async def _close_sides(self) -> None:
        for each in self._sides.values():
            each.send(VenuesClosed())
        await asyncio.gather(*(each.ended.wait() for each in self._sides.values()))

    def _client_refused(self, text: str) -> None:
        """Tell the user and the sides of clients that the venues refused; `text` begins with the venue and a colon."""
        self._notice("venues", text)
        self._refused.append(ClientRefused(text))
        if self._begun:
            for each in self._sides.values():
                each.send(self._refused[-1])

    def _end_together(self, running: Iterable[_SideProcess]) -> None:
        """Tell every program that runs when it ends: the run time after the last of them wrote its first telemetry."""
        last_s = max(each.since_s or 0.0 for each in running)
        for each in running:
            if not isinstance(each.side, ConnectorSide):
                each.send(EndAt(last_s + each.side.plan.limits.run_ms / 1_000))

    def _with_common_time(self, metas: dict[str, RunMeta]) -> dict[str, RunMeta]:
        """Add the time in which both sides ran to the records, if both did: the comparison pairs their ticks in it."""
        starts, ends = (
            (meta.first_telemetry_ms for meta in metas.values()),
            (meta.stopped_ms for meta in metas.values()),
        )
        known_starts, known_ends = ([each for each in times if each is not None] for times in (starts, ends))
        if len(known_starts) < len(metas) or len(known_ends) < len(metas) or max(known_starts) >= min(known_ends):
            return metas
        common_ms = max(known_starts), min(known_ends)
        found = {
            name: replace(meta, pair=replace(meta.pair, common_ms=common_ms)) if meta.pair else meta
            for name, meta in metas.items()
        }
        for name, meta in found.items():
            save_meta(meta, self._plan.sides[name].out)
        return found

    def _record(self, side: _SideProcess) -> RunMeta:
        try:
            return load_meta(side.side.out)
        except FileNotFoundError:
            why = side.failure or "the process of this side ended before it began its run"
            raise InputError(str(side.side.out), None, why) from None

    def _interrupt(self) -> None:
        self._interrupted = True
        for each in self._sides.values():
            each.interrupt()


class _SideProcess:
    """The process of one side. `since_s` is the time of its first telemetry, None before it."""

    def __init__(self, name: str, side: Side, notice: NoticeOfSide) -> None:
        self.side, self.failure = side, ""
        self.since_s: float | None = 0.0 if isinstance(side, ConnectorSide) else None
        self.ready_or_ended, self.stopped_or_ended, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._name, self._notice, self._begun = name, notice, False
        self._link, other = _duplex()
        self._process = get_context("spawn").Process(target=run_side, args=(side, other), name=f"side {name}")
        self._process.start()
        other.close()
        asyncio.get_running_loop().add_reader(self._link.fileno(), self._receive)

    def send(self, message: ToSide) -> None:
        """Send a message to the side, unless it has ended."""
        self._begun = self._begun or isinstance(message, Begin)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._link.send(message)

    def interrupt(self) -> None:
        """Stop the run; a side that has not begun is ended at once."""
        if self._begun:
            self.send(Interrupt())
        else:
            self._process.kill()

    def end(self) -> None:
        """Wait for the end of the process; one that still runs is ended."""
        if not self.ended.is_set():
            self._process.terminate()
            asyncio.get_running_loop().remove_reader(self._link.fileno())
        self._link.close()
        self._process.join()

    def _receive(self) -> None:
        try:
            message = self._link.recv()
        except (EOFError, ConnectionResetError):
            asyncio.get_running_loop().remove_reader(self._link.fileno())
            self.ready_or_ended.set()
            self.stopped_or_ended.set()
            self.ended.set()
            return
        match message:
            case Ready():
                self.ready_or_ended.set()
            case Running(since_s):
                self.since_s = since_s
            case Stopped():
                self.stopped_or_ended.set()
            case Notice(text):
                self._notice(self._name, text)
            case Failed(text):
                self.failure = text
                self._notice(self._name, text)


def _duplex() -> tuple[Connection, Connection]:
    ours, other = get_context("spawn").Pipe()
    return ours, other


@asynccontextmanager
async def _venues(plan: PairPlan, write_notice: Callable[[str], None]) -> AsyncIterator[dict[str, str] | None]:
    """Serve one set of simulated venues to both sides; yield their URLs, or None where the sides need no venues.

    `write_notice` is called with the notices about refused clients.
    """
    side = next(iter(plan.sides.values()))
    if not isinstance(side, ConnectorSide) or not (shadow := side.plan()).own_venues:
        yield None
        return
    async with loopback(
        shadow.venues, shadow.scenario, base=shadow.base, seed=shadow.seed, write_notice=write_notice
    ) as urls:
        yield urls
