"""Sessions are the same whether their lives are held as objects or set aside until another log comes to them."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from toolkit.runlog.lives import LifeStart
from toolkit.runlog.parse import parse
from toolkit.runlog.session_lines import SessionLine, session_line
from toolkit.sessions import by_life
from toolkit.sessions.by_life import Sessions

TEXTS = (
    "INFO: {} public WS connecting url=ws://h/ws",
    "INFO: {} public WS connected url=ws://h/ws",
    "INFO: {} public WS first message received",
    "INFO: {} public WS first book update",
    "INFO: {} public WS error (consecutive_failures=1): {} public WS stale: freshness exceeded 10000ms",
    "WARN: {} subscribe failed 3 times; backing off",
)
LINES = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(["Aster", "Lighter"])), max_size=6)
LIVES = st.lists(st.tuples(st.sampled_from(LifeStart), LINES), min_size=1, max_size=5)


def events_of(lines: list[tuple[str, str]], numbers: count[int]) -> list[SessionLine]:
    records = [(parse(text.format(venue, venue)).records[0], next(numbers)) for text, venue in lines]
    events = [session_line(record, (0, number)) for record, number in records]
    return [event for event in events if event is not None]


@given(st.lists(LIVES, min_size=1, max_size=4), st.integers(1, 3))
def test_sessions_of_lives_that_are_set_aside_are_the_same(
    logs: list[list[tuple[LifeStart, list[tuple[str, str]]]]], batch: int
) -> None:
    held, set_aside, numbers, before = Sessions(), Sessions(), count(1), by_life._BATCH
    by_life._BATCH = batch
    try:
        for number, log in enumerate(logs, 1):
            set_aside.begin_log(is_last=number == len(logs))
            for life, (start, lines) in enumerate(log):
                set_aside.begin_life(life)
                for event in events_of(lines, numbers):
                    held.feed(life, event, start)
                    set_aside.feed(life, event, start)
        assert [list(each) for each in held.close()] == [list(each) for each in set_aside.close()]
        assert held.further_lines == set_aside.further_lines
    finally:
        by_life._BATCH = before
