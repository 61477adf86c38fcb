"""The runner: when it ticks, what it folds, and what it writes down of each tick."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.clock import Clock
from connectors.recording.log_lines import panic_line
from connectors.recording.run_files import EVENTS, LOG, Journal, TapeWriter, TelemetryWriter
from connectors.recording.tape import FrameKind, TapeHeader, read_tape
from connectors.runner import runner_lines
from connectors.runner.market_state import MarketView
from connectors.runner.queue import Delivery
from connectors.runner.telemetry import FUNDING_STALE_MS, Tick, TickTiming, VenueSnapshot, encode_tick
from connectors.runner.tick import CoalesceSettings, TickTimer, coalesce
from connectors.session.book import OrderBook
from connectors.session.events import BookFlaws, EventSource, Note
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta, BookSide, Funding, MarketFrame, Trade
from toolkit.model import arrivals
from toolkit.runlog.parse import parse
from toolkit.telemetry.contract.check import FileCheck

D = Decimal
FRESH_MS, CATASTROPHIC_MS = 1_000, 120_000
NOW_MS, UNIX_MS = 5_000, 1_790_000_000_000
TIMING = TickTiming(20, 90, 100)


def delivery(event: MarketFrame, venue: str = "aster", source: EventSource = EventSource.SOCKET) -> Delivery:
    return Delivery(venue, event, BookFlaws.NONE, source, NOW_MS - 7, UNIX_MS - 7)


def book(bid: str = "100", ask: str = "101", seq: int = 1, exchange_ms: int | None = UNIX_MS - 40) -> Book:
    return Book("book", ((D(bid), D(2)),), ((D(ask), D(3)),), seq, exchange_ms)


def delta(seq: int, bids: Iterable[tuple[int, int]] = (), asks: Iterable[tuple[int, int]] = ()) -> BookDelta:
    sides = (tuple((D(price), D(size)) for price, size in side) for side in (bids, asks))
    return BookDelta("book", *sides, seq=seq, prev=seq - 1)


TRADE = Trade("trades", D(100), D(1), BookSide.BUY, "1")


# --- when it ticks ----------------------------------------------------------------------------------------------------


def ticks(events: Sequence[int], until_ms: int) -> list[int]:
    """The times of the ticks of a runner that never is late, for events at these times."""
    clock, times, waiting = TickTimer(0, 250, 100), [], sorted(events)
    while True:
        if waiting and waiting[0] <= clock.due_ms:
            clock.data_arrived(waiting.pop(0))
            continue
        if clock.due_ms > until_ms:
            return times
        times.append(clock.due_ms)
        clock.start_tick(clock.due_ms)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], [0, 250, 500, 750]),
        ([1, 2, 3, 120, 200], [0, 250, 500, 750]),
        ([100], [0, 100, 350, 600]),
        ([180, 185], [0, 180, 430, 680]),
        ([99], [0, 250, 500, 750]),
        ([99, 240, 380], [0, 250, 380, 630]),
    ],
    ids=["timer", "busy", "at the least", "wakes", "too early", "early ones wait"],
)
def test_a_tick_comes_by_the_timer_or_by_a_first_event_that_is_late_enough(
    events: list[int], expected: list[int]
) -> None:
    assert ticks(events, 750) == expected


@given(st.lists(st.integers(0, 3_000), max_size=60))
def test_ticks_are_never_closer_than_the_least_nor_farther_than_the_interval(events: list[int]) -> None:
    times = ticks(events, 3_000)
    gaps = [after - before for before, after in pairwise(times)]
    assert all(100 <= gap <= 250 for gap in gaps)


def test_a_runner_that_was_late_for_more_than_an_interval_does_not_make_up_for_it() -> None:
    clock = TickTimer(0, 250, 100)
    clock.start_tick(0)
    clock.start_tick(260)
    assert clock.due_ms == 500
    clock.start_tick(1_200)
    assert clock.due_ms == 1_450


@pytest.mark.parametrize(("pressed_ms", "expected"), [(20, 100), (99, 100), (180, 180)])
def test_a_full_queue_brings_the_tick_as_early_as_it_may_come(pressed_ms: int, expected: int) -> None:
    clock = TickTimer(0, 250, 100)
    clock.start_tick(0)
    clock.data_arrived(5)
    clock.bring_forward()
    assert max(clock.due_ms, pressed_ms) == expected


# --- what it folds ----------------------------------------------------------------------------------------------------

PRICES, SIZES = st.integers(95, 105), st.integers(0, 3)
SIDES = st.lists(st.tuples(PRICES, SIZES), max_size=4)


@st.composite
def batches(draw: st.DrawFn) -> list[Delivery]:
    """Events of two venues, as a publisher gives them: a venue's together, in order."""
    gathered = []
    for venue in draw(st.lists(st.sampled_from(["aster", "lighter"]), unique=True, max_size=2)):
        for seq in range(draw(st.integers(0, 12))):
            event = draw(st.sampled_from(["book", "delta", "delta", "delta", "trade"]))
            bids, asks = draw(SIDES), draw(SIDES)
            changed = delta(seq, bids, asks)
            whole = Book("book", changed.bids, changed.asks, seq)
            gathered.append(delivery({"book": whole, "delta": changed, "trade": TRADE}[event], venue))
    return gathered


FOLDINGS = st.builds(CoalesceSettings, st.booleans(), st.booleans(), st.none() | st.integers(0, 5))


def applied(deliveries: Iterable[Delivery]) -> dict[str, OrderBook]:
    books: dict[str, OrderBook] = {}
    for each in deliveries:
        held = books.setdefault(each.venue, OrderBook())
        if isinstance(each.event, Book):
            held.replace(each.event)
        elif isinstance(each.event, BookDelta):
            held.apply(each.event)
    return books


@given(batches(), FOLDINGS)
def test_the_book_is_the_same_however_a_tick_is_folded(gathered: list[Delivery], coalescing: CoalesceSettings) -> None:
    left, _ = coalesce(gathered, coalescing)
    plain, folded = applied(gathered), applied(left)
    assert {name: (each.depth(), each.seq) for name, each in folded.items()} == {
        name: (each.depth(), each.seq) for name, each in plain.items()
    }


@given(batches(), FOLDINGS)
def test_every_event_is_counted_in_and_what_is_left_is_counted_out(
    gathered: list[Delivery], coalescing: CoalesceSettings
) -> None:
    left, stats = coalesce(gathered, coalescing)
    assert stats.drained == len(gathered) == stats.l2_delta + stats.l2_snapshot + stats.trade + stats.funding_update
    assert stats.out_market == len(left)
    assert stats.out_trade == stats.trade
    deltas = {
        name: sum(isinstance(each.event, BookDelta) for each in gathered if each.venue == name)
        for name in ("aster", "lighter")
    }
    assert stats.cap_hits == sum(
        coalescing.max_deltas is not None and count > coalescing.max_deltas for count in deltas.values()
    )


@pytest.mark.parametrize(
    ("coalescing", "out", "hits"),
    [
        (CoalesceSettings(), (1, 1), 0),
        (CoalesceSettings(deltas=False), (1, 3), 0),
        (CoalesceSettings(books=False), (2, 2), 0),
        (CoalesceSettings(books=False, deltas=False), (2, 4), 0),
        (CoalesceSettings(max_deltas=2), (1, 2), 1),
        (CoalesceSettings(max_deltas=0), (1, 3), 1),
    ],
)
def test_older_books_fall_away_and_deltas_become_one_up_to_the_cap(
    coalescing: CoalesceSettings, out: tuple[int, int], hits: int
) -> None:
    events: list[MarketFrame] = [delta(1), book(seq=2), delta(3, [(100, 5)]), delta(4, [(100, 6)]), delta(5)]
    gathered = [delivery(event) for event in [book(seq=0), *events]]
    left, stats = coalesce(gathered, coalescing)
    assert (stats.out_l2_snapshot, stats.out_l2_delta, stats.cap_hits) == (*out, hits)
    assert applied(left)["aster"].top()[0] == (D(100), D(6))


# --- what it has of a venue -------------------------------------------------------------------------------------------


def seen(*events: MarketFrame, at_ms: int = NOW_MS, venue: str = "aster", later_ms: int = 0) -> VenueSnapshot:
    """A venue to which these were applied at one tick, looked at some time later."""
    view = MarketView(venue)
    if events:
        view.apply([delivery(event, venue) for event in events], at_ms)
    return VenueSnapshot.at(view, at_ms + later_ms, UNIX_MS + later_ms, FRESH_MS, CATASTROPHIC_MS)


def tick(*venues_seen: VenueSnapshot, t: int = 0, later_ms: int = 0, rx: Any = None) -> Tick:
    return Tick(t, UNIX_MS + later_ms, "toolkit-0", venues_seen, TIMING, rx, {"simulated": True})


def record(*venues_seen: VenueSnapshot, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode_tick(tick(*venues_seen, **more)))
    return found


def test_mid_spread_depth_and_ages_are_those_of_the_book_that_was_applied() -> None:
    written = record(seen(book("100", "101")), seen(venue="lighter"))
    assert written["venue_mid_usd"] == [100.5, 0.0]
    assert written["venue_spread_usd"] == [1.0, 0.0]
    assert written["venue_depth_near_mid_usd"] == [503.0, 0.0]
    assert written["venue_age_ms"] == [0, -1]
    assert written["venue_age_event_ms"] == [40, -1]
    assert written["venue_status"] == ["Healthy", "Disabled"]
    assert written["healthy_venues_used"] == [0]
    assert (written["fv_available"], written["fair_value"]) == (True, 100.5)


def test_an_empty_side_keeps_the_mid_shows_no_depth_and_disables_after_half_a_second() -> None:
    one_sided = Book("book", ((D(100), D(2)),), (), 2)
    now, later = (record(seen(book(), one_sided, later_ms=ms), later_ms=ms) for ms in (0, 501))
    assert now["venue_mid_usd"] == [0.0]
    view = MarketView("aster")
    view.apply([delivery(book())], NOW_MS)
    view.apply([delivery(one_sided)], NOW_MS + 250)
    statuses = []
    for ms in (250, 751):
        looked = VenueSnapshot.at(view, NOW_MS + ms, UNIX_MS + ms, FRESH_MS, CATASTROPHIC_MS)
        statuses.append((float(view.mid), float(view.depth), str(looked.status), looked.ages.apply_age_ms))
    assert statuses == [(100.5, 0.0, "Healthy", 250), (100.5, 0.0, "Disabled", 751)]
    assert later["venue_status"] == ["Disabled"]


def test_a_book_without_a_time_of_its_own_is_as_old_as_its_arrival() -> None:
    view = seen(book(exchange_ms=None))
    assert (view.ages.event_age_ms, view.view.event_dated) == (7, False)


def test_a_clock_ahead_of_ours_gives_no_negative_age() -> None:
    assert seen(book(exchange_ms=UNIX_MS + 5_000)).ages.event_age_ms == 0


@pytest.mark.parametrize(
    ("interval_s", "expected"),
    [(28_800, 0.0001), (3_600, 0.0008), (None, 0.0001)],
)
def test_a_funding_rate_is_written_over_eight_hours(interval_s: int | None, expected: float) -> None:
    written = record(seen(book(), Funding("funding", D("0.0001"), interval_s)))
    assert written["venue_funding_rate_8h"] == [expected]
    assert written["venue_funding_status"] == ["Healthy"]
    assert written["venue_funding_age_ms"] == [7]


def test_a_funding_rate_grows_stale() -> None:
    written = record(seen(Funding("funding", D("0.0001")), later_ms=FUNDING_STALE_MS), later_ms=FUNDING_STALE_MS)
    assert written["venue_funding_status"] == ["Stale"]


def test_injected_books_are_counted_and_named() -> None:
    view = MarketView("aster")
    view.apply([delivery(book(), source=EventSource.INJECTED)], NOW_MS)
    assert (view.injected, view.source) == (1, EventSource.INJECTED)


# --- what it writes ---------------------------------------------------------------------------------------------------

FRAMES = st.one_of(
    st.builds(book, st.sampled_from(["90", "100.5"]), st.sampled_from(["99.5", "101", "120"]), st.integers(0, 9)),
    st.builds(delta, st.integers(1, 9), SIDES, SIDES),
    st.builds(Funding, st.just("f"), st.decimals(-1, 1, places=6), st.none() | st.integers(0, 30_000)),
    st.just(TRADE),
)


@given(st.lists(st.tuples(st.integers(1, 5_000), st.lists(FRAMES, max_size=4)), min_size=1, max_size=12))
def test_every_record_keeps_the_contract_whatever_the_venues_do(steps: list[tuple[int, list[MarketFrame]]]) -> None:
    view, quiet, check, at_ms = MarketView("aster"), MarketView("lighter"), FileCheck("telemetry.jsonl"), 0
    for number, (gap_ms, events) in enumerate(steps):
        at_ms += gap_ms
        left, stats = coalesce([delivery(event) for event in events], CoalesceSettings())
        view.apply(left, at_ms)
        looked = [VenueSnapshot.at(each, at_ms, UNIX_MS + at_ms, FRESH_MS, CATASTROPHIC_MS) for each in (view, quiet)]
        check.check_line(number + 1, encode_tick(tick(*looked, t=number, later_ms=at_ms, rx=stats)).rstrip(b"\n"))
    assert check.report().violations == ()


def test_keys_stand_in_the_order_of_their_bytes_and_numbers_in_json_s_own_words() -> None:
    text = encode_tick(tick(seen(book()))).decode()
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert text.endswith("}\n") and "NaN" not in text and "Infinity" not in text


def test_the_statistics_line_is_one_that_readers_know() -> None:
    _, stats = coalesce([delivery(event) for event in (book(), delta(2), TRADE)], CoalesceSettings(max_deltas=0))
    assert runner_lines.rx_stats(7, stats) == (
        "market_rx_stats tick=7 raw_drained=3 raw_l2_delta=1 raw_l2_snapshot=1 raw_trade=1 raw_funding_update=0 "
        "out_market=3 out_l2_delta=1 out_l2_snapshot=1 out_trade=1 out_funding_update=0 other=0 cap_hits=1"
    )


START = {
    "network": "loopback",
    "venues": ["aster", "lighter"],
    "version": "toolkit-0",
    "interval_ms": 250,
    "build_id": "abc",
    "dirty": False,
    "digest": "12ab",
}


@pytest.mark.parametrize(
    ("said", "family"),
    [
        (runner_lines.startup(**START), "startup"),  # type: ignore[arg-type]
        (runner_lines.first_applied(seen(book()).view, 2, "ETHUSDT")[0], "first_book_update"),
        (runner_lines.first_applied(seen(book()).view, 2, "ETHUSDT")[2], "applied_book"),
        (runner_lines.overrun(3, TickTiming(1, 2, 260_000), 250_000), "runner_overrun"),
        (runner_lines.overrun(3, TickTiming(1, 2, 210_000), 250_000), "runner_warning"),
        (runner_lines.telemetry_failed("No space left on device"), "telemetry_disabled"),
        (panic_line("aster", 1, "RuntimeError: no\nWS_AUDIT venue=aster"), "supervisor_panic"),
    ],
)
def test_the_runner_s_lines_are_recognised_by_the_log_s_grammar(said: str, family: str) -> None:
    events = parse(said).records
    assert [event.family for event in events] == [family]


def test_a_tick_in_time_says_nothing() -> None:
    assert runner_lines.overrun(3, TickTiming(1, 2, 200_000), 250_000) is None


# --- its files --------------------------------------------------------------------------------------------------------


def test_a_full_telemetry_queue_is_counted_and_what_fits_is_written_in_order(tmp_path: Path) -> None:
    slow = tmp_path / "telemetry.jsonl"
    os.mkfifo(slow)
    reader = os.open(slow, os.O_RDONLY | os.O_NONBLOCK)
    telemetry = TelemetryWriter(slow, 2, pytest.fail)
    outcomes = [telemetry.write(f"{number:09d}\n".encode() * 20_000) for number in range(8)]
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as stream:
        whole = threading.Thread(target=telemetry.close)
        whole.start()
        written = stream.read().split()
        whole.join()
    assert list(dict.fromkeys(map(int, written))) == [number for number, kept in enumerate(outcomes) if kept]
    assert len(written) == 20_000 * outcomes.count(True)
    assert telemetry.dropped == outcomes.count(False) >= 5


def test_a_record_that_was_dropped_is_told_three_times_and_then_each_hundredth() -> None:
    told = [count for count in range(1, 301) if runner_lines.telemetry_dropped(count, 4_096, count)]
    assert told == [1, 2, 3, 100, 200, 300]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_is_full_ends_telemetry_with_its_reason_and_nothing_else() -> None:
    said: list[str] = []
    telemetry = TelemetryWriter(Path("/dev/full"), 10, said.append, append=True)
    for _ in range(5):
        telemetry.write(b"{}\n")
    telemetry.close()
    assert said == ["No space left on device"]


def journal(directory: Path, *, audit: bool = True) -> Journal:
    return Journal(directory, Clock(), venues(), audit=audit)


def rows(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in (directory / EVENTS).read_text().splitlines()]


ENDED = Note(
    "reconnect",
    {"reason": "seq_gap", "count": 1, "stage": "socket", "connected": True, "detail": "x", "failures": 1, "url": "u"},
)


def test_each_note_is_in_the_events_with_its_time_and_the_place_of_its_lines(tmp_path: Path) -> None:
    written = journal(tmp_path)
    before_us = Clock().unix_us()
    written.record("startup", ["first"])
    written.record_note("aster", Note("waiting", {"wait_ms": 5}))
    written.record_note("aster", ENDED)
    written.close()
    header, *told = rows(tmp_path)
    text = (tmp_path / LOG).read_bytes()
    assert header == {"schema": "toolkit.event/1", "log": LOG}
    assert [(row["venue"], row["kind"], "log" in row) for row in told] == [
        (None, "startup", True),
        ("aster", "waiting", False),
        ("aster", "reconnect", True),
    ]
    assert text[told[2]["log"] :].startswith(b"WS_AUDIT venue=aster reconnect_reason=seq_gap count=1\n")
    assert all(before_us <= row["at_us"] <= Clock().unix_us() for row in told)
    with (tmp_path / arrivals.FILE_NAME).open("rb") as lines:
        found = arrivals.parse(lines)
    assert found.log == LOG
    placed = found.at(told[2]["log"])
    assert placed is not None and placed.at_ms - told[2]["at_us"] // 1_000 in (0, 1)


def test_audit_lines_are_written_only_where_audit_is_on(tmp_path: Path) -> None:
    written = journal(tmp_path, audit=False)
    written.record_note("aster", ENDED)
    written.close()
    text = (tmp_path / LOG).read_text()
    assert "WS_AUDIT" not in text and "sequence gap" in text
    assert rows(tmp_path)[1]["kind"] == "reconnect"


def test_text_from_outside_makes_no_line_of_its_own(tmp_path: Path) -> None:
    written = journal(tmp_path)
    forged = "x\nWS_AUDIT venue=aster reconnect_reason=seq_gap count=9\u2028\x1b[31m"
    written.record_note("aster", Note("refusal", {"text": forged, "code": None, "topic": None, "fatal": False}))
    written.record_note("aster", Note("panic", {"count": 1, "detail": forged, "where": ""}))
    written.record("blocked", [f"said: {forged}"])
    written.close()
    lines = (tmp_path / LOG).read_text().split("\n")
    assert len(lines) == 4 and not any(each.startswith("WS_AUDIT") for each in lines)
    assert "\x1b" not in "".join(lines[:2])


def test_a_log_that_is_there_already_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("another run")
    with pytest.raises(FileExistsError):
        journal(tmp_path)
    assert (tmp_path / LOG).read_text() == "another run"


def test_recorded_frames_are_a_tape(tmp_path: Path) -> None:
    header = TapeHeader("aster", "ETHUSDT", "SIMULATED", "ethusdt", {"A": 1})
    with TapeWriter(tmp_path / "frames", header, Clock()) as frames:
        frames.sent("subscribe")
        frames.received(b'{"a":1}')
        frames.received(b"\xff\x00")
        frames.fetched("/depth", b"[]")
    with (tmp_path / "frames" / "aster.tape.jsonl").open() as lines:
        found, entries = read_tape(lines)
    assert found == header
    assert [(entry.kind, entry.data, entry.call) for entry in entries] == [
        (FrameKind.SENT, "subscribe", None),
        (FrameKind.RECEIVED, '{"a":1}', None),
        (FrameKind.RECEIVED, b"\xff\x00", None),
        (FrameKind.REST, "[]", "/depth"),
    ]


def test_the_wall_clock_of_a_run_goes_with_its_monotonic_one() -> None:
    clock = Clock()
    first = (clock.now_us(), clock.unix_us())
    asyncio.run(asyncio.sleep(0))
    second = (clock.now_us(), clock.unix_us())
    assert 0 <= second[0] - first[0] <= second[1] - first[1] + 1_000
