"""A run of our own: the shadow connectors, for some minutes, against simulated venues or the public ones.

Everything lives in one process and one event loop. It reads public market data only: nothing here knows an order.
"""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.clock import Clock
from connectors.simulator.ground_truth import TruthFile
from connectors.simulator.server import loopback
from toolkit.model.errors import ExitCode, InputError
from toolkit.model.redaction import redact_environment
from toolkit.model.run_meta import RunMeta
from toolkit.smoke import producer_env
from toolkit.smoke.connector_tasks import ConnectorTasks
from toolkit.smoke.own_run_meta import first_record, last_record, with_load_sample
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.run_directory import claim, save_meta
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.wiring import RunWiring

LOOK_S = 0.25
LOAD_EVERY_S = 10.0
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


Progress = Callable[[float, Mapping[str, str]], None]
"""Told for how many milliseconds the run runs, and a word on each venue."""


def run_connectors(
    plan: ShadowPlan, inherited: Mapping[str, str], progress: Progress = lambda _ms, _venues: None
) -> RunMeta:
    """Run the connectors to their time and leave a run directory; give what is known of the run.

    The directory is whole at any moment, also when this process is killed. SIGINT, SIGTERM and SIGHUP end the run and
    count as `interrupt`. Where no venue can be reached at all the run ends by itself with exit code 5.
    Raises `UsageError` for a setting that cannot be used, `InputError` where the directory holds a run already or
    cannot be written to.
    """
    out = plan.out.resolve()
    environ = producer_env.environment("paraphina", out, inherited)
    _check(plan, environ)
    try:
        claim(out)
        return asyncio.run(_Run(plan, out, environ).live(progress))
    except OSError as error:
        raise InputError(str(plan.out), None, f"cannot be written: {error.strerror}") from error


def _check(plan: ShadowPlan, environ: Mapping[str, str]) -> None:
    """Read every setting before anything is made, so that a bad one leaves nothing behind."""
    for venue in plan.venues.values():
        settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), environ)


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
        plan, run = self._plan, first_record(self._plan, self._environ)
        save_meta(run, self._out)
        self._listen_to_signals()
        before = _used_ms()
        async with AsyncExitStack() as stack:
            environ = await self._led(stack)
            run = replace(run, **_environment(environ, self._environ))
            save_meta(run, self._out)
            wiring = RunWiring(stack, plan, self._out, environ, self._clock)
            run = await self._ticking(await ConnectorTasks.hired(stack, wiring), run, progress)
            if self._diagnosis:
                wiring.journal.tell("blocked", [f"paraphina_live | error=no_venue_reached {self._diagnosis}"])
            log = wiring.journal.log
            output: dict[str, int | str] = {"bytes": log.bytes, "lines": log.lines, "sha256": log.digest.hexdigest()}
        code = ExitCode.RUN_BLOCKED if self._diagnosis else ExitCode.OK
        run = last_record(run, self._clock, self._stopped_by, int(code), _used_ms() - before, output)
        save_meta(run, self._out)
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

    async def _ticking(self, crew: ConnectorTasks, run: RunMeta, progress: Progress) -> RunMeta:
        """Let everything run until the time is over or something ends it."""
        loop = asyncio.get_running_loop()
        run = replace(run, first_telemetry_ms=self._clock.unix_ms())
        run = replace(run, build_ms=(run.first_telemetry_ms or 0) - run.started_ms)
        save_meta(run, self._out)
        tasks = [asyncio.create_task(each) for each in crew.alive()]
        began_s, load_s = loop.time(), loop.time()
        try:
            while self._stopped_by is None:
                elapsed_s = loop.time() - began_s
                progress(elapsed_s * 1_000, crew.words())
                if loop.time() - load_s >= LOAD_EVERY_S:
                    load_s = loop.time()
                    run = with_load_sample(run)
                    save_meta(run, self._out)
                await self._look(crew, tasks, self._plan.run_ms / 1_000 - elapsed_s)
            run = replace(run, stopped_ms=self._clock.unix_ms())
        finally:
            await crew.stop(tasks)
        return run

    async def _look(self, crew: ConnectorTasks, tasks: Sequence[asyncio.Task[None]], left_s: float) -> None:
        """Wait a moment, and see whether anything ends the run."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(LOOK_S, left_s))):
                await self._stop.wait()
        for task in tasks:
            if task.done():
                await task
        if left_s <= LOOK_S:
            self._end(StoppedBy.TIME)
        if not self._plan.simulated and (why := crew.unreached()):
            self._diagnosis = why
            self._end(StoppedBy.ITSELF)


def _environment(environ: Mapping[str, str], before: Mapping[str, str]) -> dict[str, Any]:
    added = sorted(name for name in environ if environ[name] != before.get(name))
    names = {*producer_env.paraphina_environment(Path()), *added}
    return {"environment": redact_environment(environ), "environment_set": tuple(sorted(names))}


def _used_ms() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1_000)
