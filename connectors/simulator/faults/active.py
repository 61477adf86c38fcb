"""Faults active at a venue now and their combined effect on connections, frames, books and REST responses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.simulator.faults.spec import Fault
from connectors.simulator.market_data import BookAlteration
from connectors.simulator.messages import ConnectPolicy, Content, HttpResponse
from connectors.simulator.protocols.base import IdleTimeout
from connectors.simulator.scenario import PlannedFault


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
    """Active faults of one venue and their combined effect; `slow_ms` 0 does not limit the rate of book frames."""

    def __init__(self) -> None:
        self.running: list[RunningFault] = []
        self.withheld = Content.NONE
        self.alterations: list[BookAlteration] = []
        self.frozen = self.quiet = self.refuses = False
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

    def rest_failure(self) -> HttpResponse | None:
        """Return the response to every request while a fault makes REST fail; None otherwise."""
        failing = next((each for each in self.running if each.fault.rest_fails), None)
        return None if failing is None else error_response(failing)

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
        self.refuses = any(fault.refuses for fault in kinds)
        self.slow_ms = max((each.number("ms") for each in self.running if each.fault.slows), default=0)
        self.rest_updates_late = max(
            (each.number("updates") for each in self.running if each.fault.rest_late), default=0
        )


def error_response(fault: RunningFault) -> HttpResponse:
    """Return the HTTP error response of a fault; raises KeyError for a kind without `status` and `retry_after_s`."""
    after_s = fault.number("retry_after_s")
    headers = (("Retry-After", str(after_s)),) if after_s else ()
    return HttpResponse(fault.number("status"), b'{"error":"simulated"}', headers)
