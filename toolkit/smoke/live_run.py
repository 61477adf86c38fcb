"""A real-time run of the shadow connectors against simulated venues or public endpoints, in one asyncio event loop.

It reads public market data only and has no order entry.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.clock import Clock
from connectors.io.collector import loaded_objects_left_out
from connectors.io.destinations import Destinations
from connectors.io.driver import STOP_TIMEOUT_S, Driver, SharedResources
from connectors.io.http import HttpClient
from connectors.io.proxies import is_loopback
from connectors.io.tls import check_authorities
from connectors.runner import runner_lines
from connectors.runner.runner import Runner
from connectors.session.connector import Connector
from connectors.session.side_feeds.connector import SideConnector
from connectors.simulator.ground_truth import TruthFile
from connectors.simulator.server import loopback
from connectors.text import quoted
from toolkit.host import system
from toolkit.model.errors import ExitCode, InputError
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.vocabulary import VenueStatus
from toolkit.smoke import producer_env
from toolkit.smoke.own_run_meta import environment_fields, first_record, last_record, with_load_sample
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.run_directory import claim, save_meta
from toolkit.smoke.stop_handlers import stop_signals_handled
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.wiring import RefusedClients, RunWiring

POLL_S = 0.25
LOAD_SAMPLE_INTERVAL_S = 10.0
MAX_FAILURES = 3
"""Failures per venue after which the user is told that no venue was reached yet."""
UNREACHABLE_S = 60.0
"""Time after which a run of the live feed that has reached no venue ends by itself; until then it keeps trying."""
REMEDY = "check this machine's network, DNS and proxy, or leave out --feed live"

Progress = Callable[[float, Mapping[str, str]], None]
"""Called with the elapsed time of the run in ms and a short state per venue."""
Notice = Callable[[str], None]
"""Called with a sentence for the user once the run has begun."""


def run_connectors(
    plan: ShadowPlan,
    inherited: Mapping[str, str],
    progress: Progress = lambda _ms, _states: None,
    notice: Notice = lambda _text: None,
) -> RunMeta:
    """Run the connectors for the planned time, write the run directory, and return its `RunMeta`.

    `inherited` is the environment of the calling process. The run directory is readable at any moment, also if this
    process is killed. SIGINT, SIGTERM and SIGHUP end the run and count as `interrupt`. If no venue of the live feed can
    be reached within `UNREACHABLE_S`, or within a shorter run, the run ends by itself with exit code 5.

    Raises `UsageError` for an invalid setting and `InputError` on Windows, and if the directory already holds a run or
    cannot be written to.
    """
    system.check_supervision()
    out = plan.out.resolve()
    environ = producer_env.environment("paraphina", out, inherited)
    _check_settings(plan, environ)
    plan = with_redirection(plan, environ)
    try:
        claim(out)
        return asyncio.run(_LiveRun(plan, out, environ).run(progress, notice))
    except OSError as error:
        why = f"cannot be written to: {error.strerror}; check the disk and its permissions, or choose another --out"
        raise InputError(str(plan.out), None, why) from error


def with_redirection(plan: ShadowPlan, environ: Mapping[str, str]) -> ShadowPlan:
    """Return the plan with `redirected` set. Raises `UsageError` for an invalid URL."""
    resolved = [
        settings.resolve((venue.ws, venue.rest), environ)[name]
        for venue in plan.venues.values()
        for name in (venue.ws.name, venue.rest.name)
    ]
    urls = [url.strip() for each in resolved for url in str(each.value).split(",") if url.strip()]
    return replace(plan, redirected=not plan.own_venues and all(map(is_loopback, urls)))


def _check_settings(plan: ShadowPlan, environ: Mapping[str, str]) -> None:
    """Resolve every setting before the run directory is created, so that an invalid one leaves no files."""
    if not plan.own_venues:
        check_authorities()
    for venue in plan.venues.values():
        settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), environ)


class _LiveRun:
    """One run, from its first file to its last."""

    def __init__(self, plan: ShadowPlan, out: Path, environ: Mapping[str, str]) -> None:
        self._plan, self._out, self._environ = plan, out, environ
        self._clock = Clock()
        self._stop = asyncio.Event()
        self._stopped_by: StoppedBy | None = None
        self._unreached: Mapping[str, str] = {}
        self._user_warned = False

    async def run(self, progress: Progress, notice: Notice) -> RunMeta:
        """Run until the time is over, an interrupt, or a failure; return the last record."""
        with stop_signals_handled(lambda: self._end(StoppedBy.INTERRUPT)):
            return await self._recorded_run(progress, notice)

    async def _recorded_run(self, progress: Progress, notice: Notice) -> RunMeta:
        plan, run = self._plan, first_record(self._plan, self._environ)
        save_meta(run, self._out)
        cpu_before_s = time.process_time()
        async with AsyncExitStack() as stack, AsyncExitStack() as served:
            refused = RefusedClients(notice)
            environ = await self._connector_environment(served, refused)
            run = replace(run, **environment_fields(environ, self._environ))
            save_meta(run, self._out)
            wiring = RunWiring(stack, plan, self._out, environ, self._clock)
            refused.record_into(wiring.journal)
            notice(f"{plan.source}; recording into {plan.out}; Ctrl-C stops the run and keeps it")
            tasks = await ConnectorTasks.create(stack, wiring)
            with loaded_objects_left_out():
                run = self._with_destinations(await self._run_tasks(tasks, run, progress, notice), tasks)
            if self._unreached:
                wiring.journal.record("blocked", [runner_lines.blocked(REMEDY, self._unreached)])
            await served.aclose()  # The servers say now how many clients they refused.
            log = wiring.journal.log
            output: dict[str, int | str] = {"bytes": log.bytes, "lines": log.lines, "sha256": log.digest.hexdigest()}
        code = ExitCode.RUN_BLOCKED if self._unreached else ExitCode.OK
        cpu_ms = round((time.process_time() - cpu_before_s) * 1_000)
        run = last_record(run, self._clock, self._stopped_by, int(code), cpu_ms, output)
        save_meta(run, self._out)
        return run

    def _end(self, reason: StoppedBy) -> None:
        self._stopped_by = self._stopped_by or reason
        self._stop.set()

    async def _connector_environment(self, stack: AsyncExitStack, refused: RefusedClients) -> dict[str, str]:
        """Return the connectors' environment; serve the loopback feed if no other process does, and add its URLs."""
        plan, environ = self._plan, dict(self._environ)
        if not plan.own_venues:
            return environ
        for venue in plan.venues.values():
            if venue.instrument is not None:
                environ.pop(venue.instrument.name, None)
        if plan.serve is not None:
            return environ | dict(await stack.enter_async_context(plan.serve(refused.write)))
        truth = stack.enter_context(TruthFile(plan.truth)).write if plan.truth is not None else None
        venue_urls = await stack.enter_async_context(
            loopback(
                plan.venues,
                plan.scenario,
                base=plan.base,
                seed=plan.seed,
                write_truth=truth,
                write_notice=refused.write,
            )
        )
        return environ | venue_urls

    async def _run_tasks(self, tasks: ConnectorTasks, run: RunMeta, progress: Progress, notice: Notice) -> RunMeta:
        """Run all tasks until something ends the run; sample the host's load meanwhile."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._plan.begin_s or loop.time()):
                await self._stop.wait()
        run = replace(run, first_telemetry_ms=self._clock.unix_ms())
        run = replace(run, build_ms=(run.first_telemetry_ms or 0) - run.started_ms)
        save_meta(run, self._out)
        running = [asyncio.create_task(each) for each in tasks.coroutines()]
        began_s, load_sampled_s = loop.time(), loop.time()
        try:
            while self._stopped_by is None:
                elapsed_s = loop.time() - began_s
                progress(elapsed_s * 1_000, tasks.venue_states())
                if loop.time() - load_sampled_s >= LOAD_SAMPLE_INTERVAL_S:
                    load_sampled_s = loop.time()
                    run = with_load_sample(run)
                    save_meta(run, self._out)
                left_s = self._plan.run_ms / 1_000 - elapsed_s
                await self._wait_and_check(running, left_s)
                if not self._plan.own_venues:
                    self._check_reached(tasks, min(left_s, UNREACHABLE_S - elapsed_s), notice)
                    if (reached := self._with_destinations(run, tasks)).simulated != run.simulated:
                        run = reached
                        save_meta(run, self._out)
                if left_s <= POLL_S:
                    self._end(StoppedBy.TIME)
            run = replace(run, stopped_ms=self._clock.unix_ms())
        finally:
            await tasks.stop(running)
        return run

    def _with_destinations(self, run: RunMeta, tasks: ConnectorTasks) -> RunMeta:
        """Return the record with the destinations of the connections so far.

        They decide whether the run is simulated: a name may lead to this machine, and a proxy on it elsewhere.
        """
        reached = tasks.destinations.all_loopback
        if not self._plan.own_venues and reached is not None and reached != self._plan.redirected:
            self._plan = replace(self._plan, redirected=reached)
            tasks.wiring.change_feed(self._plan)
        return replace(run, simulated=self._plan.simulated, destinations=tasks.destinations.counts())

    async def _wait_and_check(self, running: Sequence[asyncio.Task[None]], left_s: float) -> None:
        """Wait at most `POLL_S`. Raises the exception of a task that failed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(POLL_S, left_s))):
                await self._stop.wait()
        for task in running:
            if task.done():
                await task

    def _check_reached(self, tasks: ConnectorTasks, left_s: float, notice: Notice) -> None:
        """Warn the user if no venue was reached yet; end the run if that is still so when `left_s` has passed."""
        if left_s <= POLL_S and (failures := tasks.unreached(1)):
            self._unreached = failures
            self._end(StoppedBy.ITSELF)
        elif not self._user_warned and (failures := tasks.unreached(MAX_FAILURES)):
            self._user_warned = True
            shown = "; ".join(f"{venue}: {quoted(failure)}" for venue, failure in failures.items())
            notice(f"no venue was reached yet, the run keeps trying; {REMEDY} ({shown})")


@dataclass(frozen=True, slots=True)
class ConnectorTasks:
    """The connectors' drivers and the runner; they run once the coroutines are scheduled."""

    wiring: RunWiring
    runner: Runner
    drivers: Sequence[Driver[Connector]]
    side_drivers: Sequence[Driver[SideConnector]]
    destinations: Destinations

    @classmethod
    async def create(cls, stack: AsyncExitStack, wiring: RunWiring) -> ConnectorTasks:
        """Open the telemetry file and the HTTP client, and create the drivers and the runner."""
        telemetry = wiring.open_telemetry()
        stack.callback(telemetry.close)
        http_client = await stack.enter_async_context(HttpClient())
        shared = SharedResources(wiring.clock, http_client, wiring.publisher, wiring.journal)
        record = wiring.open_tapes(stack)
        drivers = [Driver(machine, shared, record(machine.venue.name)) for machine in wiring.machines]
        side_drivers = [
            Driver(machine, shared, record(machine.venue.name, machine.feed.topic.key))
            for machine in wiring.side_machines
        ]
        runner = wiring.runner(drivers, shared, telemetry)
        return cls(wiring, runner, drivers, side_drivers, http_client.destinations)

    def coroutines(self) -> Iterator[Coroutine[Any, Any, None]]:
        """Yield the coroutine of the runner, then one per driver, those of side feeds last."""
        yield self.runner.run()
        yield from (driver.run() for driver in self._all_drivers())

    def _all_drivers(self) -> list[Driver[Any]]:
        return [*self.drivers, *self.side_drivers]

    async def stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Stop the drivers, write a last tick, then cancel all tasks; `tasks` are in the order of `coroutines`."""
        for driver in self._all_drivers():
            driver.stop()
        runner, *driver_tasks = tasks
        await asyncio.wait(driver_tasks, timeout=2 * STOP_TIMEOUT_S)
        try:
            self.runner.close()
        finally:
            for task in (runner, *driver_tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def venue_states(self) -> dict[str, str]:
        """Return for each venue `ok`, `stale`, or the state of its connector."""
        return {driver.venue: self._venue_state(driver) for driver in self.drivers}

    def _venue_state(self, driver: Driver[Connector]) -> str:
        status = self.runner.statuses.get(driver.venue)
        if status is VenueStatus.HEALTHY:
            return "ok"
        return "stale" if status is VenueStatus.STALE and driver.machine.live else str(driver.machine.state)

    def unreached(self, failures: int) -> dict[str, str]:
        """Return the last failure of each venue; nothing if one was ever connected or failed fewer times than this."""
        if any(driver.connected or driver.failures < failures for driver in self.drivers):
            return {}
        return {driver.venue: driver.failure for driver in self.drivers}
