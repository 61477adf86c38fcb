"""The fault matrix in virtual time: every feed of every venue against every kind of fault.

Of each cell: the end has the reason that the fault table expects, within its limit; nothing else alarms; no book is
published that the venue did not mean; afterwards the book is the venue's again. And a day on which nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.session.events import BookFlaws, Silence
from connectors.simulator.faults.spec import Fault
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.ground_truth import Row, Tell
from connectors.simulator.messages import Sight
from connectors.simulator.protocols import dialects
from connectors.simulator.scenario import Planned, plan
from connectors.venues import venues
from connectors.venues.spec import Recovery
from tests.simulation.fault_matrix import lacks, offers
from tests.simulation.one_connector import Simulation, Story
from toolkit.model.vocabulary import ReconnectReason as Reason

BEGINS_MS = 5_000
RECOVERS_WITHIN_MS = 45_000
SETTLED_MS = 3_000
DAY_MS = 86_400_000

WAYS: dict[str, Mapping[str, str]] = {
    **{name: {} for name in sorted(dialects())},
    "extended best only": {"PARAPHINA_EXTENDED_WS_DEPTH_LEVELS": "1"},
    "hyperliquid plain": {"HL_L2_FAST": "0"},
    "paradex orderbook": {"PARAPHINA_PARADEX_PUBLIC_FEED": "orderbook"},
    "paradex deltas": {"PARAPHINA_PARADEX_PUBLIC_FEED": "deltas"},
}
SHAPES = {"crossed_book": BookFlaws.CROSSED, "one_sided_book": BookFlaws.ONE_SIDED, "empty_book": BookFlaws.EMPTY}


def simulation(way: str, *faults: Planned, seed: int = 1, tell: Tell | None = None) -> Simulation:
    name = way.partition(" ")[0]
    return Simulation(venues()[name], dialects()[name], plan=faults, environ=WAYS[way], seed=seed, tell=tell)


def cells() -> Iterator[tuple[str, Fault]]:
    for way, environ in WAYS.items():
        name = way.partition(" ")[0]
        has = offers(venues()[name], dialects()[name], environ)
        yield from ((way, fault) for fault in FAULTS.values() if lacks(fault, has) is None)


CELLS = {f"{way}: {fault.kind}": (way, fault) for way, fault in cells()}


def lived_through(way: str, kind: str, **values: int | str) -> tuple[Simulation, Story]:
    """A connector that has met one fault, up to some seconds after it was well again."""
    fault = FAULTS[kind]
    name = way.partition(" ")[0]
    simulated = simulation(way, plan(name, kind, BEGINS_MS / 1_000, **values))
    now_ms = BEGINS_MS + int((fault.lasts_s or 0) * 1_000)
    latest_ms = now_ms + RECOVERS_WITHIN_MS
    simulated.run(now_ms)
    while not (simulated.machine.live and simulated.true) and now_ms < latest_ms:
        now_ms += 250
        simulated.run(now_ms)
    return simulated, simulated.run(now_ms + SETTLED_MS)


@pytest.mark.parametrize(("way", "fault"), CELLS.values(), ids=CELLS)
def test_a_fault_is_seen_for_what_it_is_and_mended(way: str, fault: Fault) -> None:
    simulated, story = lived_through(way, fault.kind)
    expected = fault.expects
    mends = expected.mends and simulated.machine.venue.recovery is not Recovery.RECONNECT
    reason = None if mends else expected.reason

    # No book that the venue did not mean; and it is the venue's at the end.
    assert story.wrong == []
    assert simulated.machine.live
    assert simulated.true

    # The right label, within the limit, and no other.
    ends = [(at_ms - BEGINS_MS, close.reason, close.silence) for at_ms, close in story.closes]
    assert {end[1] for end in ends} == ({reason, *expected.also} - {None})
    assert {end[2] for end in ends if end[1] is reason} <= {expected.silence}
    seen = [end[0] for end in ends if end[1] is reason]
    if mends:
        seen = [at_ms - BEGINS_MS for at_ms, note in story.noted("resync") if note.fields["reason"] == expected.reason]
    if expected.reason is not None:
        assert 0 < seen[0] <= expected.within_ms(simulated.machine.limits)

    # What must be noted, and nothing else alarms.
    allowed = {*expected.notes, "resync"} if mends else set(expected.notes)
    assert story.alarms == allowed
    assert story.flaws - {BookFlaws.NONE} == ({SHAPES[fault.kind]} if fault.kind in SHAPES else set())


@pytest.mark.parametrize("way", sorted(dialects()))
@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 1012, 1013])
def test_a_close_keeps_its_code_and_an_end_without_one_is_an_ended_stream(way: str, code: int) -> None:
    _, story = lived_through(way, "close", code=code)
    bare = code == 1006
    assert [(close.reason, close.code) for _, close in story.closes] == [
        (Reason.STREAM_ENDED if bare else Reason.SERVER_CLOSE, None if bare else code)
    ]


@pytest.mark.parametrize("way", sorted(dialects()))
@pytest.mark.parametrize(
    ("kind", "note"),
    [("malformed_json", "parse_error"), ("binary_garbage", "parse_error"), ("wrong_shape", "decode_miss")],
)
def test_a_few_bad_frames_are_counted_and_no_reason_to_leave(way: str, kind: str, note: str) -> None:
    simulated, story = lived_through(way, kind, n=3)
    assert story.closes == []
    assert len(story.noted(note)) == 3
    assert story.wrong == []
    assert simulated.true


@pytest.mark.parametrize("way", ["aster", "extended", "lighter", "paradex deltas"])
@pytest.mark.parametrize("lost", [1, 2, 7])
def test_however_many_frames_are_lost_no_wrong_book_is_published(way: str, lost: int) -> None:
    simulated, story = lived_through(way, "seq_gap", n=lost)
    assert story.wrong == []
    assert simulated.true


@pytest.mark.parametrize("way", sorted(WAYS.keys() - {"aster"}))
def test_of_a_burst_every_book_is_published(way: str) -> None:
    truth: list[Row] = []
    simulated = simulation(way, plan(way.partition(" ")[0], "burst", 5, n=600), tell=truth.append)
    story = simulated.run(8_030)
    assert story.books == sum(1 for row in truth if row["event"] == "frame")
    assert story.books > 500
    assert story.wrong == []


@pytest.mark.parametrize("way", sorted(dialects()))
def test_an_answered_handshake_says_when_to_come_again_and_is_obeyed(way: str) -> None:
    _, story = lived_through(way, "http_429", retry_after_s=5)
    tries = [at_ms for at_ms, close in story.closes if close.reason is Reason.CONNECT_ERROR]
    assert story.closes[1][1].status == 429
    assert all(later - earlier >= 5_000 for earlier, later in pairwise(tries))


@pytest.mark.parametrize("way", sorted(dialects()))
def test_a_refused_subscription_keeps_the_venues_words(way: str) -> None:
    _, story = lived_through(way, "subscribe_error")
    refused = [close.detail for _, close in story.closes if close.reason is Reason.SUBSCRIBE_ERROR]
    assert all("invalid" in text.lower() or "not found" in text.lower() for text in refused)


@pytest.mark.parametrize("way", sorted(dialects()))
def test_a_mute_venue_is_left_once_and_again_while_it_stays_mute(way: str) -> None:
    name = way.partition(" ")[0]
    simulated = simulation(way, plan(name, "mute", 5, 90))
    story = simulated.run(110_000)
    assert {(close.reason, close.silence) for _, close in story.closes} == {(Reason.STALE_WATCHDOG, Silence.MUTE)}
    assert 4 <= len(story.closes) <= 8
    assert simulated.true


QUIET_FOR_S = 60


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_connector_that_comes_to_a_quiet_market_has_the_book_and_raises_no_alarm(way: str) -> None:
    simulated = simulation(way, plan(way.partition(" ")[0], "quiet_market", 0, QUIET_FOR_S))
    story = simulated.run(3_000)
    assert simulated.machine.live
    board = simulated.exchange.board.shown
    assert simulated.book.depth(1) == Sight(board, simulated.exchange.board.dialect.grid, 1).levels()
    simulated.run(QUIET_FOR_S * 1_000 + SETTLED_MS)
    assert simulated.true
    assert (story.closes, story.wrong) == ([], [])
    assert story.alarms == set()


# --- everything at once -----------------------------------------------------------------------------------------------

TIMELESS = sorted(FAULTS.keys() - {"black_hole", "idle_close", "quiet_market"})
"""Kinds that a short scenario can hold."""

some_fault = st.tuples(st.sampled_from(TIMELESS), st.integers(1_000, 25_000), st.integers(1_000, 15_000))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    way=st.sampled_from(sorted(WAYS)), faults=st.lists(some_fault, min_size=1, max_size=5), seed=st.integers(0, 10**6)
)
def test_whatever_comes_together_no_wrong_book_is_published_and_the_last_one_is_right(
    way: str, faults: list[tuple[str, int, int]], seed: int
) -> None:
    name = way.partition(" ")[0]
    planned = [
        plan(name, kind, at_ms / 1_000, for_ms / 1_000 if FAULTS[kind].lasts_s else None)
        for kind, at_ms, for_ms in faults
    ]
    simulated, now_ms = simulation(way, *planned, seed=seed), 42_000
    story = simulated.run(now_ms)
    while not (simulated.machine.live and simulated.true) and now_ms < 200_000:
        now_ms += 1_000
        simulated.run(now_ms)
    assert story.wrong == []
    assert simulated.machine.live
    assert simulated.true


# --- a good day -------------------------------------------------------------------------------------------------------


def assert_a_good_day(simulated: Simulation) -> None:
    story = simulated.run(DAY_MS)
    assert story.closes == []
    assert story.alarms == set()
    assert story.wrong == []
    assert simulated.true


@pytest.mark.parametrize("name", sorted(dialects()))
def test_twenty_four_hours_of_a_slow_market_raise_no_alarm(name: str) -> None:
    slow = replace(dialects()[name], update_ms=9_000)
    simulated = Simulation(venues()[name], slow, check_each=50)
    assert_a_good_day(simulated)
    assert simulated.story.books > 5_000


@pytest.mark.parametrize("name", sorted(dialects()))
def test_twenty_four_hours_in_which_nothing_happens_raise_no_alarm(name: str) -> None:
    still = replace(dialects()[name], update_ms=6_000)
    begins = plan(name, "quiet_market", 60, DAY_MS / 1_000)
    assert_a_good_day(Simulation(venues()[name], still, plan=[begins], check_each=500))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_two_minutes_at_the_venues_own_rate_raise_no_alarm_and_every_book_is_right(way: str) -> None:
    simulated = simulation(way)
    story = simulated.run(120_000)
    assert story.closes == []
    assert story.wrong == []
    assert story.alarms == set()
    assert simulated.true
