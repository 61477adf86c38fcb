"""Tests of the simulated exchange: determinism, the effect of each fault, and the ground truth."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.session.events import Control
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.messages import (
    ConnectPolicy,
    Content,
    HttpResponse,
    Refused,
    SendControl,
    SendData,
    Unanswered,
)
from connectors.simulator.scenario import PlannedFault, plan
from tests.connectors.simulator.listener import HEADERS, NAMES, START_UNIX_MS, Listener

each_venue = pytest.mark.parametrize("venue", NAMES)

FRAMES_A_SECOND = {"aster": 10, "extended": 10, "hyperliquid": 2, "lighter": 20, "paradex": 20}


def many_faults(venue: str) -> list[PlannedFault]:
    kinds = [
        kind for kind, fault in FAULTS.items() if not fault.disconnects and fault.connect_policy is ConnectPolicy.OPEN
    ]
    return [plan(venue, kind, 10 + 9 * index) for index, kind in enumerate(kinds)]


def digest(venue: str, *, seed: int = 1, step_ms: int = 50) -> str:
    """Return a hash of all actions, a REST response and the ground truth of four minutes with many faults."""
    listener = Listener(venue, many_faults(venue), seed=seed)
    listener.connect()
    listener.listen(240_000, step_ms=step_ms, answers_pings=False)
    assert listener.venue.snapshot is not None
    outputs = repr(
        ([action for _, action in listener.actions], listener.fetch(listener.venue.snapshot), listener.truth)
    )
    return hashlib.sha256(outputs.encode()).hexdigest()


@each_venue
def test_the_same_seed_and_scenario_give_the_same_bytes(venue: str) -> None:
    assert digest(venue) == digest(venue, step_ms=1_000)
    assert digest(venue) != digest(venue, seed=2)


@each_venue
def test_another_process_with_another_hash_seed_gives_the_same_bytes(venue: str) -> None:
    command = f"from tests.connectors.simulator.test_exchange import digest; print(digest({venue!r}))"
    environ = {**os.environ, "PYTHONHASHSEED": "271"}
    root = Path(__file__).parents[3]
    completed = subprocess.run([sys.executable, "-c", command], env=environ, cwd=root, capture_output=True, text=True)
    assert completed.stdout.strip() == digest(venue), completed.stderr


@each_venue
def test_books_come_at_the_rate_of_the_venue(venue: str) -> None:
    listener = Listener(venue)
    listener.connect()
    listener.listen(20_000)
    rate = len(listener.frames(Content.BOOK, 10_000)) / 10
    assert FRAMES_A_SECOND[venue] * 0.8 <= rate <= FRAMES_A_SECOND[venue]


@each_venue
def test_an_unknown_path_is_not_found(venue: str) -> None:
    response, _ = Listener(venue).exchange.connect(0, "/nowhere?sbeSchemaId=1&sbeSchemaVersion=1", HEADERS)
    assert isinstance(response, HttpResponse)
    assert response.status == 404


@pytest.mark.parametrize(
    ("venue", "ends_ms"), [("extended", 25_000), ("paradex", 60_000), ("aster", None), ("lighter", 120_000)]
)
def test_a_silent_client_is_dropped_after_the_time_of_the_venue(venue: str, ends_ms: int | None) -> None:
    listener = Listener(venue)
    listener.connect()
    listener.listen(150_000, answers_pings=False)
    assert [at_ms for at_ms, _ in listener.closes()] == ([] if ends_ms is None else [ends_ms])


def test_hyperliquid_ends_a_connection_on_which_it_sends_nothing_for_a_minute() -> None:
    listener = Listener("hyperliquid")
    accepted, _ = listener.exchange.connect(0, "/ws")
    listener.conn_id = accepted.conn_id
    listener.listen(70_000)
    assert [at_ms for at_ms, _ in listener.closes()] == [60_000]


# --- faults -----------------------------------------------------------------------------------------------------------


def run_with_fault(venue: str, kind: str, for_s: float | None = None, **values: int | str) -> Listener:
    """Return a listener after 30 s with one fault that started at 10 s."""
    listener = Listener(venue, [plan(venue, kind, 10, for_s, **values)])
    listener.connect()
    listener.listen(30_000)
    return listener


WITHHELD = {
    "mute": (Content.TEXT, Content.NONE),
    "half_open": (Content.TEXT, Content.NONE),
    "topic_mute": (Content.BOOK, Content.NONE),
    "heartbeat_only": (Content.DATA, Content.HEARTBEAT),
}


@each_venue
@pytest.mark.parametrize("kind", WITHHELD)
def test_withheld_content_is_not_sent_during_the_fault_and_is_sent_again_after_it(venue: str, kind: str) -> None:
    listener, (withheld, kept) = run_with_fault(venue, kind, 8), WITHHELD[kind]
    assert not listener.frames(withheld, 10_000, 17_900)
    assert listener.frames(Content.BOOK, 0, 10_000)
    assert listener.frames(Content.BOOK, 18_000)
    heartbeats = [
        action for at_ms, action in listener.actions if 10_000 < at_ms < 18_000 and isinstance(action, SendControl)
    ]
    assert kept is Content.NONE or heartbeats or listener.frames(kept, 10_000, 17_900)


@each_venue
@pytest.mark.parametrize(("kind", "answered"), [("mute", True), ("half_open", False), ("no_pong", False)])
def test_only_half_open_and_no_pong_leave_a_ping_unanswered(venue: str, kind: str, answered: bool) -> None:
    listener = Listener(venue, [plan(venue, kind, 10, 5)])
    listener.connect()
    listener.listen(12_000)
    listener.ping()
    pongs = [
        action for _, action in listener.actions if isinstance(action, SendControl) and action.control is Control.PONG
    ]
    assert bool(pongs) is answered


@each_venue
def test_a_short_mute_leaves_no_gap_in_the_delta_chain(venue: str) -> None:
    listener = run_with_fault(venue, "mute", 3)
    assert not listener.events("frame_lost")
    assert listener.settle().book == listener.exchange.market_data.shown


@each_venue
def test_a_refused_subscription_gets_the_error_of_the_venue_and_no_data(venue: str) -> None:
    listener = Listener(venue, [plan(venue, "subscribe_error", 0, 5)])
    listener.now_ms = 1_000
    listener.connect()
    listener.listen(4_000)
    assert listener.frames(Content.REFUSAL)
    assert not listener.frames(Content.DATA)
    assert listener.events("subscribe_refused")


@each_venue
@pytest.mark.parametrize("kind", ["malformed_json", "binary_garbage", "wrong_shape", "bad_numbers"])
def test_damaged_frames_are_sent_in_addition_to_good_ones(venue: str, kind: str) -> None:
    listener = run_with_fault(venue, kind, n=7)
    damaged = [frame for frame in listener.frames(Content.BOOK) if frame.true_book is None]
    assert len(damaged) == 7
    assert listener.settle().book == listener.exchange.market_data.shown


@each_venue
def test_lost_frames_are_in_the_truth_and_not_sent(venue: str) -> None:
    listener = run_with_fault(venue, "seq_gap", n=3)
    assert len(listener.events("frame_lost")) == 3
    assert len(listener.events("frame")) == len(listener.frames(Content.BOOK))


@each_venue
def test_a_burst_sends_the_updates_at_once(venue: str) -> None:
    listener = run_with_fault(venue, "burst", n=300)
    assert len(listener.frames(Content.BOOK, 9_950, 10_000)) >= 250


@each_venue
def test_a_slow_venue_keeps_the_minimum_time_between_books(venue: str) -> None:
    listener = run_with_fault(venue, "slow", 15, ms=1_500)
    assert 9 <= len(listener.frames(Content.BOOK, 10_000, 25_000)) <= 11


@each_venue
def test_a_frozen_book_repeats_on_the_socket_moves_by_rest_and_is_correct_afterwards(venue: str) -> None:
    listener = Listener(venue, [plan(venue, "frozen_book", 10, 10)])
    assert listener.venue.snapshot is not None
    listener.connect()
    listener.listen(10_000)
    before = listener.fetch(listener.venue.snapshot).body
    listener.listen(19_000)
    frozen = listener.true_books(10_000, 19_000)
    assert len(frozen) > 10
    assert all(true_book.levels() == frozen[0].levels() for true_book in frozen)
    assert listener.fetch(listener.venue.snapshot).body != before
    listener.listen(22_000)
    assert listener.settle().book == listener.exchange.market_data.market.book


SHAPES = {"crossed_book": "crossed", "one_sided_book": "one-sided", "empty_book": "empty"}


@each_venue
@pytest.mark.parametrize("kind", SHAPES)
def test_an_altered_book_has_the_shape_of_its_fault_and_recovers(venue: str, kind: str) -> None:
    listener = run_with_fault(venue, kind, 4)
    bids, asks = listener.true_books(9_999, 13_000)[-1].levels()
    shape = "empty" if not bids else "one-sided" if not asks else "crossed" if bids[0] > asks[0] else "sound"
    assert shape == SHAPES[kind]
    assert listener.settle().book == listener.exchange.market_data.market.book


@each_venue
@pytest.mark.parametrize(
    ("kind", "values", "end"),
    [
        ("drop", {}, (None, True)),
        ("close", {"code": 1001}, (1001, False)),
        ("close", {"code": 1006}, (None, False)),
    ],
)
def test_a_connection_ends_in_the_manner_of_the_fault(
    venue: str, kind: str, values: dict[str, int], end: tuple[int | None, bool]
) -> None:
    listener = run_with_fault(venue, kind, **values)
    assert [(at_ms, action.code, action.reset) for at_ms, action in listener.closes()] == [(10_000, *end)]
    assert [row["event"] for row in listener.events("server_close", "conn_end")] == ["server_close", "conn_end"]


@each_venue
@pytest.mark.parametrize(
    ("kind", "expected"),
    [("refuse", Refused()), ("black_hole", Unanswered()), ("http_429", 429)],
)
def test_new_connections_are_rejected_only_while_the_fault_lasts(venue: str, kind: str, expected: object) -> None:
    listener = Listener(venue, [plan(venue, kind, 10, 5)])
    listener.listen(11_000)
    result = listener.connect()
    assert (result.status if isinstance(result, HttpResponse) else result) == expected
    listener.listen(16_000)
    listener.connect()
    assert listener.conn_id is not None


@each_venue
def test_a_silent_client_is_dropped_and_one_that_pings_is_kept(venue: str) -> None:
    silent = Listener(venue, [plan(venue, "idle_close", 0, after_s=20)])
    silent.connect()
    silent.listen(60_000, answers_pings=False)
    assert [at_ms for at_ms, _ in silent.closes()][:1] == [20_000]
    pinging = Listener(venue, [plan(venue, "idle_close", 0, after_s=20)])
    pinging.connect()
    for second in range(15, 60, 15):
        pinging.listen(second * 1_000)
        pinging.ping()
    assert not pinging.closes()


def test_an_outdated_rest_book_is_older_than_the_frames_of_the_socket() -> None:
    listener = Listener("aster", [plan("aster", "stale_snapshot", 10, 5, updates=40)])
    assert listener.venue.snapshot is not None
    listener.connect()
    listener.listen(9_000)
    fresh = json.loads(listener.fetch(listener.venue.snapshot).body)["lastUpdateId"]
    listener.listen(10_500)
    late = json.loads(listener.fetch(listener.venue.snapshot).body)["lastUpdateId"]
    assert late < fresh < listener.exchange.market_data.market.number


def test_a_repeated_fault_starts_again_until_its_last_start() -> None:
    repeated = PlannedFault("paradex", FAULTS["drop"], 1_000, every_ms=2_000, until_ms=6_000)
    listener = Listener("paradex", [repeated])
    listener.listen(20_000)
    starts_ms = [row["t_unix_ms"] - START_UNIX_MS for row in listener.events("fault_start")]
    assert starts_ms == [1_000, 3_000, 5_000]
    assert [row["kind"] for row in listener.events("fault_end")] == ["drop"] * 3


@each_venue
def test_the_truth_holds_the_book_after_each_frame(venue: str) -> None:
    listener = run_with_fault(venue, "drop")
    recorded = [(row["bid"], row["ask"]) for row in listener.events("frame")]
    for (bid, ask), frame in zip(recorded, listener.frames(Content.BOOK), strict=True):
        assert isinstance(frame, SendData)
        assert frame.true_book is not None
        bids, asks = frame.true_book.levels()
        assert [format(part, "f") for part in (*bids[0], *asks[0])] == [*bid, *ask]
