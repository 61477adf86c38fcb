"""The supervision of one program: started, listened to, watched for its telemetry, stopped, and written down."""

from __future__ import annotations

import math
import os
import select
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

from toolkit.host import commands, machine, provenance
from toolkit.model import run_meta
from toolkit.model.errors import InputError
from toolkit.model.redaction import redact_argv, redact_environment, redact_value
from toolkit.model.run_meta import RunMeta
from toolkit.smoke import producer_env
from toolkit.smoke.process_group import ProcessGroup
from toolkit.smoke.recorder import OutputRecorder
from toolkit.smoke.run_directory import TelemetryWatch, claim, save_meta
from toolkit.smoke.stop_policy import Action, StoppingPolicy, TimeLimits

READ_BYTES = 1 << 20
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Progress = Callable[[bool, float], None]
"""Told whether the program runs (or still builds), and for how many milliseconds it has."""


@dataclass(frozen=True, slots=True)
class SupervisionPlan:
    """What to run, where its run directory is, and for how long.

    `poll_ms` is how often telemetry and the program's life are looked at: the error of the run's beginning and end.
    """

    argv: tuple[str, ...]
    out: Path
    limits: TimeLimits
    profile: str | None = None
    label: str | None = None
    poll_ms: float = 100
    load_every_ms: float = 10_000


def supervise(
    plan: SupervisionPlan, inherited: Mapping[str, str], progress: Progress = lambda _running, _ms: None
) -> RunMeta:
    """Run the program to its end or its time and leave a run directory; give what is known of the run.

    The directory is whole at any moment, also when this process is killed. SIGINT, SIGTERM and SIGHUP stop the program
    and count as `interrupt`. Raises `UsageError` for a trade mode other than shadow or an unknown profile, `InputError`
    when the program cannot be started, the directory holds a run already, or it cannot be written to.
    """
    out = plan.out.resolve()
    producer_env.refuse_trading(plan.argv)
    environment = producer_env.environment(plan.profile, out, inherited)
    executable = shutil.which(plan.argv[0], path=environment.get("PATH"))
    if executable is None:
        raise InputError(plan.argv[0], None, "no such program; check its path, or build it first")
    try:
        run = _first_record(plan, environment, Path(executable))
        claim(out)
        return _supervised(plan, out, environment, run, progress)
    except OSError as error:
        raise InputError(
            str(plan.out), None, f"cannot be written: {error.strerror}; no program is left running"
        ) from error


def _first_record(plan: SupervisionPlan, environment: Mapping[str, str], executable: Path) -> RunMeta:
    cwd = Path.cwd()
    binaries = (provenance.binary(executable), provenance.script(executable, plan.argv[1:]))
    added = producer_env.environment(plan.profile, plan.out.resolve(), {})
    return RunMeta(
        schema=run_meta.SCHEMA,
        producer="command",
        label=plan.label,
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
    )


def _supervised(
    plan: SupervisionPlan, out: Path, environment: Mapping[str, str], run: RunMeta, progress: Progress
) -> RunMeta:
    started_ms = monotonic_ms()
    policy = StoppingPolicy(plan.limits, started_ms)
    with OutputRecorder(out) as recorder, _interrupts_to(policy):
        run = replace(run, started_ms=machine.now_ms())
        save_meta(run, out)
        with ProcessGroup(producer_env.fill_placeholders(plan.argv, out), Path.cwd(), environment) as group:
            run = _Supervision(plan, out, run, policy, recorder, group).run_to_end(progress)
        run = _last_record(run, recorder, group, monotonic_ms() - started_ms)
        save_meta(run, out)
        commands.append(out, _row(run, recorder))
    return run


def _row(run: RunMeta, recorder: OutputRecorder) -> commands.Command:
    """The run as a row of the command index; the log holds both of the program's streams."""
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
    ended_ms, ending = machine.now_ms(), group.ending
    return replace(
        run,
        ended_ms=ended_ms,
        stopped_ms=run.stopped_ms or ended_ms,
        **(asdict(ending) if ending else {}),
        load=(*run.load, machine.load()),
        clock_after=machine.clock(),
        wall_drift_ms=round(ended_ms - run.started_ms - elapsed_ms),
        output={"bytes": recorder.bytes, "lines": recorder.lines, "sha256": recorder.sha256},
    )


class _Supervision:
    """One running program and all that is known of it so far."""

    def __init__(
        self,
        plan: SupervisionPlan,
        out: Path,
        run: RunMeta,
        policy: StoppingPolicy,
        recorder: OutputRecorder,
        group: ProcessGroup,
    ) -> None:
        self._plan, self._out, self._run = plan, out, run
        self._policy, self._recorder, self._group = policy, recorder, group
        self._telemetry = TelemetryWatch(out)
        self._listening = True
        self._phase_ms = self._emptied_ms = self._load_ms = monotonic_ms()

    def run_to_end(self, progress: Progress) -> RunMeta:
        """Do what the policy says until it says that all is done."""
        while (action := self._policy.decide(monotonic_ms())) is not Action.DONE:
            self._act(action)
            self._listen(min(self._plan.poll_ms, self._policy.patience_ms(monotonic_ms())))
            self._look()
            progress(self._policy.telemetry_seen, monotonic_ms() - self._phase_ms)
        return replace(self._run, stopped_by=self._policy.stopped_by, killed=self._policy.killed)

    def _act(self, action: Action) -> None:
        if action is Action.TERMINATE:
            self._note(stopped_ms=machine.now_ms(), stopped_by=self._policy.stopped_by)
            self._group.signal(signal.SIGTERM)
        elif action is Action.KILL:
            self._group.signal(signal.SIGKILL)

    def _listen(self, patience_ms: float) -> None:
        """Wait for output, at most so long, and keep what came."""
        began_ms = monotonic_ms()
        ready, _, _ = select.select([self._group.output] if self._listening else [], [], [], patience_ms / 1_000)
        now_ms = monotonic_ms()
        if ready:
            # Output that ended a wait came just now; output that was there already came since the pipe was last empty.
            late_ms = 1 if now_ms - began_ms >= 1 else math.ceil(now_ms - self._emptied_ms)
            if piece := os.read(self._group.output, READ_BYTES):
                self._recorder.write(piece, machine.now_ms(), late_ms)
            else:
                self._listening = False
                self._policy.output_closed()
        self._emptied_ms = now_ms

    def _look(self) -> None:
        """See whether the program has ended, or has begun to write telemetry, and how busy the machine is."""
        now_ms = monotonic_ms()
        if not self._policy.telemetry_seen and self._telemetry.seen():
            self._begin_to_run()
        if self._group.poll():
            # What it left behind may hold its output open for longer.
            if self._run.stopped_ms is None:
                self._note(stopped_ms=machine.now_ms())
            self._policy.exited(now_ms)
        if now_ms - self._load_ms >= self._plan.load_every_ms:
            self._load_ms = now_ms
            self._note(load=(*self._run.load, machine.load()))

    def _begin_to_run(self) -> None:
        seen_ms, self._phase_ms = machine.now_ms(), monotonic_ms()
        self._policy.telemetry(self._phase_ms)
        running, own = provenance.running_executables(self._group.id), self._run.binaries
        binaries = (*running, *(each for each in own if each.sha256 not in {other.sha256 for other in running}))
        self._note(first_telemetry_ms=seen_ms, build_ms=seen_ms - self._run.started_ms, binaries=binaries)

    def _note(self, **known: object) -> None:
        self._run = replace(self._run, **known)  # type: ignore[arg-type]
        save_meta(self._run, self._out)


@contextmanager
def _interrupts_to(policy: StoppingPolicy) -> Iterator[None]:
    """Tell the policy of signals, in place of whatever they did; a thread that cannot have them goes without."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(_number: int, _frame: FrameType | None) -> None:
        policy.interrupted()

    before = {number: signal.signal(number, tell) for number in _INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def monotonic_ms() -> float:
    """A clock that nobody sets, in milliseconds."""
    return time.monotonic_ns() / 1_000_000
