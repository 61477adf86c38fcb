"""A host that stands still: the record after it shows what had grown old, whatever the sockets brought first."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterable
from decimal import Decimal
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
from connectors.runner.tick import STALL_THRESHOLD_MS, TickTimer
from connectors.session.connector import Connector
from connectors.session.events import BookFlaws, EventSource
from connectors.venues import venues
from connectors.venues.frames import Book

INTERVAL_MS, LEAST_MS = 250, 100
LATE = STALL_THRESHOLD_MS
TAKEN = 0


@pytest.mark.parametrize(
    ("late_ms", "stood_still_ms"),
    [([0], [TAKEN]), ([LATE - 1], [TAKEN]), ([LATE], [LATE]), ([3_000, 3_000, 3_000], [3_000, TAKEN, 3_000])],
    ids=["in time", "loaded", "stood still", "never twice running"],
)
def test_a_tick_that_is_far_too_late_tells_of_a_standstill(late_ms: list[int], stood_still_ms: list[int]) -> None:
    clock = TickTimer(0, INTERVAL_MS, LEAST_MS)
    assert [clock.start_tick(clock.due_ms + each) for each in late_ms] == stood_still_ms


def test_what_came_meanwhile_waits_for_the_shortest_time_there_is() -> None:
    clock = TickTimer(0, INTERVAL_MS, LEAST_MS)
    assert clock.start_tick(5_000) == 5_000
    assert clock.due_ms == 5_000 + LEAST_MS


@given(st.lists(st.integers(0, 5 * LATE), min_size=1, max_size=40))
def test_however_often_a_host_stands_still_every_second_tick_takes_what_came(late_ms: Iterable[int]) -> None:
    clock = TickTimer(0, INTERVAL_MS, LEAST_MS)
    told = [clock.start_tick(clock.due_ms + each) for each in late_ms]
    assert not any(before and after for before, after in pairwise(told))


def runner(rx: TextIO, publisher: Publisher, journal: Journal, telemetry: TelemetryWriter) -> Runner:
    clock, drivers = Clock(), []
    hub = SharedResources(clock, HttpClient(), publisher, journal)
    for venue in venues().values():
        resolved = settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), {})
        goal, limits = settings.target(venue, resolved, "ETH"), settings.limits(venue, resolved)
        drivers.append(Driver(Connector(venue, goal, limits, Random(1).random), hub))
    return Runner(drivers, dict.fromkeys(venues(), 1_000), RunnerSettings(), hub, journal, telemetry, rx, "c", {})


def offer(publisher: Publisher, seq: int) -> None:
    side = ((Decimal(100 + seq), Decimal(1)),)
    for venue in venues():
        whole = Book("book", side, ((Decimal(200), Decimal(1)),), seq, None)
        publisher.offer(Delivery(venue, whole, BookFlaws.NONE, EventSource.SOCKET, 0, 0))


def mids(record: dict[str, Any]) -> set[float]:
    return set(record["venue_mid_usd"])


def test_the_record_after_a_standstill_takes_nothing_and_the_next_one_takes_it_all(tmp_path: Path) -> None:
    async def live() -> None:
        publisher, journal = Publisher(venues()), Journal(tmp_path, Clock(), venues(), audit=True)
        telemetry = TelemetryWriter(tmp_path / "telemetry.jsonl", 10, pytest.fail)
        one = runner(io.StringIO(), publisher, journal, telemetry)
        offer(publisher, 0)
        one.tick()
        offer(publisher, 2)
        one.tick(stood_still_ms=3_000)
        one.tick()
        telemetry.close()
        journal.close()

    asyncio.run(live())
    before, blind, after = [json.loads(each) for each in (tmp_path / "telemetry.jsonl").read_text().splitlines()]
    assert mids(before) == mids(blind) == {150.0} and mids(after) == {151.0}
    assert [each["market_rx_stats"]["drained"] for each in (before, blind, after)] == [5, 0, 5]
    told = [json.loads(each) for each in (tmp_path / EVENTS).read_text().splitlines()[1:]]
    stood = [row["fields"] for row in told if row["kind"] == "stood_still"]
    assert stood == [{"tick": 1, "for_ms": 3_000}]
