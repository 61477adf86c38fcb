"""State machine that decides when a supervised program is stopped.

building ──first telemetry──► running ──run time over──► stopping ──grace over──► killed ──► done
    └──build limit, interrupt──────────────────────►──┘     a second interrupt kills at once

The run time counts from the first telemetry, so a build does not use it up. When the program exits by itself, the
supervision is done once its output is closed. Child processes may keep the output open for `OUTPUT_GRACE_MS`; then the
group is stopped in the same way. All times are milliseconds of one monotonic clock that the caller reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

OUTPUT_GRACE_MS = 1_000
"""Time for which processes may keep the output open after the program exited or SIGKILL was sent."""


class Action(StrEnum):
    """The next action of the supervisor; TERMINATE sends SIGTERM, KILL sends SIGKILL."""

    WAIT = "wait"
    TERMINATE = "terminate"
    KILL = "kill"
    DONE = "done"


class StoppedBy(StrEnum):
    """The cause of a program's end: the run time was over, its own exit, the build limit, or an interrupt."""

    TIME = "time"
    ITSELF = "itself"
    BUILD_LIMIT = "build_limit"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits of a supervised program in ms.

    `run_ms` counts from the first telemetry, `build_ms` from the start to the first telemetry, `grace_ms` from SIGTERM
    to SIGKILL.
    """

    run_ms: float
    build_ms: float
    grace_ms: float


class StoppingPolicy:
    """The state of one supervised program, started at `started_ms`.

    `run_end_ms` returns the time at which the run is over, if that is not `limits.run_ms` after its first telemetry.
    """

    def __init__(self, limits: TimeLimits, started_ms: float, run_end_ms: Callable[[], float] | None = None) -> None:
        self._limits, self._run_end_ms = limits, run_end_ms
        self._started_ms = started_ms
        self._telemetry_ms: float | None = None
        self._exited_ms: float | None = None
        self._terminated_ms: float | None = None
        self._killed_ms: float | None = None
        self._output_closed = False
        self._interrupted = False
        self._kill_at_once = False
        self.stopped_by: StoppedBy | None = None

    @property
    def telemetry_seen(self) -> bool:
        """True once the first telemetry was reported."""
        return self._telemetry_ms is not None

    @property
    def killed(self) -> bool:
        """True once KILL was returned: the program did not stop within its grace period, or was interrupted twice."""
        return self._killed_ms is not None

    def on_telemetry(self, now_ms: float) -> None:
        """Record the first telemetry: the run time begins."""
        if self._telemetry_ms is None:
            self._telemetry_ms = now_ms

    def on_exit(self, now_ms: float) -> None:
        """Record that the program has exited."""
        if self._exited_ms is None:
            self._exited_ms = now_ms
            self.stopped_by = self.stopped_by or StoppedBy.ITSELF

    def on_output_closed(self) -> None:
        """Record that no process holds the program's output open any more."""
        self._output_closed = True

    def on_interrupt(self) -> None:
        """Record an interrupt: the program is terminated, or killed if it is already stopping."""
        self._kill_at_once = self._terminated_ms is not None
        self._interrupted = True
        self.stopped_by = self.stopped_by or StoppedBy.INTERRUPT

    def decide(self, now_ms: float) -> Action:
        """Return the action at `now_ms`; TERMINATE and KILL are returned once each."""
        if self._exited_ms is not None and self._output_closed:
            return Action.DONE
        if self._killed_ms is not None:
            return Action.DONE if now_ms >= self._killed_ms + OUTPUT_GRACE_MS else Action.WAIT
        if self._terminated_ms is not None:
            return self._kill(now_ms) if self._kill_at_once or now_ms >= self._deadline_ms() else Action.WAIT
        if self._interrupted or now_ms >= self._deadline_ms():
            return self._terminate(now_ms)
        return Action.WAIT

    def wait_ms(self, now_ms: float) -> float:
        """Return the time until the next deadline; before it, `decide` changes only after an event."""
        return max(0.0, self._deadline_ms() - now_ms)

    def _deadline_ms(self) -> float:
        if self._killed_ms is not None:
            return self._killed_ms + OUTPUT_GRACE_MS
        if self._terminated_ms is not None:
            return self._terminated_ms + self._limits.grace_ms
        if self._exited_ms is not None:
            return self._exited_ms + OUTPUT_GRACE_MS
        if self._telemetry_ms is not None:
            return self._telemetry_ms + self._limits.run_ms if self._run_end_ms is None else self._run_end_ms()
        return self._started_ms + self._limits.build_ms

    def _terminate(self, now_ms: float) -> Action:
        self._terminated_ms = now_ms
        if self.stopped_by is None:
            self.stopped_by = StoppedBy.TIME if self.telemetry_seen else StoppedBy.BUILD_LIMIT
        return Action.TERMINATE

    def _kill(self, now_ms: float) -> Action:
        self._killed_ms = now_ms
        return Action.KILL
