"""The verdict of the check: PASS, FAIL or INCONCLUSIVE, from the comparison, the gate and the builds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"

OK, FAILED, UNPROVEN, BLOCKED = 0, 1, 4, 5
"""Exit codes of the toolkit that are results; every other one is an error or an interrupt."""


SHOWN = 2
"""Largest number of figures that a reason names."""


@dataclass(frozen=True)
class Verdict:
    """PASS, FAIL or INCONCLUSIVE, and one sentence that gives the reason."""

    word: str
    reason: str


@dataclass(frozen=True)
class Pair:
    """The end of `toolkit ab`.

    `code` is its exit code, `confirmed` says that a second pair was run because a figure had regressed, and `regressed`
    has the figures that did in both pairs.
    """

    code: int
    confirmed: bool = False
    regressed: tuple[str, ...] = ()


def decide(pair: Pair, gates: Mapping[str, int], blocked: frozenset[str]) -> Verdict:
    """Return the verdict of the check.

    `gates` are exit codes of the gate by side, empty where no gate decides; `blocked` are the sides whose first run did
    not run to its end. A head that does not run beside a base that runs is a FAIL; a gate that fails on both sides is
    no fault of the change.
    """
    if blocked:
        return _blocked(blocked)
    if pair.code == BLOCKED:
        return Verdict(INCONCLUSIVE, "a figure regressed, and the second pair of runs did not run to its end")
    if pair.code == FAILED:
        return Verdict(FAIL, _regression(pair.regressed) if pair.regressed else "the expected change is not shown")
    head, base = gates.get("head", OK), gates.get("base", OK)
    if head == FAILED and base != FAILED:
        return Verdict(FAIL, "the head does not meet the gate")
    if head == FAILED:
        return Verdict(INCONCLUSIVE, "neither side meets the gate")
    if pair.code == UNPROVEN:
        return Verdict(INCONCLUSIVE, "the runs cannot show whether a figure changed")
    if head == UNPROVEN:
        return Verdict(INCONCLUSIVE, "the gate cannot be decided from the run of the head")
    again = " in a second pair of runs" if pair.confirmed else ""
    return Verdict(PASS, f"no figure regressed{again}" + (", and the head meets the gate" if gates else ""))


def _regression(figures: tuple[str, ...]) -> str:
    """Name the first figures, sums before their parts. The names hold names of venues that a program printed."""
    sums = [each for each in figures if not any(each.startswith(f"{other}.") for other in figures)]
    sums.sort(key=lambda figure: (figure.count("."), figure))
    names = ", ".join(re.sub(r"[^A-Za-z0-9_.]", "_", each)[:80] for each in sums[:SHOWN])
    more = f" and {len(sums) - SHOWN} more" if len(sums) > SHOWN else ""
    return f"{names}{more} regressed in both pairs of runs"


def _blocked(sides: frozenset[str]) -> Verdict:
    if sides == {"head"}:
        return Verdict(FAIL, "the head did not run to its end, the base did")
    if sides == {"base"}:
        return Verdict(INCONCLUSIVE, "the base did not run to its end")
    return Verdict(INCONCLUSIVE, "neither side ran to its end")


def is_red(verdict: str, fail_on: str) -> bool:
    """Return whether a verdict fails the check; one that is missing does, unless nothing may."""
    if fail_on == "nothing":
        return False
    return verdict not in ((PASS,) if fail_on == "unproven" else (PASS, INCONCLUSIVE))
