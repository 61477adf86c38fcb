"""When a supervised program is stopped: told what happened and what time it is, the policy says what to do now.

building ──first telemetry──► running ──the time is over──► stopping ──grace is over──► killed ──► done
    └──build limit, interrupt──────────────────────────►──┘        an interrupt while stopping: killed at once

The minutes asked for begin with the first telemetry: a build costs none of them. A program that ends by itself is done
when its output is closed; what it left behind in its group has a moment to close it, and is then stopped the same way.
All times are milliseconds of one monotonic clock that the caller reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OUTPUT_GRACE_MS = 1_000
"""How long a dead program's group may go on writing before it is told to stop."""


class Action(StrEnum):
    """What the supervisor does now."""

    WAIT = "wait"
    TERMINATE = "terminate"
    KILL = "kill"
    DONE = "done"


class StoppedBy(StrEnum):
    """What ended the program: the time asked for, itself, the limit of the build, or an interrupt from outside."""

    TIME = "time"
    ITSELF = "itself"
    BUILD_LIMIT = "build_limit"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long the program may run (from its first telemetry), build before that, and take to stop; milliseconds."""

    run_ms: float
    build_ms: float
    grace_ms: float


class StoppingPolicy:
    """The state of one supervised program, started at `started_ms`."""

    def __init__(self, limits: TimeLimits, started_ms: float) -> None:
        self._limits = limits
        self._started_ms = started_ms
        self._telemetry_ms: float | None = None
        self._exited_ms: float | None = None
        self._terminated_ms: float | None = None
        self._killed_ms: float | None = None
        self._closed = False
        self._interrupted = False
        self._urgent = False
        self.stopped_by: StoppedBy | None = None

    @property
    def telemetry_seen(self) -> bool:
        """Whether the program has begun to run."""
        return self._telemetry_ms is not None

    @property
    def killed(self) -> bool:
        """Whether asking politely was not enough."""
        return self._killed_ms is not None

    def telemetry(self, now_ms: float) -> None:
        """The program wrote its first telemetry: its time begins."""
        if self._telemetry_ms is None:
            self._telemetry_ms = now_ms

    def exited(self, now_ms: float) -> None:
        """The program has ended."""
        if self._exited_ms is None:
            self._exited_ms = now_ms
            self.stopped_by = self.stopped_by or StoppedBy.ITSELF

    def output_closed(self) -> None:
        """Nobody holds the program's output any more."""
        self._closed = True

    def interrupted(self) -> None:
        """Somebody wants it to end now; if it is stopping already, firmly."""
        self._urgent = self._terminated_ms is not None
        self._interrupted = True
        self.stopped_by = self.stopped_by or StoppedBy.INTERRUPT

    def decide(self, now_ms: float) -> Action:
        """What to do at `now_ms`; an action is given once and its deadline counts from there."""
        if self._exited_ms is not None and self._closed:
            return Action.DONE
        if self._killed_ms is not None:
            return Action.DONE if now_ms >= self._killed_ms + OUTPUT_GRACE_MS else Action.WAIT
        if self._terminated_ms is not None:
            return self._kill(now_ms) if self._urgent or now_ms >= self._deadline_ms() else Action.WAIT
        if self._interrupted or now_ms >= self._deadline_ms():
            return self._terminate(now_ms)
        return Action.WAIT

    def patience_ms(self, now_ms: float) -> float:
        """How long nothing has to be decided, unless something happens."""
        return max(0.0, self._deadline_ms() - now_ms)

    def _deadline_ms(self) -> float:
        if self._killed_ms is not None:
            return self._killed_ms + OUTPUT_GRACE_MS
        if self._terminated_ms is not None:
            return self._terminated_ms + self._limits.grace_ms
        if self._exited_ms is not None:
            return self._exited_ms + OUTPUT_GRACE_MS
        if self._telemetry_ms is not None:
            return self._telemetry_ms + self._limits.run_ms
        return self._started_ms + self._limits.build_ms

    def _terminate(self, now_ms: float) -> Action:
        self._terminated_ms = now_ms
        if self.stopped_by is None:
            self.stopped_by = StoppedBy.TIME if self.telemetry_seen else StoppedBy.BUILD_LIMIT
        return Action.TERMINATE

    def _kill(self, now_ms: float) -> Action:
        self._killed_ms = now_ms
        return Action.KILL
