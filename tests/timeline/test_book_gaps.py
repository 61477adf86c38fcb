"""The gap in the order book that dates a reconnect is found as by a look at each gap, each window and each REST range."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.db.store import insert_rows, sql
from toolkit.timeline.book_gaps import RestRange, RestRanges

VENUES = ("aster", "lighter")
LINES = st.integers(1, 60)
TIMES = st.integers(0, 40_000)
WEIGHT_MS = 250
BOUNDS = TIMES | st.sampled_from((float("-inf"), float("inf")))

Gap = tuple[int, int]
Window = tuple[int, int, str, float, float, float, float]


@st.composite
def applied_books(draw: st.DrawFn) -> dict[str, list[int]]:
    """Draw the times at which each venue's book was applied, one a tick, in order."""
    return {venue: sorted(draw(st.lists(TIMES, max_size=40))) for venue in VENUES}


@st.composite
def book_windows(draw: st.DrawFn) -> list[Window]:
    """Draw bounds of the two lines of each reconnect; the bounds of the later line are not before the other's."""
    windows = []
    for number in range(draw(st.integers(0, 12))):
        ended_low, book_low = sorted((draw(BOUNDS), draw(BOUNDS)))
        ended_high, book_high = sorted((draw(BOUNDS), draw(BOUNDS)))
        windows.append((number, 0, draw(st.sampled_from(VENUES)), ended_low, ended_high, book_low, book_high))
    return windows


def by_definition(books: dict[str, list[int]], windows: list[Window]) -> Iterator[tuple[int, int, int]]:
    """Yield the number of each window that exactly one gap of its venue fits, with that gap."""
    for number, _, venue, ended_low, ended_high, book_low, book_high in windows:
        gaps = [(before, after) for before, after in pairwise(books[venue]) if after - before >= 900]
        fitting = [
            (from_ms, to_ms)
            for from_ms, to_ms in gaps
            if from_ms <= min(ended_high, book_high) and to_ms >= max(ended_low, book_low)
        ]
        if len(fitting) == 1:
            yield number, *fitting[0]


def found(books: dict[str, list[int]], windows: list[Window]) -> list[tuple[int, int, int]]:
    with duckdb.connect() as con:
        con.execute("create table tick as select 1 as run_key, ? as weight_ms", [WEIGHT_MS])
        con.execute("create table lives_agree as select true as agree")
        columns = ("run_key", "life", "venue", "seq", "at_ms", "age_apply_ms")
        con.execute(
            "create table venue_tick (run_key int, life int, venue text, seq int, at_ms bigint, age_apply_ms int)"
        )
        rows = [(1, 0, venue, seq, at + 70, 70) for venue, times in books.items() for seq, at in enumerate(times)]
        insert_rows(con, "venue_tick", columns, rows)
        bounds = ("ended_low_ms", "ended_high_ms", "book_low_ms", "book_high_ms")
        con.execute(
            f"create table book_window (number int, life int, venue text, {', '.join(f'{name} double' for name in bounds)})"
        )
        insert_rows(con, "book_window", ("number", "life", "venue", *bounds), windows)
        rows = con.execute(sql("timeline/book_gaps"), {"run_key": 1}).fetchall()
    assert {slack_ms for *_, slack_ms in rows} <= {WEIGHT_MS + 150}
    return [(number, from_ms, to_ms) for number, from_ms, to_ms, _ in rows]


@settings(max_examples=25, deadline=None)
@given(applied_books(), book_windows())
def test_a_reconnect_has_the_one_gap_that_its_bounds_allow_and_none_if_they_allow_several(
    books: dict[str, list[int]], windows: list[Window]
) -> None:
    assert found(books, windows) == list(by_definition(books, windows))


def test_a_gap_that_is_not_in_order_dates_no_reconnect() -> None:
    books = {"aster": [10_000, 12_000, 3_000, 5_000], "lighter": []}
    assert found(books, [(0, 0, "aster", 0, 60_000, 0, 60_000)]) == []


@given(st.lists(st.tuples(st.sampled_from(VENUES), LINES, LINES), max_size=12), st.tuples(LINES, LINES).map(sorted))
def test_lines_overlap_a_rest_range_if_they_overlap_any(ranges: list[RestRange], lines: list[int]) -> None:
    first, last = lines
    rest_ranges = [(venue, *sorted(each)) for venue, *each in ranges]
    for venue in (*VENUES, "paradex"):
        expected = any(name == venue and began <= last and first <= ended for name, began, ended in rest_ranges)
        assert RestRanges(rest_ranges).overlap(venue, first, last) == expected
