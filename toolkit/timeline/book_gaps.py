"""Reconnects seen from the other side: no new book from a socket's last to the next one's first.

Telemetry knows when a venue's book was applied. Between the line that ends a session and that of the next first book
nothing is applied, so where one stretch alone fits what is known of these lines, it bounds them to a tick or two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf

import duckdb

from toolkit.db.store import insert_rows, sql
from toolkit.files.rotation import WholeLog
from toolkit.model.runs import Session
from toolkit.timeline.bounds import Timeline
from toolkit.timeline.clock_evidence import Anchor, Witness

CLOSE_ENOUGH_MS = 2_000
"""Lines whose time is known within this are left as they are."""

_STALE_AFTER = re.compile(r"freshness exceeded (\d+)ms")
_CHECK_EVERY_MS = 200
_TICK_TAKES_MS = 50
_NEVER = (1 << 63) - 1
_COLUMNS = ("number", "life", "venue", "ended_low_ms", "ended_high_ms", "book_low_ms", "book_high_ms")

Reconnect = tuple[Session, Session]
"""A session that had a book, and the next of its venue that has one."""


def seen_in_the_book(
    con: duckdb.DuckDBPyConnection, run_key: int, log: WholeLog, timeline: Timeline, sessions: Sequence[Session]
) -> Iterator[Anchor]:
    """Anchors for the end and the first book of those reconnects that have one fitting stretch without a new book."""
    by_rest = list(stood_in(con, run_key, log))
    here = [_on(log, each) for each in reconnects(sessions) if _in(log, each)]
    clocked = _clocked(con, log, here)
    wide = [
        each
        for each in here
        if not clocked.issuperset((each.ended, each.book))
        and _is_wide(timeline, each)
        and not any(_overlap(each, stretch) for stretch in by_rest)
    ]
    if not wide:
        return
    con.execute(
        "create or replace temp table book_window (number integer, life integer, venue varchar,"
        " ended_low_ms double, ended_high_ms double, book_low_ms double, book_high_ms double)"
    )
    insert_rows(con, "book_window", _COLUMNS, [_window(number, timeline, each) for number, each in enumerate(wide)])
    for number, from_ms, to_ms, slack_ms in con.execute(sql("timeline/book_gaps"), {"run_key": run_key}).fetchall():
        seen = wide[number]
        stale = _STALE_AFTER.search(seen.detail)
        fired_ms = from_ms + int(stale[1]) if stale else None
        low = from_ms if fired_ms is None else fired_ms
        high = to_ms if fired_ms is None else fired_ms + _CHECK_EVERY_MS + slack_ms
        yield Anchor(seen.ended, low - slack_ms, high, Witness.BOOK)
        yield Anchor(seen.book, to_ms - slack_ms, to_ms + _TICK_TAKES_MS, Witness.BOOK)


def reconnects(sessions: Sequence[Session]) -> Iterator[Reconnect]:
    """Of each venue and life: each session that had a book and ended, with the next one that has a book."""
    ordered = sorted(sessions, key=lambda each: (each.life, each.venue, each.session))
    for _, some in groupby(ordered, key=lambda each: (each.life, each.venue)):
        with_book = [each for each in some if each.first_book is not None]
        yield from (pair for pair in pairwise(with_book) if pair[0].ended is not None)


@dataclass(frozen=True, slots=True)
class _Gap:
    """A reconnect by its lines in the whole log: the one that ends a session and that of the next first book."""

    life: int
    venue: str
    detail: str
    ended: int
    book: int


def _in(log: WholeLog, reconnect: Reconnect) -> bool:
    before, after = reconnect
    return all(ref is not None and ref[0] in log.files for ref in (before.ended, after.first_book))


def _on(log: WholeLog, reconnect: Reconnect) -> _Gap:
    before, after = reconnect
    assert before.ended is not None and after.first_book is not None
    return _Gap(before.life, before.venue, before.detail or "", log.line(*before.ended), log.line(*after.first_book))


def _clocked(con: duckdb.DuckDBPyConnection, log: WholeLog, gaps: Sequence[_Gap]) -> set[int]:
    """Those of their lines whose time this host's own clock tells closely enough; nothing weaker is asked of them."""
    refs = [log.ref(line) for each in gaps for line in (each.ended, each.book)]
    known = (
        "select file_no, line from clocked_line"
        " semi join (select unnest(?) as file_no, unnest(?) as line) using (file_no, line) where high_ms - low_ms <= ?"
    )
    files, lines = [file_no for file_no, _ in refs], [line for _, line in refs]
    return {log.line(*ref) for ref in con.execute(known, [files, lines, CLOSE_ENOUGH_MS]).fetchall()}


StoodIn = tuple[str, int, int]
"""A venue whose books came over REST, and the lines from which and up to which they did."""


def stood_in(con: duckdb.DuckDBPyConnection, run_key: int, log: WholeLog) -> Iterator[StoodIn]:
    """The stretches of a log whose lines are in the store, also those that end in a later part, or never."""
    for place, file_no in enumerate(log.files):
        told = con.execute(sql("timeline/rest_fallback_ranges"), {"run_key": run_key, "file_no": file_no}).fetchall()
        for venue, began, ended in told:
            within = log.line(file_no, ended) if ended != _NEVER else None
            taken_back = within or _taken_back(con, run_key, log, log.files[place + 1 :], venue)
            yield venue, log.line(file_no, began), taken_back


def _taken_back(con: duckdb.DuckDBPyConnection, run_key: int, log: WholeLog, later: Sequence[int], venue: str) -> int:
    """Where in the parts after its own the stretch of a venue ends."""
    first = con.execute(
        "select file_no, line from log_event where run_key = ? and venue = ? and list_contains(?, file_no)"
        " and family in ('rest_fallback_recovered', 'own_fallback_deactivated') order by file_no, line limit 1",
        [run_key, venue, list(later)],
    ).fetchall()
    return log.line(*first[0]) if first else _NEVER


def _overlap(gap: _Gap, by_rest: StoodIn) -> bool:
    venue, began, ended = by_rest
    return venue == gap.venue and began <= gap.book and gap.ended <= ended


def _is_wide(timeline: Timeline, gap: _Gap) -> bool:
    _, _, _, ended_low, ended_high, book_low, book_high = _window(0, timeline, gap)
    return max(ended_high - ended_low, book_high - book_low) > CLOSE_ENOUGH_MS


def _window(number: int, timeline: Timeline, gap: _Gap) -> tuple[int, int, str, float, float, float, float]:
    ended, book = timeline.at(gap.ended), timeline.at(gap.book)
    lows = (-inf if each.low_ms is None else each.low_ms for each in (ended, book))
    highs = (inf if each.high_ms is None else each.high_ms for each in (ended, book))
    (ended_low, book_low), (ended_high, book_high) = lows, highs
    return number, gap.life, gap.venue, ended_low, ended_high, book_low, book_high
