"""A run of our own in virtual time: the same machines, runner and files, and no socket, no sleep, no clock.

Each connector meets its simulated venue over a wire that is a few lines of code (`connectors.loopback.simulation`). The
clock is put forward from one thing that is due to the next, so that minutes take as long as their work. What is left
is a run directory as any other. Nothing measured of this machine means anything in it: a tick takes no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from connectors.clock import VirtualClock
from connectors.recording.run_files import SyncTelemetryWriter
from connectors.runner.event_channel import EventChannel
from connectors.runner.queue import Delivery
from connectors.runner.runner import Runner
from connectors.session.events import Note, Publish
from connectors.simulator.ground_truth import TruthFile
from connectors.simulator.protocols import protocols
from connectors.simulator.server import environment
from tests.simulation.one_connector import Simulation
from toolkit.model.errors import ExitCode
from toolkit.model.run_meta import RunMeta
from toolkit.smoke import producer_env
from toolkit.smoke.own_run_meta import first_record, last_record
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.run_directory import claim, save_meta
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.wiring import TELEMETRY, RunWiring

BEGINS_UNIX_MS = 1_790_000_000_000
LATENCY_MS = 5
FIRST_PORT = 40_001
"""Ports that stand in the URLs; nobody listens there and nobody calls."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it: the run's own record, and each venue's simulation, to be held against its truth."""

    meta: RunMeta
    simulations: Mapping[str, Simulation]


def rehearse(plan: ShadowPlan, inherited: Mapping[str, str], *, check_each: int = 1) -> Rehearsed:
    """Live through a run of simulated venues and leave its directory; each `check_each`th book is held to the truth.

    Raises `UsageError` for a setting that cannot be used, `InputError` where the directory holds a run already.
    """
    ports = {name: FIRST_PORT + number for number, name in enumerate(plan.venues)}
    environ = producer_env.environment("paraphina", plan.out, inherited) | environment(plan.venues, ports, plan.base)
    claim(plan.out)
    clock = VirtualClock(BEGINS_UNIX_MS)
    meta = replace(
        first_record(plan, environ), started_ms=BEGINS_UNIX_MS, first_telemetry_ms=BEGINS_UNIX_MS, build_ms=0
    )
    with ExitStack() as stack:
        wiring = RunWiring(stack, plan, plan.out, environ, clock)
        stage = _Stage(stack, wiring, clock, check_each)
        stage.live(plan.run_ms)
        stage.close(plan.run_ms)
        log = wiring.journal.log
        output: dict[str, int | str] = {"bytes": log.bytes, "lines": log.lines, "sha256": log.digest.hexdigest()}
    meta = last_record(meta, clock, StoppedBy.TIME, int(ExitCode.OK), 0, output)
    meta = replace(meta, stopped_ms=BEGINS_UNIX_MS + plan.run_ms, ended_ms=clock.unix_ms(), wall_drift_ms=0)
    save_meta(meta, plan.out)
    return Rehearsed(meta, stage.simulations)


class _Outlet:
    """One connector's way to the runner and the journal."""

    def __init__(self, venue: str, channel: EventChannel) -> None:
        self._venue, self._channel = venue, channel

    def take(self, event: Publish, *, again: bool) -> bool:
        """Hand an event over."""
        clock = self._channel.clock
        at = clock.now_ms(), clock.unix_ms()
        return self._channel.offer(Delivery(self._venue, event.event, event.flaws, event.source, *at), retry=again)

    def note(self, note: Note) -> None:
        """Write a note down."""
        self._channel.journal.record_note(self._venue, note)


class _Stage:
    """The venues, the connectors and the runner under one clock."""

    def __init__(self, stack: ExitStack, wiring: RunWiring, clock: VirtualClock, check_each: int) -> None:
        self._clock = clock
        self._channel = EventChannel(clock, wiring.publisher, wiring.journal)
        telemetry = SyncTelemetryWriter(wiring.out / TELEMETRY)
        stack.callback(telemetry.close)
        write_truth = None if wiring.plan.truth is None else stack.enter_context(TruthFile(wiring.plan.truth)).write
        meet = partial(
            Simulation,
            base=wiring.plan.base,
            seed=wiring.plan.seed,
            latency_ms=LATENCY_MS,
            start_unix_ms=BEGINS_UNIX_MS,
            write_truth=write_truth,
            check_each=check_each,
        )
        spoken = protocols()
        self.simulations = {
            machine.venue.name: meet(
                machine.venue,
                spoken[machine.venue.name],
                machine=machine,
                outlet=_Outlet(machine.venue.name, self._channel),
                plan=wiring.plan.scenario.of(machine.venue.name),
            )
            for machine in wiring.machines
        }
        self._runner: Runner = wiring.runner(list(self.simulations.values()), self._channel, telemetry)

    def live(self, until_ms: int) -> None:
        """From one thing that is due to the next, up to this time."""
        due_ms = {simulation: simulation.due_ms for simulation in self.simulations.values()}
        while (now_ms := min(self._runner.due_ms, *due_ms.values())) < until_ms:
            self._clock.advance_to(now_ms)
            for simulation in due_ms:
                if due_ms[simulation] <= now_ms:
                    simulation.step(now_ms)
                    due_ms[simulation] = simulation.due_ms
            self._runner.step()
            for simulation in due_ms:
                if simulation.waits and self._channel.space_available.is_set():
                    simulation.relieve(now_ms)
                    due_ms[simulation] = simulation.due_ms
        self._clock.advance_to(until_ms)

    def close(self, now_ms: int) -> None:
        """Stop the connectors, each with its last word, then the runner, as the real run does."""
        for simulation in self.simulations.values():
            simulation.stop(now_ms)
        self._runner.tick()
        for simulation in self.simulations.values():
            simulation.run(now_ms + LATENCY_MS)
