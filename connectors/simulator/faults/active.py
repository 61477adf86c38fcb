"""The faults that are on at a venue right now, added up: what is withheld, how the door stands, how the book looks."""

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
    """One fault on its way; `name` is its number in the truth."""

    name: str
    planned: PlannedFault

    @property
    def fault(self) -> Fault:
        """Its kind."""
        return self.planned.fault

    def number(self, value: str) -> int:
        """A whole-number setting; raises KeyError for one that the kind has not."""
        return int(self.planned.values[value])

    def idle(self) -> IdleTimeout:
        """The rule by which it drops silent clients; raises KeyError for a kind that does not."""
        return IdleTimeout(self.number("after_s") * 1_000)


class ActiveFaults:
    """The faults that are on, and their sum."""

    def __init__(self) -> None:
        self.running: list[RunningFault] = []
        self.withheld = Content.NONE
        self.alterations: list[BookAlteration] = []
        self.frozen = self.quiet = self.refuses = False
        self.slow_ms = 0
        self.rest_updates_late = 0

    def begin(self, fault: RunningFault) -> None:
        """One more."""
        self.running.append(fault)
        self._combine()

    def end(self, fault: RunningFault) -> None:
        """One less."""
        self.running.remove(fault)
        self._combine()

    def connect_policy(self) -> tuple[ConnectPolicy, RunningFault | None]:
        """How a new connection is met, and because of which fault."""
        shut = next((on for on in self.running if on.fault.connect_policy is not ConnectPolicy.OPEN), None)
        return (ConnectPolicy.OPEN, None) if shut is None else (shut.fault.connect_policy, shut)

    def rest_failure(self) -> HttpResponse | None:
        """The answer to every request while REST fails."""
        failing = next((on for on in self.running if on.fault.rest_fails), None)
        return None if failing is None else error_response(failing)

    def idle_faults(self) -> Iterator[RunningFault]:
        """The faults that drop silent clients."""
        return (on for on in self.running if on.fault.idles)

    def _combine(self) -> None:
        kinds = [on.fault for on in self.running]
        self.withheld = Content.NONE
        for fault in kinds:
            self.withheld |= fault.withholds
        self.alterations = [fault.alter_book for fault in kinds if fault.alter_book is not None]
        self.frozen = any(fault.frozen for fault in kinds)
        self.quiet = any(fault.quiet for fault in kinds)
        self.refuses = any(fault.refuses for fault in kinds)
        self.slow_ms = max((on.number("ms") for on in self.running if on.fault.slows), default=0)
        self.rest_updates_late = max((on.number("updates") for on in self.running if on.fault.rest_late), default=0)


def error_response(fault: RunningFault) -> HttpResponse:
    """The HTTP answer of a fault that has a `status`."""
    after_s = fault.number("retry_after_s")
    headers = (("Retry-After", str(after_s)),) if after_s else ()
    return HttpResponse(fault.number("status"), b'{"error":"simulated"}', headers)
