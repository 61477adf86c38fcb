"""The verdict of the check: PASS, FAIL or INCONCLUSIVE, from the comparison, the gate and the builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"

OK, FAILED, UNPROVEN, BLOCKED = 0, 1, 4, 5
"""Exit codes of the toolkit that are results; every other one is an error or an interrupt."""


@dataclass(frozen=True)
class Verdict:
    """PASS, FAIL or INCONCLUSIVE, and one sentence that gives the reason."""

    word: str
    reason: str


def decide(pair: int, gates: Mapping[str, int], blocked: frozenset[str]) -> Verdict:
    """Return the verdict of the check.

    `pair` is the exit code of the comparison, `gates` that of the gate by side (empty where no gate decides), `blocked`
    the sides that did not run. A head that does not run beside a base that runs is a FAIL; a gate that fails on both
    sides is no fault of the change.
    """
    if blocked:
        return _blocked(blocked)
    if pair == FAILED:
        return Verdict(FAIL, "a figure regressed, and again in a second pair of runs")
    head, base = gates.get("head", OK), gates.get("base", OK)
    if head == FAILED and base != FAILED:
        return Verdict(FAIL, "the head does not meet the gate")
    if head == FAILED:
        return Verdict(INCONCLUSIVE, "neither side meets the gate")
    if pair == UNPROVEN:
        return Verdict(INCONCLUSIVE, "the runs cannot show whether a figure changed")
    if head == UNPROVEN:
        return Verdict(INCONCLUSIVE, "the gate cannot be decided from the run of the head")
    return Verdict(PASS, "no figure regressed" + (", and the head meets the gate" if gates else ""))


def _blocked(sides: frozenset[str]) -> Verdict:
    if sides == {"head"}:
        return Verdict(FAIL, "the head did not run, the base did")
    if sides == {"base"}:
        return Verdict(INCONCLUSIVE, "the base did not run")
    return Verdict(INCONCLUSIVE, "neither side ran")


def is_red(verdict: str, fail_on: str) -> bool:
    """Return whether a verdict fails the check; one that is missing does, unless nothing may."""
    if fail_on == "nothing":
        return False
    return verdict not in ((PASS,) if fail_on == "unproven" else (PASS, INCONCLUSIVE))
