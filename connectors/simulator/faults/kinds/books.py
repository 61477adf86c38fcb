"""Faults of a book's content and time: crossed, locked, empty, and a clock that is wrong."""

from __future__ import annotations

from collections.abc import Callable

from connectors.simulator.faults import damage
from connectors.simulator.faults.spec import ExpectedReaction, Fault, Values
from connectors.simulator.market import FullBook


def _altered(kind: str, meaning: str, function: Callable[[FullBook], FullBook]) -> Fault:
    return Fault(kind=kind, meaning=meaning, expects=ExpectedReaction(), lasts_s=4, alter_book=function)


def _clock(kind: str, meaning: str, function: Callable[[int, Values], int], **values: int | str) -> Fault:
    return Fault(kind=kind, meaning=meaning, expects=ExpectedReaction(), lasts_s=10, values=values, clock=function)


BOOK_FAULTS = (
    _altered("crossed_book", "the best bid above the best ask", damage.crossed_book),
    _altered("locked_book", "the best bid at the best ask", damage.locked_book),
    _altered("one_sided_book", "no asks", damage.one_sided_book),
    _altered("empty_book", "no bids and no asks", damage.empty_book),
    _clock("clock_ahead", "the venue's clock is `ms` ahead", damage.ahead, ms=5_000),
    _clock("clock_behind", "the venue's clock is `ms` behind", damage.behind, ms=5_000),
    _clock("clock_zero", "the venue's times are 0", damage.zero),
    Fault(
        kind="clock_missing",
        meaning="book frames have no time",
        expects=ExpectedReaction(),
        lasts_s=10,
        rewrite=damage.without_times,
    ),
)
