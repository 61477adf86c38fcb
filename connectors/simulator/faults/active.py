"""Faults active at a venue now and their combined effect on connections, frames, books and REST responses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.simulator.faults.spec import Fault, RestAnswer
from connectors.simulator.market_data import BookAlteration
from connectors.simulator.messages import (
    ConnectPolicy,
    Content,
    Framing,
    HttpResponse,
    Rejection,
    Unanswered,
)
from connectors.simulator.protocols.base import IdleTimeout
from connectors.simulator.scenario import PlannedFault

GARBAGE = HttpResponse(200, b"<html><body>Bad Gateway</body></html>")


@dataclass(frozen=True, slots=True, eq=False)
class RunningFault:
    """One active fault; `name` identifies it in the ground truth."""

    name: str
    planned: PlannedFault

    @property
    def fault(self) -> Fault:
        """The fault's entry in the fault table."""
        return self.planned.fault

    def number(self, value: str) -> int:
        """Return an integer setting; raises KeyError for a setting that the kind does not have."""
        return int(self.planned.values[value])

    def idle(self) -> IdleTimeout:
        """Return the idle rule of the fault; raises KeyError for a kind without `after_s`."""
        return IdleTimeout(self.number("after_s") * 1_000)


class ActiveFaults:
    """Active faults of one venue and their combined effect.

    `slow_ms` 0 does not limit the rate of book frames. `rejects` None accepts subscriptions. `flaps` closes connections
    after their first book frame.
    """

    def __init__(self) -> None:
        self.running: list[RunningFault] = []
        self.withheld = Content.NONE
        self.alterations: list[BookAlteration] = []
        self.frozen = self.quiet = self.compresses = False
        self.rejects: Rejection | None = None
        self.flaps: RunningFault | None = None
        self.framing = Framing.WHOLE
        self.slow_ms = 0
        self.rest_updates_late = 0

    def start(self, fault: RunningFault) -> None:
        """Activate a fault."""
        self.running.append(fault)
        self._combine()

    def end(self, fault: RunningFault) -> None:
        """Deactivate a fault."""
        self.running.remove(fault)
        self._combine()

    def connect_policy(self) -> tuple[ConnectPolicy, RunningFault | None]:
        """Return the policy for a new connection and the fault that sets it (None if connections are accepted)."""
        blocking = next((each for each in self.running if each.fault.connect_policy is not ConnectPolicy.OPEN), None)
        return (ConnectPolicy.OPEN, None) if blocking is None else (blocking.fault.connect_policy, blocking)

    def rest_failure(self) -> HttpResponse | Unanswered | None:
        """Return the answer to every request while a fault makes REST fail; None otherwise."""
        failing = next((each for each in self.running if each.fault.rest_answer is not RestAnswer.OWN), None)
        if failing is None:
            return None
        if failing.fault.rest_answer is RestAnswer.STATUS:
            return error_response(failing)
        return Unanswered() if failing.fault.rest_answer is RestAnswer.NONE else GARBAGE

    def clock_ms(self, unix_ms: int) -> int:
        """Return the venue's time at a Unix time."""
        for each in self.running:
            if each.fault.clock is not None:
                unix_ms = each.fault.clock(unix_ms, each.planned.values)
        return unix_ms

    def rewritten(self, frame: str | bytes) -> str | bytes:
        """Return a book frame as the active faults rewrite it."""
        for each in self.running:
            if each.fault.rewrite is not None:
                frame = each.fault.rewrite(frame)
        return frame

    def idle_faults(self) -> Iterator[RunningFault]:
        """Return the faults that drop idle clients."""
        return (each for each in self.running if each.fault.idles)

    def _combine(self) -> None:
        kinds = [each.fault for each in self.running]
        self.withheld = Content.NONE
        for fault in kinds:
            self.withheld |= fault.withholds
        self.alterations = [fault.alter_book for fault in kinds if fault.alter_book is not None]
        self.frozen = any(fault.frozen for fault in kinds)
        self.quiet = any(fault.quiet for fault in kinds)
        self.compresses = any(fault.compresses for fault in kinds)
        self.rejects = next((fault.rejects for fault in kinds if fault.rejects is not None), None)
        self.flaps = next((each for each in self.running if each.fault.flaps), None)
        framings = (fault.framing for fault in kinds if fault.lasts_s and fault.framing is not Framing.WHOLE)
        self.framing = next(framings, Framing.WHOLE)
        self.slow_ms = max((each.number("ms") for each in self.running if each.fault.slows), default=0)
        self.rest_updates_late = max(
            (each.number("updates") for each in self.running if each.fault.rest_late), default=0
        )


def error_response(fault: RunningFault) -> HttpResponse:
    """Return the HTTP error response of a fault; raises KeyError for a kind without `status`."""
    values = fault.planned.values
    headers = (("Retry-After", values.get("retry_after_s")), ("Location", values.get("location")))
    present = tuple((name, str(value)) for name, value in headers if value)
    return HttpResponse(fault.number("status"), b'{"error":"simulated"}', present)
