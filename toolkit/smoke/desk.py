"""The connectors of a run, their runner and their files, put together from a plan and an environment."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import connectors
from connectors import runner_lines, settings
from connectors.clock import Clock
from connectors.description import Venue
from connectors.driver import GRACE_S, Driver, Hub
from connectors.publisher import Publisher
from connectors.rest import Rest
from connectors.runfiles import FRAMES, Frames, Journal, Telemetry
from connectors.runner import Pace, Runner
from connectors.session import Connector
from connectors.settings import Resolved
from connectors.tape import Header
from connectors.ticks import Folding
from toolkit.smoke.shadow_plan import ShadowPlan
from toolkit.vocabulary import VenueStatus

HOPELESS_AFTER = 3
"""So many failures of every venue, and not one socket, mean that there is no way out of this machine."""


class Desk:
    """The connectors, the runner and their files; nothing runs before `alive` is awaited."""

    def __init__(self, journal: Journal, runner: Runner, drivers: Sequence[Driver]) -> None:
        self.journal, self.runner, self.drivers = journal, runner, drivers

    @classmethod
    async def opened(
        cls, stack: AsyncExitStack, plan: ShadowPlan, out: Path, environ: Mapping[str, str], clock: Clock
    ) -> Desk:
        """Open the files and make the connectors; nothing runs yet."""
        common = settings.resolve(settings.COMMON, environ)
        journal = Journal(out, clock, plan.venues, audit=bool(common["PARAPHINA_WS_AUDIT"].value))
        stack.callback(journal.close)
        telemetry = _telemetry(out, common, journal)
        stack.callback(telemetry.close)
        rest = await stack.enter_async_context(Rest())
        shared = Hub(clock, rest, Publisher(plan.venues), journal)
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
    shared: Hub,
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
    digest = hashlib.sha256()
    root = Path(connectors.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
