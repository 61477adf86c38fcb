"""Findings on steps of the wall clock, within a life and between two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.model.runs import Finding, LineRef
from toolkit.model.units import duration
from toolkit.model.vocabulary import FindingCode

if TYPE_CHECKING:
    from toolkit.analysis.findings.finding_input import FindingInput

MAX_CLOCK_STEPS = 10
"""Steps of the wall clock with a finding each; smaller ones share one."""
MAX_LISTED_STEPS = 2 * MAX_CLOCK_STEPS
"""Steps with a finding and lines of the shared one."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A step of the wall clock: the first record after it, that record's tick, and the size (ms, negative: set back).

    Where two lives overlap by the clock, their overlap is the least size that the step between them has (`at_least`).
    """

    record: LineRef
    tick: int
    size_ms: int
    between_lives: bool = False
    at_least: bool = False


def clock_steps(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding for each of the largest steps, and one for all others."""
    for each in evidence.clock_steps[:MAX_CLOCK_STEPS]:
        text = _between_lives(each) if each.between_lives else _within_life(each)
        figures = () if each.between_lives else ("run.span_ms",)
        yield Finding(FindingCode.CLOCK_STEP, "medium", None, text, figures, (each.record,))
    if more := evidence.clock_steps[MAX_CLOCK_STEPS:]:
        count = len(more) + evidence.further_clock_steps
        text = f"{count} more steps of the wall clock, each of at most {duration(abs(more[0].size_ms))}"
        lines = tuple(each.record for each in more)
        yield Finding(FindingCode.CLOCK_STEP, "medium", None, text, ("run.span_ms",), lines)


def _within_life(step: ClockStep) -> str:
    return (
        f"the wall clock was set {_direction(step)} by {duration(abs(step.size_ms))} at tick {step.tick} "
        "while the ticks went on; durations and times exclude the step, and event ages before and after it rest on "
        "different clocks"
    )


def _between_lives(step: ClockStep) -> str:
    size = f"{'at least' if step.at_least else 'about'} {duration(abs(step.size_ms))}"
    return (
        f"the wall clock was set {_direction(step)} by {size} between two lives, before tick {step.tick} of the later; "
        "the time between them is not known, and event ages before and after it rest on different clocks"
    )


def _direction(step: ClockStep) -> str:
    return "back" if step.size_ms < 0 else "forward"
