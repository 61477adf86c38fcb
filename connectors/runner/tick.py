"""Times of the runner's ticks, and coalescing of the events that a tick drains.

A tick is due by the timer, or at the first event since the last tick if the minimum interval has passed by then. An
earlier event waits for the timer. A full queue brings no tick forward: its venue alone would set the times at which all
are looked at. It is emptied between two ticks, at the minimum interval.

Coalescing drops the events of a venue's book that are older than its newest whole book, and merges consecutive deltas;
the resulting book is the same.

A tick that is far too late shows that the host or the process stood still. That tick drains nothing, so that its record
shows how old the data had become; the next tick always drains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby

from msgspec.structs import replace

from connectors.runner.queue import Delivery
from connectors.session.events import EventSource
from connectors.venues.frames import Book, BookDelta, Funding, MarketFrame, Trade

STANDSTILL_MS = 1_000
"""Lateness from which a tick counts as late because of a standstill of the host, not because of load."""


class TickTimer:
    """Timer of the runner's ticks; `due_ms` is the monotonic time of the next tick.

    Ticks are `interval_ms` apart; an event can bring a tick forward to `min_interval_ms` after the last one.
    """

    def __init__(self, now_ms: int, interval_ms: int, min_interval_ms: int) -> None:
        self.due_ms = now_ms
        self._interval_ms = interval_ms
        self._min_interval_ms = min_interval_ms
        self._last_tick_ms: int | None = None
        self._awaits_first_event = False
        self._stood_still = False
        self._emptied_ms = now_ms
        self._full = False

    @property
    def wake_ms(self) -> int:
        """The time of the next tick or, if that is earlier, at which the full queues are to be emptied."""
        return min(self.due_ms, self._emptied_ms + self._min_interval_ms) if self._full else self.due_ms

    def queues_full(self) -> None:
        """Take note that a queue is full."""
        self._full = True

    def empties_queues(self, now_ms: int) -> bool:
        """Return whether the full queues are to be emptied now."""
        if not self._full or now_ms < self._emptied_ms + self._min_interval_ms:
            return False
        self._full, self._emptied_ms = False, now_ms
        return True

    def data_arrived(self, now_ms: int) -> None:
        """Bring the next tick forward to now if this is the first event since the last tick and late enough."""
        if self._awaits_first_event and self._last_tick_ms is not None:
            self._awaits_first_event = False
            if now_ms - self._last_tick_ms >= self._min_interval_ms:
                self.due_ms = min(self.due_ms, now_ms)

    def start_tick(self, now_ms: int) -> int:
        """Schedule the tick after the one that begins now; return the length of a standstill before it in ms, else 0.

        The next tick is due one interval after this one was due, or after now if a whole interval was missed.
        After a standstill it is due after the minimum interval.
        """
        late_ms = now_ms - self.due_ms
        self.due_ms = (self.due_ms if late_ms < self._interval_ms else now_ms) + self._interval_ms
        self._last_tick_ms = self._emptied_ms = now_ms
        self._full = False
        self._awaits_first_event = True
        self._stood_still = late_ms >= STANDSTILL_MS and not self._stood_still
        if not self._stood_still:
            return 0
        self.due_ms = min(self.due_ms, now_ms + self._min_interval_ms)
        return late_ms


@dataclass(frozen=True, slots=True)
class CoalesceSettings:
    """Kinds of events to coalesce; a tick merges at most `max_deltas` deltas of a venue, None for all."""

    books: bool = True
    deltas: bool = True
    max_deltas: int | None = None


@dataclass(slots=True)
class RxStats:
    """Counts of the events that one tick drained, and (`out_`) of those left after settings.

    `cap_hits` counts the venues that had more than `max_deltas` deltas.
    """

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
        """Return the counters by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def count_in(self, event: MarketFrame) -> None:
        """Count a drained event."""
        self.drained += 1
        name = _COUNTER_NAMES[type(event)]
        setattr(self, name, getattr(self, name) + 1)

    def count_out(self, event: MarketFrame) -> None:
        """Count an event that is left after settings."""
        self.out_market += 1
        name = f"out_{_COUNTER_NAMES[type(event)]}"
        setattr(self, name, getattr(self, name) + 1)


_COUNTER_NAMES: dict[type[MarketFrame], str] = {
    Book: "l2_snapshot",
    BookDelta: "l2_delta",
    Trade: "trade",
    Funding: "funding_update",
}


def coalesce(drained: Iterable[Delivery], settings: CoalesceSettings) -> tuple[list[Delivery], RxStats]:
    """Return the events that are left of what a tick drained, with the counts of both.

    The events of a venue must be adjacent. Its books and deltas keep their order.
    """
    stats = RxStats()
    coalesced: list[Delivery] = []
    for _, group in groupby(drained, key=lambda delivery: delivery.venue):
        deliveries = list(group)
        for delivery in deliveries:
            stats.count_in(delivery.event)
        deltas = sum(isinstance(delivery.event, BookDelta) for delivery in deliveries)
        stats.cap_hits += settings.max_deltas is not None and deltas > settings.max_deltas
        coalesced += _coalesce_venue(deliveries, settings)
    for delivery in coalesced:
        stats.count_out(delivery.event)
    return coalesced, stats


def _coalesce_venue(deliveries: Sequence[Delivery], settings: CoalesceSettings) -> Iterator[Delivery]:
    # An injected book is no part of the socket's sequence. It comes first, so that data of the socket wins.
    yield from (each for each in deliveries if each.source is EventSource.INJECTED)
    deliveries = [each for each in deliveries if each.source is not EventSource.INJECTED]
    newest_book = max((at for at, each in enumerate(deliveries) if isinstance(each.event, Book)), default=0)
    deltas_left = len(deliveries) if settings.max_deltas is None else settings.max_deltas
    mergeable: list[Delivery] = []
    for at, delivery in enumerate(deliveries):
        if not delivery.lossless:
            yield delivery
        elif settings.books and at < newest_book:
            continue
        elif isinstance(delivery.event, BookDelta) and settings.deltas and deltas_left > 0:
            deltas_left -= 1
            mergeable.append(delivery)
        else:
            yield from _merge_deltas(mergeable)
            mergeable = []
            yield delivery
    yield from _merge_deltas(mergeable)


def _merge_deltas(deliveries: Sequence[Delivery]) -> Iterator[Delivery]:
    """Merge consecutive deltas into one, if there are any: each level has its last size, the rest is of the last delta.

    `prev` and `first` are those of the first delta, so that the sequence numbers stay connected.
    """
    deltas = [delivery.event for delivery in deliveries if isinstance(delivery.event, BookDelta)]
    if not deltas:
        return
    bids = {level.price: level for delta in deltas for level in delta.bids}
    asks = {level.price: level for delta in deltas for level in delta.asks}
    merged = replace(deltas[-1], prev=deltas[0].prev, first=deltas[0].first)
    yield replace(deliveries[-1], event=replace(merged, bids=list(bids.values()), asks=list(asks.values())))
