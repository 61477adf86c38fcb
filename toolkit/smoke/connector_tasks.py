"""The drivers of a run's machines: real sockets, real requests, one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

from connectors.io.driver import GRACE_S, Driver, Hub
from connectors.io.http import Rest
from connectors.recording.run_files import FRAMES, Frames, Telemetry
from connectors.recording.tape import Header
from connectors.runner import runner_lines
from connectors.runner.runner import Runner
from connectors.session.connector import Connector
from toolkit.model.vocabulary import VenueStatus
from toolkit.smoke.wiring import TELEMETRY, RunWiring, number

HOPELESS_AFTER = 3
"""So many failures of every venue, and not one socket, mean that there is no way out of this machine."""


class ConnectorTasks:
    """Drives the connectors and the runner; nothing runs before `alive` is awaited."""

    def __init__(self, runner: Runner, drivers: Sequence[Driver]) -> None:
        self.runner, self.drivers = runner, drivers

    @classmethod
    async def hired(cls, stack: AsyncExitStack, wiring: RunWiring) -> ConnectorTasks:
        """Make the drivers and open the telemetry; nothing runs yet."""
        telemetry = _telemetry(wiring)
        stack.callback(telemetry.close)
        rest = await stack.enter_async_context(Rest())
        shared = Hub(wiring.clock, rest, wiring.publisher, wiring.journal)
        drivers = [Driver(machine, shared, _frames(stack, wiring, machine)) for machine in wiring.machines]
        return cls(wiring.runner(drivers, shared, telemetry), drivers)

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


def _telemetry(wiring: RunWiring) -> Telemetry:
    loop, journal = asyncio.get_running_loop(), wiring.journal

    def failed(why: str) -> None:
        said = [runner_lines.telemetry_failed(why)]
        loop.call_soon_threadsafe(lambda: journal.tell("telemetry_failed", said, detail=why))

    return Telemetry(wiring.out / TELEMETRY, number(wiring.common["PARAPHINA_TELEMETRY_CHANNEL_CAP"]), failed)


def _frames(stack: AsyncExitStack, wiring: RunWiring, machine: Connector) -> Frames | None:
    if not wiring.plan.record_frames:
        return None
    goal = machine.target
    header = Header(machine.venue.name, goal.market, wiring.plan.source, goal.instrument or None, dict(goal.options))
    return stack.enter_context(Frames(wiring.out / FRAMES, header, wiring.clock))
