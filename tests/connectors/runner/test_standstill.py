"""After a standstill of the host, the first record shows how old the data had become."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import settings
from connectors.clock import Clock
from connectors.io.driver import Driver, SharedResources
from connectors.io.http import HttpClient
from connectors.recording.run_files import EVENTS, Journal, TelemetryWriter
from connectors.runner.queue import Delivery, Publisher
from connectors.runner.runner import Runner, RunnerSettings
from connectors.runner.tick import STANDSTILL_MS, TickTimer
from connectors.session.connector import Connector
from connectors.session.events import BookFlaws, EventSource
from connectors.venues import venues
from connectors.venues.frames import Book, FrameLevel

INTERVAL_MS, MIN_INTERVAL_MS = 250, 100
LATE_MS = STANDSTILL_MS
NO_STANDSTILL = 0


@pytest.mark.parametrize(
    ("late_ms", "stood_still_ms"),
    [
        ([0], [NO_STANDSTILL]),
        ([LATE_MS - 1], [NO_STANDSTILL]),
        ([LATE_MS], [LATE_MS]),
        ([3_000, 3_000, 3_000], [3_000, NO_STANDSTILL, 3_000]),
    ],
    ids=["in time", "under load", "standstill", "never twice in a row"],
)
def test_a_tick_that_is_a_second_late_reports_a_standstill(late_ms: list[int], stood_still_ms: list[int]) -> None:
    timer = TickTimer(0, INTERVAL_MS, MIN_INTERVAL_MS)
    assert [timer.start_tick(timer.due_ms + each) for each in late_ms] == stood_still_ms


def test_the_tick_after_a_standstill_is_due_after_the_minimum_interval() -> None:
    timer = TickTimer(0, INTERVAL_MS, MIN_INTERVAL_MS)
    assert timer.start_tick(5_000) == 5_000
    assert timer.due_ms == 5_000 + MIN_INTERVAL_MS


@given(st.lists(st.integers(0, 5 * LATE_MS), min_size=1, max_size=40))
def test_no_two_consecutive_ticks_report_a_standstill(late_ms: Iterable[int]) -> None:
    timer = TickTimer(0, INTERVAL_MS, MIN_INTERVAL_MS)
    standstills_ms = [timer.start_tick(timer.due_ms + each) for each in late_ms]
    assert not any(before and after for before, after in pairwise(standstills_ms))


def create_runner(rx_stats_file: TextIO, publisher: Publisher, journal: Journal, telemetry: TelemetryWriter) -> Runner:
    clock, drivers = Clock(), []
    shared = SharedResources(clock, HttpClient(), publisher, journal)
    for venue in venues().values():
        resolved = settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), {})
        target, limits = settings.target(venue, resolved, "ETH"), settings.limits(venue, resolved)
        drivers.append(Driver(Connector(venue, target, limits, Random(1).random), shared))
    return Runner(
        drivers, dict.fromkeys(venues(), 1_000), RunnerSettings(), shared, journal, telemetry, rx_stats_file, "c", {}
    )


def offer_books(publisher: Publisher, seq: int) -> None:
    side = [FrameLevel(100 + seq, 1)]
    for venue in venues():
        book = Book("book", side, [FrameLevel(200, 1)], seq, None)
        publisher.offer(Delivery(venue, book, BookFlaws.NONE, EventSource.SOCKET, 0, 0))


def mids(record: dict[str, Any]) -> set[float]:
    return set(record["venue_mid_usd"])


def test_the_tick_after_a_standstill_drains_nothing_and_the_next_one_everything(tmp_path: Path) -> None:
    async def run_ticks() -> None:
        publisher, journal = Publisher(venues()), Journal(tmp_path, Clock(), venues(), audit=True)
        telemetry = TelemetryWriter(tmp_path / "telemetry.jsonl", 10, pytest.fail)
        runner = create_runner(io.StringIO(), publisher, journal, telemetry)
        offer_books(publisher, 0)
        runner.tick()
        offer_books(publisher, 2)
        runner.tick(stood_still_ms=3_000)
        runner.tick()
        telemetry.close()
        journal.close()

    asyncio.run(run_ticks())
    before, standstill, after = [json.loads(each) for each in (tmp_path / "telemetry.jsonl").read_text().splitlines()]
    assert mids(before) == mids(standstill) == {150.0} and mids(after) == {151.0}
    assert [each["market_rx_stats"]["drained"] for each in (before, standstill, after)] == [5, 0, 5]
    rows = [json.loads(each) for each in (tmp_path / EVENTS).read_text().splitlines()[1:]]
    recorded = [row["fields"] for row in rows if row["kind"] == "stood_still"]
    assert recorded == [{"tick": 1, "for_ms": 3_000}]
