"""The runner's tick: when it comes, and what it makes of what has gathered since the last one.

A tick comes by the timer, or by the first event since the last tick if that is old enough by then; an earlier event
waits for the timer, unless a queue is full. Of what has gathered, each venue's older books fall away before its newest
whole one, and deltas that follow each other become one; the book is the same either way.

A tick that comes far too late tells that this host or this process stood still. It takes nothing of what came since, so
that the record shows how old everything had become, and is never followed by another such one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby

from connectors.runner.queue import Delivery
from connectors.venues.frames import Book, BookDelta, Funding, MarketFrame, Trade

STALL_THRESHOLD_MS = 1_000
"""A tick that is as late as this tells of the host, not of the load."""


class TickTimer:
    """When the next tick is due; times in ms."""

    def __init__(self, now_ms: int, interval_ms: int, min_interval_ms: int) -> None:
        self.due_ms = now_ms
        self._interval_ms = interval_ms
        self._min_interval_ms = min_interval_ms
        self._last_ms: int | None = None
        self._awaits_event = False
        self._stood_still = False

    def data_arrived(self, now_ms: int) -> None:
        """Something came; the first since the last tick decides."""
        if self._awaits_event and self._last_ms is not None:
            self._awaits_event = False
            if now_ms - self._last_ms >= self._min_interval_ms:
                self.due_ms = min(self.due_ms, now_ms)

    def bring_forward(self) -> None:
        """A queue is full: the next tick comes as early as it may."""
        if self._last_ms is not None:
            self.due_ms = min(self.due_ms, self._last_ms + self._min_interval_ms)

    def start_tick(self, now_ms: int) -> int:
        """A tick begins; the timer keeps its beat unless an event came before it or a whole beat was missed.

        Gives for how many milliseconds everything stood still before it, 0 if that was not so.
        """
        late_ms = now_ms - self.due_ms
        self.due_ms = (self.due_ms if late_ms < self._interval_ms else now_ms) + self._interval_ms
        self._last_ms = now_ms
        self._awaits_event = True
        self._stood_still = late_ms >= STALL_THRESHOLD_MS and not self._stood_still
        if not self._stood_still:
            return 0
        self.bring_forward()
        return late_ms


@dataclass(frozen=True, slots=True)
class CoalesceSettings:
    """What is folded; `cap` is how many deltas of a venue a tick folds, None all."""

    books: bool = True
    deltas: bool = True
    max_deltas: int | None = None


@dataclass(slots=True)
class RxStats:
    """What one tick drained and what was left of it; `cap_hits` counts the venues that had more deltas than the cap."""

    drained: int = 0
    l2_delta: int = 0
    l2_snapshot: int = 0
    trade: int = 0
    funding_update: int = 0
    out_market: int = 0
    out_l2_delta: int = 0
    out_l2_snapshot: int = 0
    out_trade: int = 0
    out_funding_update: int = 0
    cap_hits: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counters by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def count_in(self, event: MarketFrame) -> None:
        """One event was drained."""
        self.drained += 1
        name = _NAMES[type(event)]
        setattr(self, name, getattr(self, name) + 1)

    def count_out(self, event: MarketFrame) -> None:
        """One event is applied."""
        self.out_market += 1
        name = f"out_{_NAMES[type(event)]}"
        setattr(self, name, getattr(self, name) + 1)


_NAMES: dict[type[MarketFrame], str] = {
    Book: "l2_snapshot",
    BookDelta: "l2_delta",
    Trade: "trade",
    Funding: "funding_update",
}


def coalesce(drained: Iterable[Delivery], coalescing: CoalesceSettings) -> tuple[list[Delivery], RxStats]:
    """Reduce what a tick drained; events of a venue stand together and keep their order."""
    stats = RxStats()
    left: list[Delivery] = []
    for _, group in groupby(drained, key=lambda delivery: delivery.venue):
        gathered = list(group)
        for delivery in gathered:
            stats.count_in(delivery.event)
        deltas = sum(isinstance(delivery.event, BookDelta) for delivery in gathered)
        stats.cap_hits += coalescing.max_deltas is not None and deltas > coalescing.max_deltas
        left += _of_venue(gathered, coalescing)
    for delivery in left:
        stats.count_out(delivery.event)
    return left, stats


def _of_venue(gathered: Sequence[Delivery], coalescing: CoalesceSettings) -> Iterator[Delivery]:
    newest = max((at for at, one in enumerate(gathered) if isinstance(one.event, Book)), default=0)
    room = len(gathered) if coalescing.max_deltas is None else coalescing.max_deltas
    held: list[Delivery] = []
    for at, delivery in enumerate(gathered):
        if not delivery.lossless:
            yield delivery
        elif coalescing.books and at < newest:
            continue
        elif isinstance(delivery.event, BookDelta) and coalescing.deltas and room > 0:
            room -= 1
            held.append(delivery)
        else:
            yield from _joined(held)
            held = []
            yield delivery
    yield from _joined(held)


def _joined(held: Sequence[Delivery]) -> Iterator[Delivery]:
    """Deltas that follow each other as one: each level with its last size, times and shape of the last."""
    deltas = [delivery.event for delivery in held if isinstance(delivery.event, BookDelta)]
    if not deltas:
        return
    bids = dict(level for delta in deltas for level in delta.bids)
    asks = dict(level for delta in deltas for level in delta.asks)
    chain = replace(deltas[-1], prev=deltas[0].prev, first=deltas[0].first)
    yield replace(held[-1], event=replace(chain, bids=tuple(bids.items()), asks=tuple(asks.items())))
