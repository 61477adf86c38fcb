"""Toolkit run in virtual time: the real connectors, runner and files, without sockets, sleeps or a clock.

Each connector is connected to its simulated venue by `tests.simulation.one_connector`. The clock advances from one
event to the next, so a run takes only the time of its computation. The result is an ordinary run directory. Its
measurements of the machine have no meaning: a tick takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from connectors.clock import VirtualClock
from connectors.recording.run_files import SyncTelemetryWriter
from connectors.runner.event_channel import EventChannel
from connectors.runner.queue import Delivery
from connectors.runner.runner import Runner
from connectors.session.events import Fetch, Fetched, FetchFailed, Note, Publish
from connectors.simulator.ground_truth import TruthFile
from connectors.simulator.protocols import protocols
from connectors.simulator.server import environment
from tests.simulation.one_connector import Simulation
from toolkit.model.errors import ExitCode
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.vocabulary import ReconnectReason
from toolkit.smoke import producer_env
from toolkit.smoke.own_run_meta import first_record, last_record
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.run_directory import claim, save_meta
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.wiring import TELEMETRY, RunWiring

START_UNIX_MS = 1_790_000_000_000
LATENCY_MS = 5
FIRST_PORT = 40_001
"""First port in the URLs of the venues; nothing listens on these ports."""


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """Result of a run: its `run_meta.json` record, and the simulation of each venue."""

    meta: RunMeta
    simulations: Mapping[str, Simulation]


def simulate_run(
    plan: ShadowPlan, inherited: Mapping[str, str], *, check_each: int = 1, stall_ms: tuple[int, int] = (0, 0)
) -> SimulatedRun:
    """Simulate a run and write its directory; each `check_each`th book is compared with the true book.

    From the first to the second time of `stall_ms` the runner stands still, while venues and connectors go on.
    Raises `UsageError` for an invalid setting, `InputError` if the directory holds a run already.
    """
    ports = {name: FIRST_PORT + number for number, name in enumerate(plan.venues)}
    environ = producer_env.environment("paraphina", plan.out, inherited) | environment(plan.venues, ports, plan.base)
    claim(plan.out)
    clock = VirtualClock(START_UNIX_MS)
    meta = replace(first_record(plan, environ), started_ms=START_UNIX_MS, first_telemetry_ms=START_UNIX_MS, build_ms=0)
    with ExitStack() as stack:
        wiring = RunWiring(stack, plan, plan.out, environ, clock)
        virtual_run = _VirtualRun(stack, wiring, clock, check_each, stall_ms)
        virtual_run.run(plan.run_ms)
        virtual_run.close(plan.run_ms)
        log = wiring.journal.log
        output: dict[str, int | str] = {"bytes": log.bytes, "lines": log.lines, "sha256": log.digest.hexdigest()}
    meta = last_record(meta, clock, StoppedBy.TIME, int(ExitCode.OK), 0, output)
    meta = replace(meta, stopped_ms=START_UNIX_MS + plan.run_ms, ended_ms=clock.unix_ms(), wall_drift_ms=0)
    save_meta(meta, plan.out)
    return SimulatedRun(meta, virtual_run.simulations)


class _RunnerSink:
    """Event sink that passes a connector's events to the runner and its notes to the journal."""

    def __init__(self, venue: str, channel: EventChannel) -> None:
        self._venue, self._channel = venue, channel

    def offer(self, event: Publish, *, retry: bool) -> bool:
        """Offer an event to the runner."""
        clock = self._channel.clock
        at = clock.now_ms(), clock.unix_ms()
        return self._channel.offer(Delivery(self._venue, event.event, event.flaws, event.source, *at), retry=retry)

    def note(self, note: Note) -> None:
        """Write a note to the journal."""
        self._channel.journal.record_note(self._venue, note)


class _SimulatedConnector:
    """Simulated connector as the runner sees it; `disturbed` gets a simulation that the runner acted on."""

    def __init__(self, simulation: Simulation, clock: VirtualClock, disturbed: set[Simulation]) -> None:
        self._simulation, self._clock, self._disturbed = simulation, clock, disturbed
        self.venue, self.machine = simulation.venue, simulation.machine

    def request(self, fetch: Fetch, answered: Callable[[Fetched | FetchFailed], None]) -> None:
        """Make a REST request beside the connector's own."""
        self._disturbed.add(self._simulation)
        self._simulation.request(self._clock.now_ms(), fetch, answered)

    def restart(self, reason: ReconnectReason) -> None:
        """Restart the connector."""
        self._disturbed.add(self._simulation)
        self._simulation.restart(self._clock.now_ms(), reason)


class _VirtualRun:
    """Simulated venues, connectors and runner on one virtual clock."""

    def __init__(
        self, stack: ExitStack, wiring: RunWiring, clock: VirtualClock, check_each: int, stall_ms: tuple[int, int]
    ) -> None:
        self._clock = clock
        self._stall_ms = stall_ms
        self._channel = EventChannel(clock, wiring.publisher, wiring.journal)
        telemetry = SyncTelemetryWriter(wiring.out / TELEMETRY)
        stack.callback(telemetry.close)
        write_truth = None if wiring.plan.truth is None else stack.enter_context(TruthFile(wiring.plan.truth)).write
        make_simulation = partial(
            Simulation,
            base=wiring.plan.base,
            seed=wiring.plan.seed,
            latency_ms=LATENCY_MS,
            start_unix_ms=START_UNIX_MS,
            write_truth=write_truth,
            check_each=check_each,
        )
        protocol_of = protocols()
        self.simulations = {
            machine.venue.name: make_simulation(
                machine.venue,
                protocol_of[machine.venue.name],
                machine=machine,
                sink=_RunnerSink(machine.venue.name, self._channel),
                plan=wiring.plan.scenario.of(machine.venue.name),
            )
            for machine in wiring.machines
        }
        self._disturbed: set[Simulation] = set()
        handles = [_SimulatedConnector(each, clock, self._disturbed) for each in self.simulations.values()]
        self._runner: Runner = wiring.runner(handles, self._channel, telemetry)

    def run(self, until_ms: int) -> None:
        """Run the events in order of time until `until_ms`."""
        due_ms = {simulation: simulation.due_ms for simulation in self.simulations.values()}
        while (now_ms := min(self._runner_due_ms, *due_ms.values())) < until_ms:
            self._clock.advance_to(now_ms)
            for simulation in due_ms:
                if due_ms[simulation] <= now_ms:
                    simulation.step(now_ms)
                    due_ms[simulation] = simulation.due_ms
            if self._runner_due_ms <= now_ms or not self._stalls(now_ms):
                self._runner.step()
            while self._disturbed:
                disturbed = self._disturbed.pop()
                due_ms[disturbed] = disturbed.due_ms
            for simulation in due_ms:
                if simulation.blocked and self._channel.space_available.is_set():
                    simulation.resume(now_ms)
                    due_ms[simulation] = simulation.due_ms
        self._clock.advance_to(until_ms)

    def _stalls(self, now_ms: int) -> bool:
        return self._stall_ms[0] <= now_ms < self._stall_ms[1]

    @property
    def _runner_due_ms(self) -> int:
        """Time of the runner's next step; a step that is due while it stands still comes at its end."""
        due_ms = self._runner.due_ms
        return self._stall_ms[1] if self._stalls(max(due_ms, self._clock.now_ms())) else due_ms

    def close(self, now_ms: int) -> None:
        """Stop the connectors and handle their last events in the order of the real run: stop, tick, deliver."""
        for simulation in self.simulations.values():
            simulation.stop(now_ms)
        self._runner.close()
        for simulation in self.simulations.values():
            simulation.run(now_ms + LATENCY_MS)
