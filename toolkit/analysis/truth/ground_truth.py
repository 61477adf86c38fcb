"""Compare a run with the record that its venues kept: connections, endings, silences and books.

Pure: the caller reads the record and the run. Only what happened while the run was observed is compared.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from toolkit.model.recorded.ground_truth import (
    Book,
    SeenTick,
    TruthComparison,
    VenueComparison,
    VenueRecord,
    VenueSeen,
)

WINDOW_MS = 5_000
"""A tick's book must be one that the venue sent at most this long before the time that the book's age gives."""
EDGE_MS = 1_000
"""Tolerance of times between the two clocks, and at both ends of the run."""
SILENCE_TOLERANCE_MS = 1_500
_DIGITS = 8
"""Decimals to which mid and spread are rounded, so that two ways to compute them give the same number."""

Span = tuple[int, int] | None


def compare_with_truth(
    records: Mapping[str, VenueRecord], seen: Mapping[str, VenueSeen], span: Span, file: str, unread_lines: int = 0
) -> TruthComparison:
    """Return the comparison of each venue of either side. `span` is the observed time, None where it is not known."""
    inside = {venue: _within(record, span) for venue, record in records.items()}
    outside = sum(
        len(records[venue].accepted) + len(records[venue].refused) - len(each.accepted) - len(each.refused)
        for venue, each in inside.items()
    )
    nothing = VenueSeen(None, None, {}, None)
    venues = tuple(
        _compare(venue, inside.get(venue, VenueRecord()), seen.get(venue, nothing))
        for venue in dict.fromkeys([*seen, *records])
    )
    return TruthComparison(file, WINDOW_MS, outside, unread_lines, venues)


def _within(record: VenueRecord, span: Span) -> VenueRecord:
    if span is None:
        return record
    first, last = span[0] - EDGE_MS, span[1] + EDGE_MS
    # A connection that ended when the run did was open until then, so its ending is no event of the run.
    return VenueRecord(
        accepted=[at for at in record.accepted if first <= at <= last],
        refused=[at for at in record.refused if first <= at <= last],
        endings=[(at, cause) for at, cause in record.endings if first <= at < span[1] - EDGE_MS],
        silences=_cut(record.silences, span),
        gaps=_cut(record.gaps, span),
        frames=record.frames,
        frame_count=record.frame_count,
    )


def _cut(stretches: Sequence[tuple[int, int]], span: tuple[int, int]) -> list[tuple[int, int]]:
    return [(max(begun, span[0]), min(end, span[1])) for begun, end in stretches if begun < span[1] and end > span[0]]


def _longest(stretches: Sequence[tuple[int, int]]) -> int | None:
    return max((end - begun for begun, end in stretches), default=None)


def _compare(venue: str, record: VenueRecord, seen: VenueSeen) -> VenueComparison:
    endings = Counter(cause for _, cause in record.endings)
    books, foreign = _compare_books(record.frames, seen.ticks)
    row = VenueComparison(
        venue=venue,
        connects_want=len(record.accepted),
        connects_got=seen.connects,
        failed_want=len(record.refused),
        failed_got=seen.failed,
        endings_want=dict(sorted(endings.items())),
        endings_got={reason: count for reason, count in sorted(seen.endings.items()) if count},
        connection_silence_ms=_longest(record.silences) if record.frame_count else None,
        silence_ms_want=_longest(record.gaps),
        silence_ms_got=seen.silence_ms,
        books=books,
        foreign_books=len(foreign) if record.frames and books else None,
        first_foreign_ms=foreign[0] if foreign else None,
        differences=(),
    )
    return replace(row, differences=tuple(_differences(row)))


def _differences(row: VenueComparison) -> Iterator[str]:
    if row.connects_got is not None and row.connects_got != row.connects_want:
        yield f"{row.venue} accepted {row.connects_want} connections, the run has {row.connects_got:g}"
    if row.failed_got is not None and row.failed_got < row.failed_want:
        yield f"{row.venue} refused {row.failed_want} connections, the run has {row.failed_got:g} failed attempts"
    yield from _ending_differences(row)
    want, got = row.silence_ms_want, row.silence_ms_got
    if want is not None and got is not None and abs(want - got) > max(SILENCE_TOLERANCE_MS, want / 10):
        silent = f"{row.venue} was silent for at most {want / 1_000:.1f} s"
        yield f"{silent}, and the run applied no book of its socket for {got / 1_000:.1f} s"
    if row.foreign_books:
        yield f"{row.venue} sent no such book: {row.foreign_books} of {row.books} ticks"


def _ending_differences(row: VenueComparison) -> Iterator[str]:
    """Yield differences of the endings: how many, and how many of them the venue caused with a close frame."""
    want, got = sum(row.endings_want.values()), sum(row.endings_got.values())
    if row.connects_got is None:
        return
    if want != got:
        yield f"{row.venue} has {want} ended connections, the run has {got:g}"
    closed, read = row.endings_want.get("server_close", 0), row.endings_got.get("server_close", 0)
    if closed != read:
        yield f"{row.venue} closed {closed} connections with a close frame, the run has {read:g} server_close"
    if unknown := row.endings_got.get("unknown", 0):
        yield f"{row.venue}: the run states no reason for {unknown:g} of its {got:g} endings"


def _compare_books(frames: Sequence[tuple[int, Book]], ticks: Sequence[SeenTick]) -> tuple[int, list[int]]:
    """Return the number of ticks with a book, and the times of those whose book the venue did not send in time.

    A frame has the book of a tick if mid and spread are equal and its best levels are worth no more than the depth,
    which may include further levels.
    """
    sent: dict[tuple[float, float], list[tuple[int, float]]] = defaultdict(list)
    for at, (bid, bid_size, ask, ask_size) in sorted(frames):
        sent[_key((bid + ask) / 2, ask - bid)].append((at, bid * bid_size + ask * ask_size))
    books, foreign = 0, list[int]()
    for tick in ticks:
        if tick.mid is None or tick.spread is None or not tick.mid > 0:
            continue
        books += 1
        same = sent.get(_key(tick.mid, tick.spread), [])
        first = bisect_left(same, (tick.at_ms - (tick.age_ms or 0) - WINDOW_MS, 0.0))
        last = bisect_right(same, (tick.at_ms + EDGE_MS, float("inf")))
        most = float("inf") if tick.depth is None else tick.depth * (1 + 1e-9)
        if not any(value <= most for _, value in same[first:last]):
            foreign.append(tick.at_ms)
    return books, foreign


def _key(mid: float, spread: float) -> tuple[float, float]:
    return round(mid, _DIGITS), round(spread, _DIGITS)
