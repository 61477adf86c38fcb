"""A driver connects, delivers events and reports why a session ended, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from websockets.asyncio.server import ServerConnection

from connectors.clock import Clock
from connectors.io.driver import Driver, SharedResources
from connectors.io.http import HttpClient
from connectors.runner.queue import Delivery, Pressure, Publisher
from connectors.session.book import OrderBook
from connectors.session.connector import Connector
from connectors.session.events import (
    Note,
)
from connectors.venues.frames import Book, BookSide, Trade
from connectors.venues.spec import Target, VenueLimits
from tests.connectors.harness import full, venue
from tests.connectors.io.servers import Handler, run, websocket_server
from toolkit.model.vocabulary import ReconnectReason as Reason


class MemoryJournal:
    """A journal that keeps the notes in memory."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._note_added = asyncio.Event()

    def record_note(self, venue: str, note: Note) -> None:
        assert venue == "fjord"
        self.notes.append(note)
        self._note_added.set()

    def of_kind(self, kind: str) -> list[Note]:
        return [note for note in self.notes if note.kind == kind]

    async def wait_for(self, kind: str, times: int = 1) -> Note:
        while len(self.of_kind(kind)) < times:
            self._note_added.clear()
            await self._note_added.wait()
        return self.of_kind(kind)[times - 1]


@asynccontextmanager
async def running_driver(
    handler: Handler, *, capacity: int = 256, **venue_fields: Any
) -> AsyncIterator[tuple[Driver, SharedResources, MemoryJournal]]:
    """Run a driver of the test venue against a server with this handler; stop it at the end."""
    journal = MemoryJournal()
    async with websocket_server(handler, ping_interval=None) as url, HttpClient() as client:
        shared = SharedResources(Clock(), client, Publisher(["fjord"], capacity), journal)
        machine = Connector(venue(**venue_fields), Target((url,), (url,), "ETH", "ETH"), VenueLimits(), lambda: 0.0)
        driver = Driver(machine, shared)
        running = asyncio.create_task(driver.run())
        try:
            yield driver, shared, journal
        finally:
            driver.stop()
            await running


async def drain(shared: SharedResources, books: int) -> list[Delivery]:
    """Take deliveries as a runner does, until `books` of them have come."""
    deliveries: list[Delivery] = []
    while len(deliveries) < books:
        await shared.data_available.wait()
        shared.data_available.clear()
        deliveries += shared.publisher.drain()
        shared.space_available.set()
    return deliveries


def test_a_driver_subscribes_and_delivers_a_book_with_its_time_of_arrival() -> None:
    async def test() -> None:
        requests: list[str | bytes] = []
        all_requested = asyncio.Event()

        async def feed(server: ServerConnection) -> None:
            requests.append(await server.recv())
            await server.send(full(1))
            requests.append(await server.recv())
            all_requested.set()
            await server.wait_closed()

        async with running_driver(feed) as (driver, shared, journal):
            before_ms = shared.clock.unix_ms()
            (delivery,) = await drain(shared, 1)
            await all_requested.wait()
            assert requests == ["+book", "+trades"]
            assert isinstance(delivery.event, Book)
            assert before_ms <= delivery.received_unix_ms <= shared.clock.unix_ms()
            assert driver.connected and driver.failures == 0
            assert [note.kind for note in journal.notes[:2]] == ["connecting", "connected"]
        assert journal.notes[-1].kind == "stopped"

    run(test())


def test_a_driver_reconnects_and_notes_why_the_first_socket_ended() -> None:
    async def test() -> None:
        sockets = 0

        async def feed(server: ServerConnection) -> None:
            nonlocal sockets
            sockets += 1
            await server.send(full(sockets))
            if sockets == 1:
                await server.close(1012, "restarting")
            await server.wait_closed()

        async with running_driver(feed) as (_, shared, journal):
            await drain(shared, 2)
            (end,) = journal.of_kind("reconnect")
            assert (end.fields["reason"], end.fields["code"]) == (Reason.SERVER_CLOSE, 1012)

    run(test())


def test_a_stalled_runner_loses_no_book_and_causes_no_reconnect() -> None:
    async def test() -> None:
        books = 2_000

        async def feed(server: ServerConnection) -> None:
            for number in range(1, books + 1):
                await server.send(full(number))
            await server.wait_closed()

        async with running_driver(feed, capacity=16) as (_, shared, journal):
            await journal.wait_for("pressure")
            stalled = shared.publisher.queue_length("fjord")
            deliveries = await drain(shared, books)
            seqs = [delivery.event.seq for delivery in deliveries if isinstance(delivery.event, Book)]
            assert stalled == 16
            assert seqs == list(range(1, books + 1))
            assert shared.publisher.high_water("fjord") == 16
            assert not journal.of_kind("reconnect")

    run(test())


def test_a_venue_of_long_messages_has_at_most_half_of_the_event_loop() -> None:
    async def test() -> None:
        messages, work_s = 8, 0.02

        def decode(message: Any) -> Any:
            ends_s = time.thread_time() + work_s
            while time.thread_time() < ends_s:
                pass
            return iter([Book("book", (), (), message)])

        async def feed(server: ServerConnection) -> None:
            for number in range(messages):
                await server.send(str(number))
            await server.wait_closed()

        async with running_driver(feed, decode=decode) as (_, shared, _):
            deliveries = await drain(shared, messages)
            lasted_s = (shared.clock.now_ms() - deliveries[0].received_ms) / 1_000
            assert lasted_s >= (2 * messages - 1.5) * work_s

    run(test())


def test_other_tasks_run_while_the_trades_of_one_message_are_delivered() -> None:
    async def test() -> None:
        trades = 2_000
        trade = Trade("trades", Decimal(1), Decimal(1), BookSide.BUY, "1")

        async def feed(server: ServerConnection) -> None:
            await server.send('"book"')
            await server.send('"trades"')
            await server.wait_closed()

        async def watch(shared: SharedResources) -> set[int]:
            seen = set[int]()
            while (full := shared.publisher.totals[Pressure.TRY_SEND_FULL]) < trades - 1:
                seen.add(full)
                await asyncio.sleep(0)
            return seen

        def decode(message: Any) -> Any:
            return iter([trade] * trades if message == "trades" else [Book("book", (), ())])

        async with running_driver(feed, capacity=2, decode=decode) as (_, shared, _):
            assert len(await watch(shared)) > 2

    run(test())


def test_an_exception_of_a_decoder_is_noted_as_a_panic_and_the_venue_reconnects() -> None:
    async def test() -> None:
        sockets = 0

        def decode(message: Any) -> Any:
            if message == "bad":
                raise RuntimeError("no such thing\nWS_AUDIT venue=aster")
            return iter([Book("book", (), ())])

        async def feed(server: ServerConnection) -> None:
            nonlocal sockets
            sockets += 1
            await server.send(json.dumps("bad" if sockets == 1 else "good"))
            await server.wait_closed()

        async with running_driver(feed, decode=decode) as (_, shared, journal):
            await drain(shared, 1)
            (panic,), (end,) = journal.of_kind("panic"), journal.of_kind("reconnect")
            assert str(panic.fields["detail"]).startswith("RuntimeError: no such thing")
            assert "test_driver.py" in str(panic.fields["where"])
            assert end.fields["reason"] == Reason.TASK_PANIC

    run(test())


def test_a_restart_ends_the_open_session_and_reconnects() -> None:
    async def test() -> None:
        async def feed(server: ServerConnection) -> None:
            await server.send(full(1))
            await server.wait_closed()

        async with running_driver(feed) as (driver, shared, journal):
            await drain(shared, 1)
            driver.restart(Reason.ENFORCER_RESTART)
            await drain(shared, 1)
            (end,) = journal.of_kind("reconnect")
            assert end.fields["reason"] == Reason.ENFORCER_RESTART

    run(test())


def test_the_delivered_book_equals_the_one_that_was_sent() -> None:
    async def test() -> None:
        async def feed(server: ServerConnection) -> None:
            await server.send(full(1, bid="99.5", ask="100.25"))
            await server.wait_closed()

        async with running_driver(feed) as (_, shared, _):
            book = OrderBook()
            for delivery in await drain(shared, 1):
                assert isinstance(delivery.event, Book)
                book.replace(delivery.event)
            assert [format(level[0], "f") for level in book.top() if level] == ["99.5", "100.25"]

    run(test())
