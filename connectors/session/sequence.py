"""The one sequence rule: does a delta follow the state we hold.

Every venue's numbering is brought to `prev -> seq` by its codec, so the rule needs no venue:

    delta.seq <= state            already in the state: old (a repeat, or numbers running backwards)
    delta.prev == state           follows: apply
    delta.prev >  state           a hole lies between: gap
    delta.prev <  state < seq     overlaps: legal once, where a REST snapshot lands inside a delta; else mismatch
"""

from __future__ import annotations

from enum import StrEnum

from connectors.venues.frames import BookDelta


class Fit(StrEnum):
    """How a delta stands to the state."""

    FOLLOWS = "follows"
    OLD = "old"
    GAP = "gap"
    MISMATCH = "mismatch"


def fit(state: int | None, delta: BookDelta, *, bridging: bool = False) -> Fit:
    """Judge a delta against the number of the held book; unnumbered states and deltas always follow.

    `bridging` is true for the first delta after a REST snapshot: then the snapshot's number has to lie inside
    `first..seq` (Aster and Binance futures, "How to manage a local order book correctly": `U <= lastUpdateId` and
    `u >= lastUpdateId`), or the delta has to follow it directly.
    """
    if state is None or delta.seq is None or delta.prev is None:
        return Fit.FOLLOWS
    if bridging:
        return _bridge(state, delta.seq, delta.prev, delta.first)
    if delta.seq <= state:
        return Fit.OLD
    if delta.prev == state:
        return Fit.FOLLOWS
    return Fit.GAP if delta.prev > state else Fit.MISMATCH


def _bridge(state: int, seq: int, prev: int, first: int | None) -> Fit:
    if seq < state:
        return Fit.OLD
    lowest = prev if first is None else min(first, prev)
    return Fit.FOLLOWS if lowest <= state else Fit.GAP
