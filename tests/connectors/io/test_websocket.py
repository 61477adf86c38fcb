"""The doors to the network, on real sockets: what comes in, how a socket ends, why a connection or a request fails."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from connectors.clock import Clock
from connectors.io.driver import Driver, SharedResources
from connectors.io.event_queue import CAPACITY, EventQueue
from connectors.io.http import MAX_BODY_BYTES, HttpClient, is_loopback, retry_after_ms
from connectors.io.websocket import Socket, open_socket
from connectors.runner.queue import Delivery, Publisher
from connectors.session.book import OrderBook
from connectors.session.connector import Connector
from connectors.session.events import (
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Note,
    Received,
    SendFailed,
    SocketClosed,
)
from connectors.venues.frames import Book
from connectors.venues.spec import RestCall, Target, VenueLimits
from tests.connectors.harness import full, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

HOST = "127.0.0.1"
PATIENCE_S = 120

Handler = Callable[[ServerConnection], Awaitable[None]]
Heards = list[Control]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, PATIENCE_S))


@asynccontextmanager
async def websocket(handler: Handler, **more: Any) -> AsyncIterator[str]:
    """A WebSocket server; gives its URL."""
    async with serve(handler, HOST, 0, **more) as server:
        yield f"ws://{HOST}:{next(iter(server.sockets)).getsockname()[1]}/"


Speaker = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


@asynccontextmanager
async def bare(speak: Speaker) -> AsyncIterator[int]:
    """A TCP server; gives its port."""
    over: list[asyncio.Task[None]] = []

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await speak(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over.append(asyncio.create_task(serve_one(reader, writer)))

    server = await asyncio.start_server(met, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*over)


async def opened(url: str, heard: Heards | None = None, timeout_ms: int = 5_000) -> Socket | ConnectFailed:
    return await open_socket(
        Connect(url, (("X-Asked", "yes"),), timeout_ms), (heard if heard is not None else []).append
    )


async def socket_of(url: str, heard: Heards | None = None) -> Socket:
    met = await opened(url, heard)
    assert isinstance(met, Socket)
    return met


async def read_to_the_end(handler: Handler) -> list[bytes | SocketClosed]:
    """Everything that a client reads of this handler."""
    read: list[bytes | SocketClosed] = []
    async with websocket(handler) as url:
        socket = await socket_of(url)
        while not read or not isinstance(read[-1], SocketClosed):
            read.append(await socket.read())
        await socket.close()
    return read


# --- sockets ----------------------------------------------------------------------------------------------------------


def test_frames_come_as_they_were_sent_text_or_binary_whole_or_in_pieces() -> None:
    async def talk(server: ServerConnection) -> None:
        await server.send("one")
        await server.send(b"\xff\xfe")
        await server.send(["thr", "ee"])

    assert asyncio.run(read_to_the_end(talk)) == [b"one", b"\xff\xfe", b"three", SocketClosed(1000, "")]


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000])
def test_the_peer_s_close_keeps_its_code_and_its_words(code: int) -> None:
    assert asyncio.run(read_to_the_end(lambda server: server.close(code, "so long"))) == [SocketClosed(code, "so long")]


def test_an_end_without_a_close_frame_has_no_code() -> None:
    async def drop(server: ServerConnection) -> None:
        server.transport.abort()

    (end,) = asyncio.run(read_to_the_end(drop))
    assert isinstance(end, SocketClosed) and end.code is None and end.detail


def test_text_that_is_not_utf_8_comes_as_it_is_and_ends_nothing() -> None:
    async def garble(server: ServerConnection) -> None:
        await server.send(b"\xc3\x28", text=True)
        await server.send("after")

    assert asyncio.run(read_to_the_end(garble))[:2] == [b"\xc3\x28", b"after"]


def test_a_message_too_long_to_hold_ends_the_socket_by_our_own_hand() -> None:
    async def flood(server: ServerConnection) -> None:
        with suppress(Exception):
            await server.send(b"x" * (9 * 1024 * 1024))

    (end,) = asyncio.run(read_to_the_end(flood))
    assert isinstance(end, SocketClosed) and end.code is None
    assert end.detail.startswith("ended by us: 1009")


def test_control_frames_are_heard_and_pings_answered_without_the_session() -> None:
    async def test() -> None:
        heard: Heards = []
        answered = asyncio.Event()

        async def ping(server: ServerConnection) -> None:
            await (await server.ping(b"are you there"))
            answered.set()
            await server.wait_closed()

        async with websocket(ping, ping_interval=None) as url:
            socket = await socket_of(url, heard)
            reading = asyncio.create_task(socket.read())
            await answered.wait()
            for _ in range(3):
                assert await socket.ping("p") is None
            while heard.count(Control.PONG) < 3:
                await asyncio.sleep(0)
            await socket.close()
            await reading
        assert heard == [Control.PING, *[Control.PONG] * 3]

    run(test())


def test_what_is_sent_arrives_and_a_dead_socket_is_no_failure_to_send() -> None:
    async def test() -> None:
        got: list[str | bytes] = []

        async def listen(server: ServerConnection) -> None:
            got.append(str(server.request and server.request.headers["X-Asked"]))
            got.append(await server.recv())
            server.transport.abort()

        async with websocket(listen) as url:
            socket = await socket_of(url)
            assert await socket.send("hello") is None
            assert isinstance(await socket.read(), SocketClosed)
            assert await socket.send("nobody") is None
            assert await socket.ping("p") is None
        assert got == ["yes", "hello"]

    run(test())


def test_a_peer_that_takes_nothing_any_more_is_a_failure_to_send() -> None:
    async def test() -> None:
        over = asyncio.Event()

        async def deaf(server: ServerConnection) -> None:
            server.transport.pause_reading()
            await over.wait()
            server.transport.abort()

        async with websocket(deaf, ping_interval=None) as url:
            socket = await socket_of(url)
            failed = None
            while failed is None:
                failed = await socket.send(random.randbytes(250_000).hex())
            assert isinstance(failed, SendFailed) and not failed.ping
            over.set()
            await socket.close()

    run(test())


# --- connections that do not come about -------------------------------------------------------------------------------


async def refused_with(status: int, **headers: str) -> Socket | ConnectFailed:
    def answer(server: ServerConnection, request: Request) -> Response:
        return Response(
            status, "No", Headers({"Content-Length": "0", **{k.replace("_", "-"): v for k, v in headers.items()}})
        )

    async def never(server: ServerConnection) -> None:
        raise AssertionError("connected")

    async with websocket(never, process_request=answer) as url:
        return await opened(url)


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_refused_upgrade_keeps_its_status(status: int) -> None:
    assert asyncio.run(refused_with(status)) == ConnectFailed(f"HTTP {status} No", status=status)


def test_how_long_to_stay_away_is_kept() -> None:
    met = asyncio.run(refused_with(429, Retry_After="7"))
    assert met == ConnectFailed("HTTP 429 No", status=429, retry_after_ms=7_000)


def test_a_redirect_is_not_followed() -> None:
    met = asyncio.run(refused_with(302, Location="ws://127.0.0.1:1/"))
    assert met == ConnectFailed("HTTP 302 No", status=302)


def test_a_shut_port_is_refused_at_once() -> None:
    async def shut() -> Socket | ConnectFailed:
        async with bare(lambda _reader, _writer: asyncio.sleep(0)) as port:
            pass
        return await opened(f"ws://{HOST}:{port}/")

    met = asyncio.run(shut())
    assert isinstance(met, ConnectFailed) and not met.timeout and "Errno" not in met.detail


def test_silence_instead_of_a_handshake_is_a_timeout() -> None:
    async def black_hole() -> Socket | ConnectFailed:
        async with bare(lambda reader, _writer: reader.read()) as port:
            return await opened(f"ws://{HOST}:{port}/", timeout_ms=50)

    met = asyncio.run(black_hole())
    assert isinstance(met, ConnectFailed) and met.timeout and met.status is None


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_of_another_kind_is_an_error_and_no_crash(answer: bytes) -> None:
    async def other() -> Socket | ConnectFailed:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

        async with bare(speak) as port:
            return await opened(f"ws://{HOST}:{port}/")

    met = asyncio.run(other())
    assert isinstance(met, ConnectFailed) and not met.timeout and met.detail


# --- REST -------------------------------------------------------------------------------------------------------------


async def asked(answer: bytes, timeout_ms: int = 2_000, body: str | None = None) -> tuple[Fetched | FetchFailed, bytes]:
    """The outcome of one request to a server that answers this, and what the server was asked."""
    got = bytearray()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.readuntil(b"\r\n\r\n"))
        if body is not None:
            got.extend(await reader.readexactly(len(body)))
        writer.write(answer)
        await writer.drain()
        if not answer:
            await reader.read()

    async with bare(speak) as port, HttpClient() as rest:
        call = RestCall("/book?limit=5", "GET" if body is None else "POST", body)
        wanted = Fetch(7, FetchPurpose.SNAPSHOT, f"http://{HOST}:{port}{call.path}", call, timeout_ms)
        return await rest.fetch(wanted, (("X-Asked", "yes"),)), bytes(got)


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Word", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body


def test_a_request_is_sent_as_described_and_its_body_given_back() -> None:
    outcome, got = asyncio.run(asked(http(200, b'{"a":1}'), body='{"coin":"ETH"}'))
    assert outcome == Fetched(7, b'{"a":1}')
    head, _, sent = got.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /book?limit=5 HTTP/1.1") and sent == b'{"coin":"ETH"}'
    assert b"x-asked: yes" in head.lower() and b"content-type: application/json" in head.lower()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http(429, Retry_After="3"), FetchFailed(7, "HTTP 429", 429, 3_000)),
        (http(500, b"oops"), FetchFailed(7, "HTTP 500", 500)),
        (http(302, Location="http://127.0.0.1:1/"), FetchFailed(7, "HTTP 302", 302)),
        (http(200, b"x" * (MAX_BODY_BYTES + 1)), FetchFailed(7, f"the answer is longer than {MAX_BODY_BYTES} bytes")),
    ],
    ids=["rate limit", "server error", "redirect", "too long"],
)
def test_anything_but_a_200_of_bounded_length_is_a_failure_that_says_why(answer: bytes, expected: FetchFailed) -> None:
    assert asyncio.run(asked(answer))[0] == expected


@pytest.mark.parametrize("answer", [b"", b"what?\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
def test_silence_and_broken_answers_are_failures_within_the_time(answer: bytes) -> None:
    outcome, _ = asyncio.run(asked(answer, timeout_ms=200))
    assert isinstance(outcome, FetchFailed) and outcome.ticket == 7 and outcome.status is None and outcome.detail


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("120", 120_000),
        (" 0 ", 0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30_000),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("9" * 40, 999_999_999_000),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(header: str | None, expected: int | None) -> None:
    assert retry_after_ms(header, NOON) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://127.0.0.1:80/x", True),
        ("http://[::1]:80/", True),
        ("ws://localhost/", True),
        ("wss://127.example.org/", False),
        ("https://10.0.0.1/", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


# --- what waits -------------------------------------------------------------------------------------------------------


def test_an_inbox_gives_in_order_and_nothing_of_a_socket_that_was_left() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        queue.select_socket(1)
        queue.enqueue(Received("of the first"), 1)
        queue.enqueue(Fetched(1, b"of none"))
        queue.select_socket(2)
        queue.enqueue(Received("of the second"), 2)
        given = [queued.event for _ in range(2) if (queued := queue.dequeue()) is not None]
        assert given == [Fetched(1, b"of none"), Received("of the second")]
        assert queue.dequeue() is None

    run(test())


def test_a_flood_of_control_frames_takes_one_place_and_none_after_the_socket_is_left() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        queue.select_socket(1)
        for _ in range(10_000):
            queue.enqueue_control(Control.PING, 1)
        queue.enqueue_control(Control.PONG, 2)
        first = queue.dequeue()
        assert first is not None and first.event == ControlReceived(Control.PING)
        assert queue.dequeue() is None
        queue.enqueue_control(Control.PING, 1)
        assert queue.dequeue() is not None

    run(test())


def test_who_brings_frames_waits_while_the_box_is_full() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        for number in range(CAPACITY):
            await asyncio.wait_for(queue.wait_for_space(), PATIENCE_S)
            queue.enqueue(Received(str(number)))
        waiting = asyncio.create_task(queue.wait_for_space())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.dequeue()
        await waiting

    run(test())


def test_time_has_not_passed_in_silence_while_something_waits_in_a_socket() -> None:
    """A host that stood still for longer than the limit reads what came meanwhile before it judges."""

    async def test() -> None:
        clock = Clock()
        queue = EventQueue(clock)

        async def speak(server: ServerConnection) -> None:
            await server.send("there all the time")
            await server.wait_closed()

        async with websocket(speak) as url:
            socket = await socket_of(url)

            async def bring() -> None:
                while isinstance(came := await socket.read(), bytes):
                    queue.enqueue(Received(came))

            bringing = asyncio.create_task(bring())
            waiting = asyncio.create_task(queue.wait(0.05))
            await asyncio.sleep(0)
            stands_still_until_us = clock.now_us() + 100_000
            while clock.now_us() < stands_still_until_us:
                pass
            queued = await waiting
            assert queued is not None and queued.event == Received(b"there all the time")
            await socket.close()
            await bringing

    run(test())


def test_nothing_within_the_time_is_nothing() -> None:
    async def test() -> None:
        assert await EventQueue(Clock()).wait(0.001) is None

    run(test())


# --- a driver ---------------------------------------------------------------------------------------------------------


class Notes:
    """A journal in memory."""

    def __init__(self) -> None:
        self.noted: list[Note] = []
        self._more = asyncio.Event()

    def record_note(self, venue: str, note: Note) -> None:
        assert venue == "fjord"
        self.noted.append(note)
        self._more.set()

    def of(self, kind: str) -> list[Note]:
        return [note for note in self.noted if note.kind == kind]

    async def until(self, kind: str, times: int = 1) -> Note:
        while len(self.of(kind)) < times:
            self._more.clear()
            await self._more.wait()
        return self.of(kind)[times - 1]


@asynccontextmanager
async def driven(
    handler: Handler, *, capacity: int = 256, **facts: Any
) -> AsyncIterator[tuple[Driver, SharedResources, Notes]]:
    """A driver of the small venue against a handler, stopped at the end."""
    notes = Notes()
    async with websocket(handler, ping_interval=None) as url, HttpClient() as rest:
        shared = SharedResources(Clock(), rest, Publisher(["fjord"], capacity), notes)
        machine = Connector(venue(**facts), Target((url,), (url,), "ETH", "ETH"), VenueLimits(), lambda: 0.0)
        driver = Driver(machine, shared)
        running = asyncio.create_task(driver.run())
        try:
            yield driver, shared, notes
        finally:
            driver.stop()
            await running


async def drained(shared: SharedResources, books: int) -> list[Delivery]:
    """Books of the runner's side, as they come."""
    taken: list[Delivery] = []
    while len(taken) < books:
        await shared.data_available.wait()
        shared.data_available.clear()
        taken += shared.publisher.drain()
        shared.space_available.set()
    return taken


def test_a_driver_subscribes_and_delivers_with_the_time_of_arrival() -> None:
    async def test() -> None:
        asked: list[str | bytes] = []
        everything = asyncio.Event()

        async def feed(server: ServerConnection) -> None:
            asked.append(await server.recv())
            await server.send(full(1))
            asked.append(await server.recv())
            everything.set()
            await server.wait_closed()

        async with driven(feed) as (driver, shared, notes):
            before_ms = shared.clock.unix_ms()
            (delivery,) = await drained(shared, 1)
            await everything.wait()
            assert asked == ["+book", "+trades"]
            assert isinstance(delivery.event, Book)
            assert before_ms <= delivery.received_unix_ms <= shared.clock.unix_ms()
            assert driver.connected and driver.failures == 0
            assert [note.kind for note in notes.noted[:2]] == ["connecting", "connected"]
        assert notes.noted[-1].kind == "stopped"

    run(test())


def test_a_driver_connects_again_and_says_why_the_first_socket_ended() -> None:
    async def test() -> None:
        sockets = 0

        async def feed(server: ServerConnection) -> None:
            nonlocal sockets
            sockets += 1
            await server.send(full(sockets))
            if sockets == 1:
                await server.close(1012, "restarting")
            await server.wait_closed()

        async with driven(feed) as (_, shared, notes):
            await drained(shared, 2)
            (end,) = notes.of("reconnect")
            assert (end.fields["reason"], end.fields["code"]) == (Reason.SERVER_CLOSE, 1012)

    run(test())


def test_a_runner_that_stalls_loses_no_book_and_makes_no_false_end() -> None:
    async def test() -> None:
        books = 2_000

        async def feed(server: ServerConnection) -> None:
            for number in range(1, books + 1):
                await server.send(full(number))
            await server.wait_closed()

        async with driven(feed, capacity=16) as (_, shared, notes):
            await notes.until("pressure")
            stalled = shared.publisher.queue_length("fjord")
            deliveries = await drained(shared, books)
            seqs = [delivery.event.seq for delivery in deliveries if isinstance(delivery.event, Book)]
            assert stalled == 16
            assert seqs == list(range(1, books + 1))
            assert shared.publisher.high_water["fjord"] == 16
            assert not notes.of("reconnect")

    run(test())


def test_a_fault_of_a_codec_is_told_as_a_panic_and_the_venue_goes_on() -> None:
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

        async with driven(feed, decode=decode) as (_, shared, notes):
            await drained(shared, 1)
            (panic,), (end,) = notes.of("panic"), notes.of("reconnect")
            assert str(panic.fields["detail"]).startswith("RuntimeError: no such thing")
            assert "test_websocket.py" in str(panic.fields["where"])
            assert end.fields["reason"] == Reason.TASK_PANIC

    run(test())


def test_a_driver_told_to_restart_ends_the_open_session_and_begins_anew() -> None:
    async def test() -> None:
        async def feed(server: ServerConnection) -> None:
            await server.send(full(1))
            await server.wait_closed()

        async with driven(feed) as (driver, shared, notes):
            await drained(shared, 1)
            driver.restart(Reason.ENFORCER_RESTART)
            await drained(shared, 1)
            (end,) = notes.of("reconnect")
            assert end.fields["reason"] == Reason.ENFORCER_RESTART

    run(test())


def test_the_book_made_of_what_is_delivered_is_the_one_that_was_sent() -> None:
    async def test() -> None:
        async def feed(server: ServerConnection) -> None:
            await server.send(full(1, bid="99.5", ask="100.25"))
            await server.wait_closed()

        async with driven(feed) as (_, shared, _notes):
            book = OrderBook()
            for delivery in await drained(shared, 1):
                assert isinstance(delivery.event, Book)
                book.replace(delivery.event)
            assert [format(level[0], "f") for level in book.top() if level] == ["99.5", "100.25"]

    run(test())
