"""Reconnects seen from the other side: no new book from a socket's last to the next one's first.

Telemetry knows when a venue's book was applied. Between the line that ends a session and that of the next first book
nothing is applied, so where one stretch alone fits what is known of these lines, it bounds them to a tick or two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from math import inf

import duckdb

from toolkit.records import Session
from toolkit.runlog.clocks import Anchor, Witness
from toolkit.store import insert_rows, sql
from toolkit.timeline import Timeline

CLOSE_ENOUGH_MS = 2_000
"""Lines whose time is known within this are left as they are."""

_STALE_AFTER = re.compile(r"freshness exceeded (\d+)ms")
_CHECK_EVERY_MS = 200
_TICK_TAKES_MS = 50
_COLUMNS = ("number", "life", "venue", "ended_low_ms", "ended_high_ms", "book_low_ms", "book_high_ms")

Reconnect = tuple[Session, Session]
"""A session that had a book, and the next of its venue that has one."""


def seen_in_the_book(
    con: duckdb.DuckDBPyConnection, run_key: int, file_no: int, timeline: Timeline, sessions: Sequence[Session]
) -> Iterator[Anchor]:
    """Anchors for the end and the first book of those reconnects that have one fitting stretch without a new book."""
    stood_in = _stood_in(con, run_key, file_no)
    here = [each for each in reconnects(sessions) if _in(file_no, each)]
    clocked = _clocked(con, file_no, here)
    wide = [
        each
        for each in here
        if not clocked.issuperset(_lines(each))
        and _is_wide(timeline, each)
        and not any(_overlap(each, stretch) for stretch in stood_in)
    ]
    if not wide:
        return
    con.execute(
        "create or replace temp table book_window (number integer, life integer, venue varchar,"
        " ended_low_ms double, ended_high_ms double, book_low_ms double, book_high_ms double)"
    )
    insert_rows(con, "book_window", _COLUMNS, [_window(number, timeline, each) for number, each in enumerate(wide)])
    for number, from_ms, to_ms, slack_ms in con.execute(sql("timeline/book_gaps"), {"run_key": run_key}).fetchall():
        before, after = wide[number]
        assert before.ended is not None and after.first_book is not None
        stale = _STALE_AFTER.search(before.detail or "")
        fired_ms = from_ms + int(stale[1]) if stale else None
        low = from_ms if fired_ms is None else fired_ms
        high = to_ms if fired_ms is None else fired_ms + _CHECK_EVERY_MS + slack_ms
        yield Anchor(before.ended[1], low - slack_ms, high, Witness.BOOK)
        yield Anchor(after.first_book[1], to_ms - slack_ms, to_ms + _TICK_TAKES_MS, Witness.BOOK)


def reconnects(sessions: Sequence[Session]) -> Iterator[Reconnect]:
    """Of each venue and life: each session that had a book and ended, with the next one that has a book."""
    ordered = sorted(sessions, key=lambda each: (each.life, each.venue, each.session))
    for _, some in groupby(ordered, key=lambda each: (each.life, each.venue)):
        with_book = [each for each in some if each.first_book is not None]
        yield from (pair for pair in pairwise(with_book) if pair[0].ended is not None)


def _lines(reconnect: Reconnect) -> tuple[int, int]:
    before, after = reconnect
    assert before.ended is not None and after.first_book is not None
    return before.ended[1], after.first_book[1]


def _clocked(con: duckdb.DuckDBPyConnection, file_no: int, reconnects: Sequence[Reconnect]) -> set[int]:
    """Those of their lines whose time this host's own clock tells closely enough; nothing weaker is asked of them."""
    lines = [line for each in reconnects for line in _lines(each)]
    known = "select line from clocked_line where file_no = ? and high_ms - low_ms <= ? and line in (select unnest(?))"
    return {line for (line,) in con.execute(known, [file_no, CLOSE_ENOUGH_MS, lines]).fetchall()}


StoodIn = tuple[str, int, int]
"""A venue whose books came over REST, and the lines from which and up to which they did."""


def _stood_in(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> list[StoodIn]:
    return con.execute(sql("timeline/stood_in"), {"run_key": run_key, "file_no": file_no}).fetchall()


def _overlap(reconnect: Reconnect, stood_in: StoodIn) -> bool:
    before, after = reconnect
    venue, began, ended = stood_in
    assert before.ended is not None and after.first_book is not None
    return venue == before.venue and began <= after.first_book[1] and before.ended[1] <= ended


def _in(file_no: int, reconnect: Reconnect) -> bool:
    before, after = reconnect
    return all(ref is not None and ref[0] == file_no for ref in (before.ended, after.first_book))


def _is_wide(timeline: Timeline, reconnect: Reconnect) -> bool:
    _, _, _, ended_low, ended_high, book_low, book_high = _window(0, timeline, reconnect)
    return max(ended_high - ended_low, book_high - book_low) > CLOSE_ENOUGH_MS


def _window(number: int, timeline: Timeline, reconnect: Reconnect) -> tuple[int, int, str, float, float, float, float]:
    before, after = reconnect
    assert before.ended is not None and after.first_book is not None
    ended, book = timeline.at(before.ended[1]), timeline.at(after.first_book[1])
    lows = (-inf if each.low_ms is None else each.low_ms for each in (ended, book))
    highs = (inf if each.high_ms is None else each.high_ms for each in (ended, book))
    (ended_low, book_low), (ended_high, book_high) = lows, highs
    return number, before.life, before.venue, ended_low, ended_high, book_low, book_high
