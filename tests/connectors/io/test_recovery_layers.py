"""Over real loopback sockets: a silent venue's REST book is injected, and its connector's stuck task is restarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.server import ServerConnection

from connectors.clock import VirtualClock
from connectors.io.driver import Driver, SharedResources
from connectors.io.http import HttpClient
from connectors.recording.run_files import Journal
from connectors.runner.queue import Delivery, Publisher
from connectors.runner.recovery.enforcer import EnforcerSettings
from connectors.runner.recovery.layers import RecoveryLayers
from connectors.runner.recovery.rest_monitor import MonitorSettings
from connectors.session.connector import Connector
from connectors.session.events import EventSource
from connectors.venues.frames import Book
from connectors.venues.spec import Target, VenueLimits
from tests.connectors.harness import body, full, venue
from tests.connectors.io.servers import HOST, run, tcp_server, websocket_server

START_UNIX_MS = 1_790_000_000_000


async def answer_book(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    answer = body(5, bid="110", ask="111")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(answer) + answer)
    await writer.drain()


async def three_books(server: ServerConnection) -> None:
    for n in (1, 2, 3):
        await server.send(full(n))
    await server.wait_closed()


@asynccontextmanager
async def running(out: Path, *, capacity: int = 256) -> AsyncIterator[tuple[RecoveryLayers, SharedResources]]:
    """Run a connector whose venue sends three books and then nothing; the clock stands still."""
    fjord = venue()
    async with websocket_server(three_books) as ws, tcp_server(answer_book) as port, HttpClient() as client:
        clock = VirtualClock(START_UNIX_MS)
        journal = Journal(out, clock, {"fjord": fjord}, audit=True)
        shared = SharedResources(clock, client, Publisher(["fjord"], capacity), journal)
        target = Target((ws,), (f"http://{HOST}:{port}",), "ETH", "ETH")
        driver = Driver(Connector(fjord, target, VenueLimits(), lambda: 0.0), shared)
        layers = RecoveryLayers([driver], MonitorSettings(), EnforcerSettings(), shared, journal)
        task = asyncio.create_task(driver.run())
        try:
            yield layers, shared
        finally:
            driver.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            journal.close()


async def drain(shared: SharedResources, books: int) -> list[Delivery]:
    deliveries: list[Delivery] = []
    while len(deliveries) < books:
        await shared.data_available.wait()
        shared.data_available.clear()
        deliveries += shared.publisher.drain()
        shared.space_available.set()
    return deliveries


def pass_time(shared: SharedResources, layers: RecoveryLayers, now_ms: int) -> None:
    """Advance the clock to a time at which the last book was applied at 0."""
    assert isinstance(shared.clock, VirtualClock)
    shared.clock.advance_to(now_ms)
    layers.tick(now_ms, {"fjord": now_ms})


def test_the_book_of_a_silent_venue_is_fetched_and_injected_with_its_mark(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path) as (layers, shared):
            await drain(shared, 3)
            pass_time(shared, layers, 19_000)
            pass_time(shared, layers, 24_000)
            (delivery,) = await drain(shared, 1)
            assert isinstance(delivery.event, Book)
            assert (delivery.source, delivery.event.seq) == (EventSource.INJECTED, 5)

    run(test())
    log = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "REST health monitor: fjord stale (age_ms=24000, threshold=20000), activating REST inject_snapshot" in log
    assert "rest_inject_count=1 rest_suppressed_count=0 age_ms=24000 threshold_ms=20000" in log


def test_a_task_that_waits_for_its_consumer_is_restarted_and_connects_again(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path, capacity=1) as (layers, shared):
            while not shared.publisher.totals:
                await asyncio.sleep(0)
            # The task now waits for room in the queue, which nobody makes.
            pass_time(shared, layers, 90_000)
            while "reconnect_reason=enforcer_restart count=1" not in (tmp_path / "run.log").read_text("utf-8"):
                await asyncio.sleep(0)
            pass_time(shared, layers, 91_000)
            assert len(await drain(shared, 4)) >= 4

    run(test())
    log = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "force-restarting 'fjord_public_ws' (venue_index=0, age_ms=90000, threshold=90000)" in log
    assert log.count("public WS connected") == 2
