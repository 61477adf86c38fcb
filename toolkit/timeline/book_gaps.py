"""Reconnects dated by gaps in order-book updates: from a session's last book to the next session's first one.

Telemetry records when a venue's book was applied. Between the line that ends a session and the line of the next first
book, no book is applied. If exactly one gap fits the bounds of these lines, it bounds them to one or two ticks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf

import duckdb

from toolkit.db.store import insert_rows, sql
from toolkit.files.rotation import WholeLog
from toolkit.model.runs import Session
from toolkit.timeline.bounds import Timeline
from toolkit.timeline.clock_evidence import ClockSource, TimeAnchor

PRECISE_MS = 2_000
"""Width of time bounds up to which a line needs no evidence from the book."""

_STALE_AFTER = re.compile(r"freshness exceeded (\d+)ms")
_CHECK_INTERVAL_MS = 200
_TICK_DURATION_MS = 50
_NEVER = (1 << 63) - 1
_COLUMNS = ("number", "life", "venue", "ended_low_ms", "ended_high_ms", "book_low_ms", "book_high_ms")

Reconnect = tuple[Session, Session]
"""A session that had a book, and the next session of its venue that has one."""


def book_gap_anchors(
    con: duckdb.DuckDBPyConnection, run_key: int, log: WholeLog, timeline: Timeline, sessions: Iterable[Session]
) -> Iterator[TimeAnchor]:
    """Yield anchors for the end and the next first book of each reconnect that exactly one gap in the book fits."""
    rest_ranges = RestRanges(rest_fallback_ranges(con, run_key, log))
    gaps = [_gap_lines(log, each) for each in reconnects(sessions) if _is_in(log, each)]
    clocked = _precisely_clocked(con, log, gaps)
    wide = [
        each
        for each in gaps
        if not clocked.issuperset((each.ended, each.book))
        and _is_wide(timeline, each)
        and not rest_ranges.overlap(each.venue, each.ended, each.book)
    ]
    if not wide:
        return
    con.execute(
        "create or replace temp table book_window (number integer, life integer, venue varchar,"
        " ended_low_ms double, ended_high_ms double, book_low_ms double, book_high_ms double)"
    )
    insert_rows(con, "book_window", _COLUMNS, [_window(number, timeline, each) for number, each in enumerate(wide)])
    for number, from_ms, to_ms, slack_ms in con.execute(sql("timeline/book_gaps"), {"run_key": run_key}).fetchall():
        gap = wide[number]
        stale = _STALE_AFTER.search(gap.detail)
        fired_ms = from_ms + int(stale[1]) if stale else None
        low = from_ms if fired_ms is None else fired_ms
        high = to_ms if fired_ms is None else fired_ms + _CHECK_INTERVAL_MS + slack_ms
        yield TimeAnchor(gap.ended, low - slack_ms, high, ClockSource.BOOK)
        yield TimeAnchor(gap.book, to_ms - slack_ms, to_ms + _TICK_DURATION_MS, ClockSource.BOOK)


def reconnects(sessions: Iterable[Session]) -> Iterator[Reconnect]:
    """Yield each session that had a book and ended, with the next session of its venue and life that has a book."""
    with_book = (each for each in sessions if each.first_book is not None)
    ordered = sorted(with_book, key=lambda each: (each.life, each.venue, each.session))
    for _, group in groupby(ordered, key=lambda each: (each.life, each.venue)):
        yield from (pair for pair in pairwise(group) if pair[0].ended is not None)


@dataclass(frozen=True, slots=True)
class _Gap:
    """A reconnect by two lines of the whole log: the end of a session (`ended`) and the next first book (`book`)."""

    life: int
    venue: str
    detail: str
    ended: int
    book: int


def _is_in(log: WholeLog, reconnect: Reconnect) -> bool:
    before, after = reconnect
    return all(ref is not None and ref[0] in log.files for ref in (before.ended, after.first_book))


def _gap_lines(log: WholeLog, reconnect: Reconnect) -> _Gap:
    before, after = reconnect
    assert before.ended is not None and after.first_book is not None
    return _Gap(before.life, before.venue, before.detail or "", log.line(*before.ended), log.line(*after.first_book))


def _precisely_clocked(con: duckdb.DuckDBPyConnection, log: WholeLog, gaps: Sequence[_Gap]) -> set[int]:
    """Return the lines of gaps that this host's clock dates precisely enough; they need no weaker evidence."""
    refs = [log.ref(line) for each in gaps for line in (each.ended, each.book)]
    query = (
        "select file_no, line from clocked_line"
        " semi join (select unnest(?) as file_no, unnest(?) as line) using (file_no, line) where high_ms - low_ms <= ?"
    )
    files, lines = [file_no for file_no, _ in refs], [line for _, line in refs]
    return {log.line(*ref) for ref in con.execute(query, [files, lines, PRECISE_MS]).fetchall()}


RestRange = tuple[str, int, int]
"""A venue whose books came over REST, and the first and the last line of that range."""


def rest_fallback_ranges(con: duckdb.DuckDBPyConnection, run_key: int, log: WholeLog) -> Iterator[RestRange]:
    """Yield the REST ranges of a stored log; a range may end in a later part, or never."""
    for part, file_no in enumerate(log.files):
        rows = con.execute(sql("timeline/rest_fallback_ranges"), {"run_key": run_key, "file_no": file_no}).fetchall()
        open_venues = {venue for venue, _, ended in rows if ended == _NEVER}
        recovered = {venue: _recovery_line(con, run_key, log, log.files[part + 1 :], venue) for venue in open_venues}
        for venue, began, ended in rows:
            yield venue, log.line(file_no, began), recovered[venue] if ended == _NEVER else log.line(file_no, ended)


def _recovery_line(
    con: duckdb.DuckDBPyConnection, run_key: int, log: WholeLog, later: Sequence[int], venue: str
) -> int:
    """Return the line in later parts at which a venue's REST range ends; `_NEVER` if there is none."""
    first = con.execute(
        "select file_no, line from log_event where run_key = ? and venue = ? and list_contains(?, file_no)"
        " and family in ('rest_fallback_recovered', 'own_fallback_deactivated') order by file_no, line limit 1",
        [run_key, venue, list(later)],
    ).fetchall()
    return log.line(*first[0]) if first else _NEVER


class RestRanges:
    """The REST ranges of each venue: by the line at which one begins, the latest end of those that have begun."""

    def __init__(self, ranges: Iterable[RestRange]) -> None:
        self._began = defaultdict[str, list[int]](list)
        self._latest_end = defaultdict[str, list[int]](list)
        for venue, began, ended in sorted(ranges):
            ends = self._latest_end[venue]
            self._began[venue].append(began)
            ends.append(max(ended, ends[-1]) if ends else ended)

    def overlap(self, venue: str, first: int, last: int) -> bool:
        """Return true if a range of the venue has a line in common with the lines from `first` to `last`."""
        begun = bisect_right(self._began[venue], last)
        return begun > 0 and first <= self._latest_end[venue][begun - 1]


def _is_wide(timeline: Timeline, gap: _Gap) -> bool:
    _, _, _, ended_low, ended_high, book_low, book_high = _window(0, timeline, gap)
    return max(ended_high - ended_low, book_high - book_low) > PRECISE_MS


def _window(number: int, timeline: Timeline, gap: _Gap) -> tuple[int, int, str, float, float, float, float]:
    ended, book = timeline.at(gap.ended), timeline.at(gap.book)
    lows = (-inf if each.low_ms is None else each.low_ms for each in (ended, book))
    highs = (inf if each.high_ms is None else each.high_ms for each in (ended, book))
    (ended_low, book_low), (ended_high, book_high) = lows, highs
    return number, gap.life, gap.venue, ended_low, ended_high, book_low, book_high
