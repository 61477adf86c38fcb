"""What a venue's own record says of a run: the figures and episodes that an honest analysis has to come to."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.simulation.whole_run import LATENCY_MS
from toolkit.model.vocabulary import ReconnectReason as Reason

TruthRow = Mapping[str, Any]
Interval = tuple[int, int]
"""From and to, epoch ms."""

ReceivedBook = tuple[int, float | None]
"""When a book came, epoch ms, and its mid, None where a side is empty."""

_BY_THE_VENUE = {"close_frame": Reason.SERVER_CLOSE, "tcp_abort": Reason.STREAM_ENDED, "tcp_fin": Reason.STREAM_ENDED}


class VenueTruth:
    """One venue's rows up to the time at which the run was stopped, epoch ms."""

    def __init__(self, rows: Iterable[TruthRow], venue: str, stopped_ms: int) -> None:
        self.venue = venue
        self.rows = [row for row in rows if row["venue"] == venue and row["t_unix_ms"] <= stopped_ms]

    def events(self, event: str) -> list[TruthRow]:
        """The rows of one kind."""
        return [row for row in self.rows if row["event"] == event]

    @property
    def ends(self) -> list[tuple[int, Reason | None]]:
        """When each connection ended, and why, where the venue ended it; None where the client left."""
        return sorted(
            [(row["t_unix_ms"], _BY_THE_VENUE[row["how"]]) for row in self.events("server_close")]
            + [(row["t_unix_ms"], None) for row in self.events("client_gone")]
        )

    def disconnects(self, label: Reason | None) -> Counter[str]:
        """How many connections ended by each reason; `label` is what makes a client leave."""
        return Counter(str(reason or label) for _, reason in self.ends)

    @property
    def books(self) -> list[ReceivedBook]:
        """When each book reached the client, and its mid."""
        return [(row["t_unix_ms"] + LATENCY_MS, _mid(row)) for row in self.events("frame")]


def _mid(row: TruthRow) -> float | None:
    return (float(row["bid"][0]) + float(row["ask"][0])) / 2 if row["bid"] and row["ask"] else None


def book_ages(books: Sequence[ReceivedBook], ticks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each tick with its age: the time since the last tick whose newest book, come since the tick before, had a mid."""
    came = [at_ms for at_ms, _ in books]
    applied_ms, taken = None, 0
    for now_ms in ticks:
        newest = bisect_right(came, now_ms)
        if newest > taken and books[newest - 1][1] is not None:
            applied_ms = now_ms
        taken = newest
        if applied_ms is not None:
            yield now_ms, now_ms - applied_ms


def stale_intervals(ages: Sequence[tuple[int, int]], limit_ms: int) -> list[Interval]:
    """The stretches in which the age is beyond the limit, from their first such tick to the next that is not."""
    found: list[Interval] = []
    began_ms = None
    for at_ms, age_ms in ages:
        if age_ms > limit_ms and began_ms is None:
            began_ms = at_ms
        elif age_ms <= limit_ms and began_ms is not None:
            found.append((began_ms, at_ms))
            began_ms = None
    return found


def mid_range_bps(books: Iterable[ReceivedBook], interval: Interval) -> float:
    """How far a venue's mid ranged within a stretch, in hundredths of a percent of its lowest."""
    mids = [mid for at_ms, mid in books if mid is not None and interval[0] <= at_ms <= interval[1]]
    return (max(mids) - min(mids)) / min(mids) * 10_000 if mids else 0.0


def percentile(values: Iterable[int], share: float) -> float:
    """The percentile of the specification: position (n-1)·p, linear between neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = min(int(place), len(ordered) - 2)
    return ordered[low] * (low + 1 - place) + ordered[low + 1] * (place - low)
