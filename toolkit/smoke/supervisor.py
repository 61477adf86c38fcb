"""Supervisor of a producer: start it, record its output, watch for its telemetry, stop it, describe the run."""

from __future__ import annotations

import math
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from toolkit.host import commands, machine, provenance, system
from toolkit.host.process_group import ProcessGroup
from toolkit.model.errors import InputError
from toolkit.model.quotes import quoted
from toolkit.model.recorded import run_meta
from toolkit.model.recorded.run_meta import PairSide, RunMeta
from toolkit.model.redaction import redact_argv, redact_environment, redact_value
from toolkit.smoke import producer_env, stray_telemetry
from toolkit.smoke.recorder import OutputRecorder
from toolkit.smoke.run_directory import TelemetryWatch, claim, save_meta
from toolkit.smoke.stop_handlers import stop_signals_caught
from toolkit.smoke.stop_policy import Action, StoppingPolicy, TimeLimits
from toolkit.smoke.stray_telemetry import StrayTelemetry

READ_BYTES = 1 << 20

Progress = Callable[[bool, float], None]
"""Called with whether telemetry was seen, and the time in ms since then, or since the start if it was not."""
Notice = Callable[[str], None]
"""Called with a sentence for the user: the run has begun, or something about it is not as it should be."""
_PROGRAM_RUNS = (b"paraphina_live |", b" public WS ")
"""Phrases of the log that show that the program itself runs, and not its build."""


@dataclass(frozen=True, slots=True)
class SupervisionPlan:
    """The command of a producer, its run directory and its time limits.

    `profile` names the variables to set (see `producer_env.PROFILES`). `poll_ms` is the interval at which telemetry and
    the program's exit are checked, and so the error of the run's start and end. `load_every_ms` is the interval of
    samples of the host's load, `search_every_ms` that of the search for telemetry outside the run directory. A program
    that runs for `silent_ms` without telemetry is reported. `pair` is the place of the run in a pair.
    """

    argv: tuple[str, ...]
    out: Path
    limits: TimeLimits
    profile: str | None = None
    label: str | None = None
    poll_ms: float = 100
    load_every_ms: float = 10_000
    search_every_ms: float = 500
    silent_ms: float = 10_000
    pair: PairSide | None = None


def supervise(
    plan: SupervisionPlan,
    inherited: Mapping[str, str],
    progress: Progress = lambda _running, _ms: None,
    notice: Notice = lambda _text: None,
    run_end_ms: Callable[[], float] | None = None,
) -> RunMeta:
    """Run the program until it exits or its time is over, write the run directory, and return its `RunMeta`.

    `inherited` is the environment of the calling process. The run directory is readable at any moment, also if this
    process is killed, and then no process of the program is left. SIGINT, SIGTERM and SIGHUP stop the program and count
    as `interrupt`. Telemetry that the program writes elsewhere is copied into the run directory at the end.
    `run_end_ms` returns the time of the monotonic clock at which the run is over, if that is not the run time after the
    first telemetry.

    Raises `UsageError` for a trade mode other than shadow or an unknown profile. Raises `InputError` on Windows, if the
    program cannot be started, and if the directory already holds a run or cannot be written to.
    """
    system.check_supervision()
    out = plan.out.resolve()
    producer_env.refuse_trading(plan.argv)
    environment = producer_env.environment(plan.profile, out, inherited)
    executable = shutil.which(plan.argv[0], path=environment.get("PATH"))
    if executable is None:
        raise InputError(plan.argv[0], None, "no such program; check its path, or build it first")
    try:
        run = first_record(plan, environment, Path(executable))
        claim(out)
        return _run_supervised(plan, out, environment, run, (progress, notice), run_end_ms)
    except OSError as error:
        why = f"cannot be written to: {error.strerror}; no program is left running; choose another --out"
        raise InputError(str(plan.out), None, why) from error


def first_record(plan: SupervisionPlan, environment: Mapping[str, str], executable: Path | None) -> RunMeta:
    """Return the record that is written before the program is started; `executable` is None if there is none."""
    cwd = provenance.program_directory(plan.argv, Path.cwd())
    binaries = (provenance.binary(executable), provenance.script(executable, plan.argv[1:])) if executable else ()
    added = producer_env.environment(plan.profile, plan.out.resolve(), {})
    return RunMeta(
        schema=run_meta.SCHEMA,
        producer="command",
        label=quoted(redact_value(plan.label)) if plan.label else plan.label,
        profile=plan.profile,
        simulated=None,
        argv=redact_argv(plan.argv),
        cwd=redact_value(str(cwd)),
        requested_ms=round(plan.limits.run_ms),
        build_limit_ms=round(plan.limits.build_ms),
        grace_ms=round(plan.limits.grace_ms),
        started_ms=machine.now_ms(),
        host=machine.host(),
        clock=machine.clock(),
        load=(machine.load(),),
        environment=redact_environment(environment),
        environment_set=tuple(sorted(added)),
        source=provenance.checkout(cwd),
        binaries=tuple(dict.fromkeys(each for each in binaries if each)),
        options={"--profile": plan.profile or "none"},
        pair=plan.pair,
    )


def _run_supervised(
    plan: SupervisionPlan,
    out: Path,
    environment: Mapping[str, str],
    run: RunMeta,
    calls: tuple[Progress, Notice],
    run_end_ms: Callable[[], float] | None,
) -> RunMeta:
    started_ms = monotonic_ms()
    policy = StoppingPolicy(plan.limits, started_ms, run_end_ms)
    with OutputRecorder(out) as recorder, stop_signals_caught(policy.on_interrupt):
        run = replace(run, started_ms=machine.now_ms())
        save_meta(run, out)
        argv, cwd = producer_env.fill_placeholders(plan.argv, out), Path.cwd()
        stray = StrayTelemetry(out, provenance.program_directory(argv, cwd), argv, environment)
        with ProcessGroup(argv, cwd, environment, producer_env.RUN_DIR_VARIABLE) as group:
            calls[1](f"recording into {plan.out}; Ctrl-C stops the run and keeps it")
            supervision = _Supervision(plan, out, run, policy, recorder, group, stray, calls)
            run = supervision.run_to_end()
        if supervision.stray_file is not None and (why := stray_telemetry.copy(supervision.stray_file, out, run)):
            calls[1](why)
        run = _last_record(run, recorder, group, monotonic_ms() - started_ms)
        save_meta(run, out)
        commands.append(out, _command_row(run, recorder))
    return run


def _command_row(run: RunMeta, recorder: OutputRecorder) -> commands.Command:
    """Return the run as a row of `commands.jsonl`; its stdout digest covers both streams, which share the log."""
    return commands.Command(
        schema=commands.SCHEMA,
        id="",
        argv=run.argv,
        cwd=run.cwd,
        started_ms=run.started_ms,
        duration_ms=(run.ended_ms or run.started_ms) - run.started_ms,
        exit_code=run.exit_code,
        signal=run.signal,
        stdout=commands.Output(recorder.bytes, recorder.lines, recorder.sha256),
        stderr=None,
        environment=run.environment or {},
        source=run.source,
    )


def _last_record(run: RunMeta, recorder: OutputRecorder, group: ProcessGroup, elapsed_ms: float) -> RunMeta:
    ended_ms, process_exit = machine.now_ms(), group.exit
    return replace(
        run,
        ended_ms=ended_ms,
        stopped_ms=run.stopped_ms or ended_ms,
        **(asdict(process_exit) if process_exit else {}),
        load=(*run.load, machine.load()),
        clock_after=machine.clock(),
        wall_drift_ms=round(ended_ms - run.started_ms - elapsed_ms),
        output={"bytes": recorder.bytes, "lines": recorder.lines, "sha256": recorder.sha256},
    )


class _Supervision:
    """One running program, and its `RunMeta` so far."""

    def __init__(
        self,
        plan: SupervisionPlan,
        out: Path,
        run: RunMeta,
        policy: StoppingPolicy,
        recorder: OutputRecorder,
        group: ProcessGroup,
        stray: StrayTelemetry,
        calls: tuple[Progress, Notice],
    ) -> None:
        self._plan, self._out, self._run = plan, out, run
        self._policy, self._recorder, self._group = policy, recorder, group
        self._telemetry, self._stray = TelemetryWatch(out), stray
        self._progress, self._notice = calls
        self.stray_file: Path | None = None
        self._output_open = True
        self._program_ms: float | None = None
        self._phase_ms = self._pipe_empty_ms = self._load_ms = self._search_ms = monotonic_ms()

    def run_to_end(self) -> RunMeta:
        """Carry out the actions of the policy until it returns DONE."""
        while (action := self._policy.decide(monotonic_ms())) is not Action.DONE:
            self._act(action)
            self._read_output(min(self._plan.poll_ms, self._policy.wait_ms(monotonic_ms())))
            self._check_program()
            self._progress(self._policy.telemetry_seen, monotonic_ms() - self._phase_ms)
        return replace(self._run, stopped_by=self._policy.stopped_by, killed=self._policy.killed)

    def _act(self, action: Action) -> None:
        if action is Action.TERMINATE:
            self._update(stopped_ms=machine.now_ms(), stopped_by=self._policy.stopped_by)
            self._group.signal(signal.SIGTERM)
        elif action is Action.KILL:
            self._group.signal(signal.SIGKILL)

    def _read_output(self, wait_ms: float) -> None:
        """Wait up to `wait_ms` for output, and record it."""
        began_ms = monotonic_ms()
        ready, _, _ = select.select([self._group.output] if self._output_open else [], [], [], wait_ms / 1_000)
        now_ms = monotonic_ms()
        if ready:
            # Output that ended a wait arrived just now. Output that was already there arrived at any time since the
            # pipe was last known to be empty.
            late_ms = 1 if now_ms - began_ms >= 1 else math.ceil(now_ms - self._pipe_empty_ms)
            if piece := os.read(self._group.output, READ_BYTES):
                self._recorder.write(piece, machine.now_ms(), late_ms)
                if self._program_ms is None and any(phrase in piece for phrase in _PROGRAM_RUNS):
                    self._program_ms = now_ms
            else:
                self._output_open = False
                self._policy.on_output_closed()
        self._pipe_empty_ms = now_ms

    def _check_program(self) -> None:
        """Check for the first telemetry and for the program's exit, and sample the host's load when it is due."""
        now_ms = monotonic_ms()
        exited = self._group.poll()
        if not self._policy.telemetry_seen:
            self._look_for_telemetry(now_ms, last_look=exited is not None)
        if exited:
            # Set here because child processes may hold the output open for longer.
            if self._run.stopped_ms is None:
                self._update(stopped_ms=machine.now_ms())
            self._policy.on_exit(now_ms)
        if now_ms - self._load_ms >= self._plan.load_every_ms:
            self._load_ms = now_ms
            self._update(load=(*self._run.load, machine.load()))

    def _look_for_telemetry(self, now_ms: float, last_look: bool) -> None:
        """Look for the first telemetry in the run directory; from time to time and at the end, also elsewhere."""
        if self._telemetry.seen():
            self._telemetry_began()
        elif last_look or now_ms - self._search_ms >= self._plan.search_every_ms:
            self._search_ms = now_ms
            self.stray_file = self._stray.find(self._group.processes())
            if self.stray_file is not None:
                self._telemetry_began()
                self._update(telemetry_path=redact_value(str(self.stray_file)))
                self._notice(stray_telemetry.found_sentence(self.stray_file, self._plan.out))
            elif self._program_ms is not None and now_ms - self._program_ms >= self._plan.silent_ms:
                self._program_ms = math.inf
                self._notice(stray_telemetry.silent_sentence(self._plan.silent_ms, self._plan.out))

    def _telemetry_began(self) -> None:
        seen_ms, self._phase_ms = machine.now_ms(), monotonic_ms()
        self._policy.on_telemetry(self._phase_ms)
        running, started = provenance.running_executables(self._group.id), self._run.binaries
        binaries = (*running, *(each for each in started if each.sha256 not in {other.sha256 for other in running}))
        self._update(first_telemetry_ms=seen_ms, build_ms=seen_ms - self._run.started_ms, binaries=binaries)

    def _update(self, **fields: object) -> None:
        self._run = replace(self._run, **fields)  # type: ignore[arg-type]
        save_meta(self._run, self._out)


def monotonic_ms() -> float:
    """Return the monotonic clock in milliseconds."""
    return time.monotonic_ns() / 1_000_000
