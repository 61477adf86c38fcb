"""The fault matrix in virtual time: every feed of every venue against every kind of fault.

In each cell the session ends with the reason that the fault table expects, within its limit. Nothing else raises an
alarm, every published book is one of the venue's, and afterwards the book equals the venue's again. A day without
faults raises no alarm at all.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.session.events import Silence
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.ground_truth import TruthRow
from connectors.simulator.messages import TrueBook
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import plan
from connectors.venues import venues
from tests.sampling import sampled, some
from tests.simulation.fault_reaction import (
    BEGINS_MS,
    FEEDS,
    LATENCY_MS,
    SETTLED_MS,
    check_reaction,
    is_applicable,
    run_through,
    simulation,
)
from tests.simulation.fault_rows import ROWS, FaultRow
from tests.simulation.one_connector import Simulation
from toolkit.model.vocabulary import ReconnectReason as Reason

pytestmark = pytest.mark.untraced
"""`test_fault_diagonal.py` runs the same code, one cell a row."""

DAY_MS = 86_400_000
CELLS = {f"{feed}: {row.name}": (feed, row) for feed in FEEDS for row in ROWS if is_applicable(feed, row)}
APPLICABLE = {(feed, row.kind) for feed, row in CELLS.values()}


MADE = dict(some(CELLS.items(), 5))


@pytest.mark.sampled
@pytest.mark.parametrize(("feed", "row"), MADE.values(), ids=MADE)
def test_a_fault_gets_its_reason_and_the_connector_recovers(feed: str, row: FaultRow) -> None:
    check_reaction(feed, row)


@pytest.mark.parametrize("feed", sorted(protocols()))
@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 1012, 1013])
def test_a_close_keeps_its_code_and_an_end_without_code_is_stream_ended(feed: str, code: int) -> None:
    _, record = run_through(feed, "close", code=code)
    no_code = code == 1006
    assert [(close.reason, close.code) for _, close in record.closes] == [
        (Reason.STREAM_ENDED if no_code else Reason.SERVER_CLOSE, None if no_code else code)
    ]


@pytest.mark.parametrize("feed", sorted(protocols()))
@pytest.mark.parametrize(
    ("kind", "note"),
    [("malformed_json", "parse_error"), ("binary_garbage", "parse_error"), ("wrong_shape", "decode_miss")],
)
def test_a_few_bad_frames_are_counted_and_do_not_end_the_session(feed: str, kind: str, note: str) -> None:
    simulated, record = run_through(feed, kind, n=3)
    assert record.closes == []
    assert len(record.notes_of(note)) == 3
    assert record.wrong_books_ms == []
    assert simulated.has_true_book


@pytest.mark.parametrize("feed", ["aster", "extended", "lighter", "paradex deltas"])
@pytest.mark.parametrize("lost", [1, 2, 7])
def test_no_wrong_book_is_published_after_lost_frames(feed: str, lost: int) -> None:
    simulated, record = run_through(feed, "seq_gap", n=lost)
    assert record.wrong_books_ms == []
    assert simulated.has_true_book


@pytest.mark.parametrize("feed", sorted(FEEDS.keys() - {"aster"}))
def test_every_book_of_a_burst_is_published(feed: str) -> None:
    truth: list[TruthRow] = []
    simulated = simulation(feed, plan(feed.partition(" ")[0], "burst", 5, n=600), write_truth=truth.append)
    record = simulated.run(8_030)
    assert record.books == sum(1 for row in truth if row["event"] == "frame")
    assert record.books > 500
    assert record.wrong_books_ms == []


@pytest.mark.parametrize("feed", ["aster", "extended", "lighter", "paradex", "paradex deltas"])
def test_a_reset_of_the_counter_is_noticed_at_its_third_frame(feed: str) -> None:
    truth: list[TruthRow] = []
    simulated = simulation(feed, plan(feed.partition(" ")[0], "seq_reset", 5), write_truth=truth.append)
    record = simulated.run(8_000)
    start_ms = next(row["t_unix_ms"] for row in truth if row["event"] == "fault_start")
    after = [row for row in truth if row["event"] == "frame" and row["t_unix_ms"] >= start_ms]
    third_ms = after[2]["t_unix_ms"] - start_ms + BEGINS_MS + LATENCY_MS
    resyncs = [(at_ms, note.fields["reason"]) for at_ms, note in record.notes_of("resync")]
    ends = [(at_ms, close.reason) for at_ms, close in record.closes]
    assert resyncs + ends == [(third_ms, Reason.SEQ_MISMATCH)]
    assert record.wrong_books_ms == []


@pytest.mark.parametrize("feed", sorted(protocols()))
def test_the_retry_after_of_a_refused_handshake_is_respected(feed: str) -> None:
    _, record = run_through(feed, "http_429", retry_after_s=5)
    attempts = [at_ms for at_ms, close in record.closes if close.reason is Reason.CONNECT_ERROR]
    assert record.closes[1][1].status == 429
    assert all(later - earlier >= 5_000 for earlier, later in pairwise(attempts))


@pytest.mark.parametrize("feed", sorted(protocols()))
def test_a_refused_subscription_keeps_the_venues_text(feed: str) -> None:
    _, record = run_through(feed, "subscribe_error")
    refused = [close.detail for _, close in record.closes if close.reason is Reason.SUBSCRIBE_ERROR]
    assert all("invalid" in text.lower() or "not found" in text.lower() for text in refused)


@pytest.mark.parametrize("feed", sorted(protocols()))
def test_a_mute_venue_ends_every_session_while_it_stays_mute(feed: str) -> None:
    name = feed.partition(" ")[0]
    simulated = simulation(feed, plan(name, "mute", 5, 90))
    record = simulated.run(110_000)
    assert {(close.reason, close.silence) for _, close in record.closes} == {(Reason.STALE_WATCHDOG, Silence.MUTE)}
    assert 4 <= len(record.closes) <= 8
    assert simulated.has_true_book


QUIET_FOR_S = 60


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_a_connector_started_in_a_quiet_market_has_the_book_and_raises_no_alarm(feed: str) -> None:
    simulated = simulation(feed, plan(feed.partition(" ")[0], "quiet_market", 0, QUIET_FOR_S))
    record = simulated.run(3_000)
    assert simulated.machine.live
    market_data = simulated.exchange.market_data.shown
    assert (
        simulated.book.depth(1) == TrueBook(market_data, simulated.exchange.market_data.protocol.precision, 1).levels()
    )
    simulated.run(QUIET_FOR_S * 1_000 + SETTLED_MS)
    assert simulated.has_true_book
    assert (record.closes, record.wrong_books_ms) == ([], [])
    assert record.alarms == set()


# --- everything at once -----------------------------------------------------------------------------------------------

SHORT_FAULTS = sorted(
    kind
    for kind, fault in FAULTS.items()
    if kind not in ("black_hole", "idle_close", "quiet_market") and not fault.on_sockets_only
)
"""Kinds of fault that fit into a short scenario."""

some_fault = st.tuples(st.sampled_from(SHORT_FAULTS), st.integers(1_000, 25_000), st.integers(1_000, 15_000))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    feed=st.sampled_from(sorted(FEEDS)), faults=st.lists(some_fault, min_size=1, max_size=5), seed=st.integers(0, 10**6)
)
def test_no_wrong_book_is_published_under_any_faults_and_the_last_one_is_right(
    feed: str, faults: list[tuple[str, int, int]], seed: int
) -> None:
    name = feed.partition(" ")[0]
    planned = [
        plan(name, kind, at_ms / 1_000, for_ms / 1_000 if FAULTS[kind].lasts_s else None)
        for kind, at_ms, for_ms in faults
        if (feed, kind) in APPLICABLE
    ]
    simulated, now_ms = simulation(feed, *planned, seed=seed), 42_000
    record = simulated.run(now_ms)
    while not (simulated.machine.live and simulated.has_true_book) and now_ms < 200_000:
        now_ms += 1_000
        simulated.run(now_ms)
    assert record.wrong_books_ms == []
    assert simulated.machine.live
    assert simulated.has_true_book


# --- a day without faults ---------------------------------------------------------------------------------------------


def assert_no_alarm_in_a_day(simulated: Simulation) -> None:
    record = simulated.run(DAY_MS)
    assert record.closes == []
    assert record.alarms == set()
    assert record.wrong_books_ms == []
    assert simulated.has_true_book


@sampled("name", sorted(protocols()), 3)
def test_twenty_four_hours_of_a_slow_market_raise_no_alarm(name: str) -> None:
    slow = replace(protocols()[name], update_ms=9_000)
    simulated = Simulation(venues()[name], slow, check_each=50)
    assert_no_alarm_in_a_day(simulated)
    assert simulated.record.books > 5_000


@sampled("name", sorted(protocols(), reverse=True), 3)
def test_twenty_four_hours_of_a_quiet_market_raise_no_alarm(name: str) -> None:
    quiet = replace(protocols()[name], update_ms=6_000)
    begins = plan(name, "quiet_market", 60, DAY_MS / 1_000)
    assert_no_alarm_in_a_day(Simulation(venues()[name], quiet, plan=[begins], check_each=500))


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_two_minutes_at_the_venues_own_rate_raise_no_alarm_and_every_book_is_right(feed: str) -> None:
    simulated = simulation(feed)
    record = simulated.run(120_000)
    assert record.closes == []
    assert record.wrong_books_ms == []
    assert record.alarms == set()
    assert simulated.has_true_book
