"""Figures and episodes of a run computed from the ground truth, for comparison with the analysis."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from connectors.simulator.ground_truth import TruthRow
from tests.simulation.whole_run import LATENCY_MS
from toolkit.model.vocabulary import ReconnectReason as Reason

Interval = tuple[int, int]
"""Start and end, epoch ms."""

ReceivedBook = tuple[int, float | None]
"""Time at which a book was received, epoch ms, and its mid price; None if a side is empty."""

_REASONS = {"close_frame": Reason.SERVER_CLOSE, "tcp_abort": Reason.STREAM_ENDED, "tcp_fin": Reason.STREAM_ENDED}


class VenueTruth:
    """Ground truth of one venue up to the stop of the run at `stopped_ms`, epoch ms."""

    def __init__(self, rows: Iterable[TruthRow], venue: str, stopped_ms: int) -> None:
        self.venue = venue
        self.rows = [row for row in rows if row["venue"] == venue and row["t_unix_ms"] <= stopped_ms]

    def events(self, event: str) -> list[TruthRow]:
        """Return the rows of one event."""
        return [row for row in self.rows if row["event"] == event]

    @property
    def ends(self) -> list[tuple[int, Reason | None]]:
        """Time of the end of each connection, with the reason if the venue ended it; None if the client left."""
        return sorted(
            [(row["t_unix_ms"], _REASONS[row["how"]]) for row in self.events("server_close")]
            + [(row["t_unix_ms"], None) for row in self.events("client_gone")]
        )

    def disconnects(self, client_reason: Reason | None) -> Counter[str]:
        """Count the ends of connections by reason; `client_reason` is the reason for which a client leaves."""
        return Counter(str(reason or client_reason) for _, reason in self.ends)

    @property
    def books(self) -> list[ReceivedBook]:
        """Time at which each book reached the client, and its mid price."""
        return [(row["t_unix_ms"] + LATENCY_MS, _mid(row)) for row in self.events("frame")]

    def books_outside(self, intervals: Iterable[Interval]) -> list[ReceivedBook]:
        """Return the books without those of intervals in which no REST book fits, up to the next good answer."""
        answered = [row["t_unix_ms"] for row in self.events("rest_request") if row["status"] == 200]
        books = self.books
        for from_ms, to_ms in intervals:
            good_ms = next((at_ms for at_ms in answered if at_ms >= to_ms), to_ms)
            books = [each for each in books if not from_ms <= each[0] <= good_ms + LATENCY_MS]
        return books


def _mid(row: TruthRow) -> float | None:
    return (float(row["bid"][0]) + float(row["ask"][0])) / 2 if row["bid"] and row["ask"] else None


def book_ages(books: Sequence[ReceivedBook], ticks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield each tick with the age of its book, in ms.

    The age is the time since the last tick whose newest book since the tick before had a mid price.
    """
    received = [at_ms for at_ms, _ in books]
    applied_ms, used = None, 0
    for now_ms in ticks:
        newest = bisect_right(received, now_ms)
        if newest > used and books[newest - 1][1] is not None:
            applied_ms = now_ms
        used = newest
        if applied_ms is not None:
            yield now_ms, now_ms - applied_ms


def stale_intervals(ages: Sequence[tuple[int, int]], limit_ms: int) -> list[Interval]:
    """Return the intervals in which the age exceeds the limit, from the first such tick to the next tick below."""
    intervals: list[Interval] = []
    start_ms = None
    for at_ms, age_ms in ages:
        if age_ms > limit_ms and start_ms is None:
            start_ms = at_ms
        elif age_ms <= limit_ms and start_ms is not None:
            intervals.append((start_ms, at_ms))
            start_ms = None
    return intervals


def mid_range_bps(books: Iterable[ReceivedBook], interval: Interval) -> float:
    """Return the range of a venue's mid price within an interval, in basis points of its lowest."""
    mids = [mid for at_ms, mid in books if mid is not None and interval[0] <= at_ms <= interval[1]]
    return (max(mids) - min(mids)) / min(mids) * 10_000 if mids else 0.0


def percentile(values: Iterable[int], share: float) -> float:
    """Return a percentile by the specification: position (n-1)·p, linear between neighbours; `share` is 0 to 1."""
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    low = min(int(position), len(ordered) - 2)
    return ordered[low] * (low + 1 - position) + ordered[low + 1] * (position - low)
