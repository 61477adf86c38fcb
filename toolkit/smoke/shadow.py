"""A run of our own: the shadow connectors, for some minutes, against simulated venues or the public ones.

Everything lives in one process and one event loop. It reads public market data only: nothing here knows an order.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import resource
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from connectors import runner_lines, settings
from connectors.clock import Clock
from connectors.description import Venue
from connectors.driver import GRACE_S, Driver, Exchange
from connectors.loopback.scenario import Scenario
from connectors.loopback.server import loopback
from connectors.loopback.truth import TruthFile
from connectors.publisher import Publisher
from connectors.rest import Rest
from connectors.runfiles import FRAMES, Frames, Journal, Telemetry
from connectors.runner import Pace, Runner
from connectors.session import Connector
from connectors.settings import Resolved
from connectors.tape import Header
from connectors.ticks import Folding
from toolkit.errors import Exit, InputError
from toolkit.smoke import profile
from toolkit.smoke.meta import RunMeta
from toolkit.smoke.policy import StoppedBy
from toolkit.smoke.rundir import claim
from toolkit.smoke.self_record import begun, ended, loaded
from toolkit.vocabulary import VenueStatus

LOOK_S = 0.25
LOAD_EVERY_S = 10.0
HOPELESS_AFTER = 3
"""So many failures of every venue, and not one socket, mean that there is no way out of this machine."""

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Feed(StrEnum):
    """Where market data comes from: venues simulated on this machine, or the public endpoints."""

    LOOPBACK = "loopback"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """What to run; `scenario`, `seed` and `truth` (where to write what the venues did) are of the loopback feed."""

    argv: tuple[str, ...]
    out: Path
    run_ms: int
    venues: Mapping[str, Venue]
    feed: Feed = Feed.LOOPBACK
    scenario: Scenario = field(default_factory=Scenario)
    seed: int = 1
    base: str = "ETH"
    record_frames: bool = False
    truth: Path | None = None
    label: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether the venues are simulated."""
        return self.feed is Feed.LOOPBACK

    @property
    def source(self) -> str:
        """The feed in words; a simulated one says so, whatever else it says."""
        if not self.simulated:
            return "live public endpoints, read-only"
        return f"SIMULATED loopback venues, scenario {self.scenario.name}, seed {self.seed}"


Progress = Callable[[float, Mapping[str, str]], None]
"""Told for how many milliseconds the run runs, and a word on each venue."""


def run_shadow(
    plan: ShadowPlan, inherited: Mapping[str, str], progress: Progress = lambda _ms, _venues: None
) -> RunMeta:
    """Run the connectors to their time and leave a run directory; give what is known of the run.

    The directory is whole at any moment, also when this process is killed. SIGINT, SIGTERM and SIGHUP end the run and
    count as `interrupt`. Where no venue can be reached at all the run ends by itself with exit code 5.
    Raises `UsageError` for a setting that cannot be used, `InputError` where the directory holds a run already or
    cannot be written to.
    """
    out = plan.out.resolve()
    environ = profile.environment("paraphina", out, inherited)
    _check(plan, environ)
    try:
        claim(out)
        return asyncio.run(_Run(plan, out, environ).live(progress))
    except OSError as error:
        raise InputError(str(plan.out), None, f"cannot be written: {error.strerror}") from error


def _check(plan: ShadowPlan, environ: Mapping[str, str]) -> None:
    """Read every setting before anything is made, so that a bad one leaves nothing behind."""
    for venue in plan.venues.values():
        settings.resolve((*settings.COMMON, *settings.of_venue(venue)), environ)


class _Run:
    """One run, from its first file to its last."""

    def __init__(self, plan: ShadowPlan, out: Path, environ: Mapping[str, str]) -> None:
        self._plan, self._out, self._environ = plan, out, environ
        self._clock = Clock()
        self._stop = asyncio.Event()
        self._stopped_by: StoppedBy | None = None
        self._diagnosis = ""

    async def live(self, progress: Progress) -> RunMeta:
        """Live through it."""
        plan, run = self._plan, begun(self._plan, self._environ)
        run.save(self._out)
        self._listen_to_signals()
        before = _used_ms()
        async with AsyncExitStack() as stack:
            environ = await self._led(stack)
            run = replace(run, **_environment(environ, self._environ))
            run.save(self._out)
            desk = await _Desk.opened(stack, plan, self._out, environ, self._clock)
            run = await self._ticking(desk, run, progress)
            if self._diagnosis:
                desk.journal.tell("blocked", [f"paraphina_live | error=no_venue_reached {self._diagnosis}"])
            log = desk.journal.log
            output: dict[str, int | str] = {"bytes": log.bytes, "lines": log.lines, "sha256": log.digest.hexdigest()}
        code = Exit.RUN_BLOCKED if self._diagnosis else Exit.OK
        run = ended(run, self._clock, self._stopped_by, int(code), _used_ms() - before, output)
        run.save(self._out)
        return run

    def _listen_to_signals(self) -> None:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            # Only the main thread may have signals; a run in another one ends by its time alone.
            for number in _INTERRUPTS:
                asyncio.get_running_loop().add_signal_handler(number, self._end, StoppedBy.INTERRUPT)

    def _end(self, why: StoppedBy) -> None:
        self._stopped_by = self._stopped_by or why
        self._stop.set()

    async def _led(self, stack: AsyncExitStack) -> dict[str, str]:
        """The environment that leads the connectors to their venues, which are made here if they are simulated."""
        plan, environ = self._plan, dict(self._environ)
        if not plan.simulated:
            return environ
        tell = stack.enter_context(TruthFile(plan.truth)).tell if plan.truth is not None else None
        led = await stack.enter_async_context(
            loopback(plan.venues, plan.scenario, base=plan.base, seed=plan.seed, tell=tell)
        )
        for venue in plan.venues.values():
            if venue.instrument is not None:
                environ.pop(venue.instrument.name, None)
        return environ | led

    async def _ticking(self, desk: _Desk, run: RunMeta, progress: Progress) -> RunMeta:
        """Let everything run until the time is over or something ends it."""
        loop = asyncio.get_running_loop()
        run = replace(run, first_telemetry_ms=self._clock.unix_ms())
        run = replace(run, build_ms=(run.first_telemetry_ms or 0) - run.started_ms)
        run.save(self._out)
        tasks = [asyncio.create_task(each) for each in desk.alive()]
        began_s, load_s = loop.time(), loop.time()
        try:
            while self._stopped_by is None:
                elapsed_s = loop.time() - began_s
                progress(elapsed_s * 1_000, desk.words())
                if loop.time() - load_s >= LOAD_EVERY_S:
                    load_s = loop.time()
                    run = loaded(run)
                    run.save(self._out)
                await self._look(desk, tasks, self._plan.run_ms / 1_000 - elapsed_s)
            run = replace(run, stopped_ms=self._clock.unix_ms())
        finally:
            await desk.stop(tasks)
        return run

    async def _look(self, desk: _Desk, tasks: Sequence[asyncio.Task[None]], left_s: float) -> None:
        """Wait a moment, and see whether anything ends the run."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(LOOK_S, left_s))):
                await self._stop.wait()
        for task in tasks:
            if task.done():
                await task
        if left_s <= LOOK_S:
            self._end(StoppedBy.TIME)
        if not self._plan.simulated and (why := desk.unreached()):
            self._diagnosis = why
            self._end(StoppedBy.ITSELF)


class _Desk:
    """The connectors, the runner and their files."""

    def __init__(self, journal: Journal, runner: Runner, drivers: Sequence[Driver]) -> None:
        self.journal, self.runner, self.drivers = journal, runner, drivers

    @classmethod
    async def opened(
        cls, stack: AsyncExitStack, plan: ShadowPlan, out: Path, environ: Mapping[str, str], clock: Clock
    ) -> _Desk:
        """Open the files and make the connectors; nothing runs yet."""
        common = settings.resolve(settings.COMMON, environ)
        journal = Journal(out, clock, plan.venues, audit=bool(common["PARAPHINA_WS_AUDIT"].value))
        stack.callback(journal.close)
        telemetry = _telemetry(out, common, journal)
        stack.callback(telemetry.close)
        rest = await stack.enter_async_context(Rest())
        shared = Exchange(clock, rest, Publisher(plan.venues), journal)
        drivers, fresh_ms = [], {}
        for venue in plan.venues.values():
            resolved = common | settings.resolve(settings.of_venue(venue), environ)
            fresh_ms[venue.name] = settings.fresh_ms(venue, resolved)
            drivers.append(_driver(stack, plan, venue, resolved, shared, out))
        rx = stack.enter_context((out / "market_rx_stats.log").open("x", encoding="utf-8", buffering=1))
        config, told = f"toolkit-{version('run-evidence-toolkit')}", {"simulated": plan.simulated, "feed": plan.feed}
        _announce(plan, environ, common, journal, config)
        pace = _pace(common)
        runner = Runner(drivers, fresh_ms, pace, shared, journal, telemetry, rx, config, told)
        return cls(journal, runner, drivers)

    def alive(self) -> Iterator[Any]:
        """What runs."""
        yield self.runner.run()
        yield from (driver.run() for driver in self.drivers)

    async def stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Stop the connectors, each with its last word, then the runner."""
        for driver in self.drivers:
            driver.stop()
        runner, *driving = tasks
        await asyncio.wait(driving, timeout=2 * GRACE_S)
        self.runner.tick()
        for task in (runner, *driving):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def words(self) -> dict[str, str]:
        """A word on each venue."""
        return {driver.venue: self._word(driver) for driver in self.drivers}

    def _word(self, driver: Driver) -> str:
        status = self.runner.statuses.get(driver.venue)
        if status is VenueStatus.HEALTHY:
            return "ok"
        return "stale" if status is VenueStatus.STALE and driver.machine.live else str(driver.machine.state)

    def unreached(self) -> str:
        """Why no venue was ever reached, once that is plain; empty while it is not."""
        drivers = self.drivers
        if any(driver.connected or driver.failures < HOPELESS_AFTER for driver in drivers):
            return ""
        said = "; ".join(f"{driver.venue}: {driver.failure}" for driver in drivers)
        return (
            f"no venue can be reached ({said}); check this machine's network, DNS and proxy, or leave out --feed live"
        )


def _telemetry(out: Path, common: Mapping[str, Resolved], journal: Journal) -> Telemetry:
    loop = asyncio.get_running_loop()

    def failed(why: str) -> None:
        said = [runner_lines.telemetry_failed(why)]
        loop.call_soon_threadsafe(lambda: journal.tell("telemetry_failed", said, detail=why))

    return Telemetry(out / "telemetry.jsonl", _number(common["PARAPHINA_TELEMETRY_CHANNEL_CAP"]), failed)


def _driver(
    stack: AsyncExitStack,
    plan: ShadowPlan,
    venue: Venue,
    resolved: Mapping[str, Resolved],
    shared: Exchange,
    out: Path,
) -> Driver:
    goal = settings.target(venue, resolved, plan.base)
    draw = random.Random(f"{plan.seed}/{venue.name}/wait") if plan.simulated else random.SystemRandom()
    machine = Connector(venue, goal, settings.limits(venue, resolved), draw.random)
    frames = None
    if plan.record_frames:
        header = Header(venue.name, goal.market, plan.source, goal.instrument or None, dict(goal.options))
        frames = stack.enter_context(Frames(out / FRAMES, header, shared.clock))
    return Driver(machine, shared, frames)


def _pace(common: Mapping[str, Resolved]) -> Pace:
    cap = common["PARAPHINA_L2_TICK_DELTA_BUFFER_MAX"].value
    folding = Folding(
        books=bool(common["PARAPHINA_L2_SNAPSHOT_COALESCE"].value),
        deltas=bool(common["PARAPHINA_L2_DELTA_COALESCE"].value),
        cap=None if cap is None else int(cap),
    )
    counted = bool(common["PARAPHINA_MARKET_RX_STATS"].value)
    return Pace(
        interval_ms=_number(common["PARAPHINA_MAIN_LOOP_INTERVAL_MS"]),
        least_ms=_number(common["PARAPHINA_MIN_INTER_TICK_MS"]),
        folding=folding,
        catastrophic_ms=_number(common["PARAPHINA_CATASTROPHIC_STALE_MS"]),
        rx_every=_number(common["PARAPHINA_MARKET_RX_STATS_EVERY_TICKS"]) if counted else 0,
    )


def _number(resolved: Resolved) -> int:
    return int(resolved.value or 0)


def _announce(
    plan: ShadowPlan, environ: Mapping[str, str], common: Mapping[str, Resolved], journal: Journal, config: str
) -> None:
    """Say first what the feed is, then the start-up line of a life."""
    every = dict(common)
    for venue in plan.venues.values():
        every |= settings.resolve(settings.of_venue(venue), environ)
    known = sorted((name, str(each.value)) for name, each in every.items() if each.setting.kind != "urls")
    start = runner_lines.startup(
        network="loopback" if plan.simulated else "mainnet",
        venues=list(plan.venues),
        version=config,
        interval_ms=_number(common["PARAPHINA_MAIN_LOOP_INTERVAL_MS"]),
        build_id=_build(),
        dirty=False,
        digest=hashlib.sha256(repr(known).encode()).hexdigest()[:16],
    )
    journal.tell("feed", [f"toolkit smoke: {plan.source}"], simulated=plan.simulated, feed=plan.feed)
    journal.tell("startup", [start])
    journal.tell("no_pressure", runner_lines.no_pressure())


def _build() -> str:
    """What the connectors are made of: a digest over their source."""
    import connectors

    digest = hashlib.sha256()
    root = Path(connectors.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _environment(environ: Mapping[str, str], before: Mapping[str, str]) -> dict[str, Any]:
    from toolkit.host import disclosure

    added = sorted(name for name in environ if environ[name] != before.get(name))
    names = {*profile.paraphina(Path()), *added}
    return {"environment": disclosure.environment(environ), "environment_set": tuple(sorted(names))}


def _used_ms() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1_000)
