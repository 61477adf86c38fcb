"""The WebSocket client reports frames, the end of a socket and failure connections."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from contextlib import suppress

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

from connectors.io.websocket import MAX_MESSAGE_BYTES, Socket, open_socket
from connectors.session.events import (
    Connect,
    ConnectFailed,
    Control,
    Received,
    SendFailed,
    SocketClosed,
)
from tests.connectors.io.servers import (
    HOST,
    TIMEOUT_S,
    Handler,
    connected_socket,
    run,
    tcp_server,
    try_open,
    websocket_server,
)


async def read_until_closed(handler: Handler) -> list[Received | SocketClosed]:
    """Return everything that a client reads from a server with this handler."""
    results: list[Received | SocketClosed] = []
    async with websocket_server(handler) as url:
        socket = await connected_socket(url)
        while not results or not isinstance(results[-1], SocketClosed):
            results.append(await socket.read())
        await socket.close()
    return results


def test_text_binary_and_fragmented_frames_are_read_unchanged() -> None:
    async def send_frames(server: ServerConnection) -> None:
        await server.send("one")
        await server.send(b"\xff\xfe")
        await server.send(["thr", "ee"])
        await server.send([b"fo", b"ur"])

    assert asyncio.run(read_until_closed(send_frames)) == [
        Received(b"one"),
        Received(b"\xff\xfe", binary=True),
        Received(b"three"),
        Received(b"four", binary=True),
        SocketClosed(1000, ""),
    ]


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000])
def test_code_and_text_of_the_peer_s_close_frame_are_kept(code: int) -> None:
    assert asyncio.run(read_until_closed(lambda server: server.close(code, "so long"))) == [
        SocketClosed(code, "so long")
    ]


def test_a_socket_that_ends_without_a_close_frame_has_no_code() -> None:
    async def drop(server: ServerConnection) -> None:
        server.transport.abort()

    (end,) = asyncio.run(read_until_closed(drop))
    assert isinstance(end, SocketClosed) and end.code is None and end.detail


def test_a_text_frame_that_is_not_utf_8_is_read_and_the_socket_stays_open() -> None:
    async def send_invalid_text(server: ServerConnection) -> None:
        await server.send(b"\xc3\x28", text=True)
        await server.send("after")

    assert asyncio.run(read_until_closed(send_invalid_text))[:2] == [Received(b"\xc3\x28"), Received(b"after")]


def test_a_message_over_the_size_limit_makes_us_close_the_socket() -> None:
    async def send_too_much(server: ServerConnection) -> None:
        with suppress(Exception):
            await server.send(b"x" * (9 * 1024 * 1024))

    (end,) = asyncio.run(read_until_closed(send_too_much))
    assert isinstance(end, SocketClosed) and end.code is None
    assert end.detail.startswith("ended by us: 1009")


def test_a_peer_that_sends_on_after_our_close_frame_is_not_read_on() -> None:
    """The connection is dropped at once, although the peer neither stops nor closes."""

    async def test() -> None:
        sent: list[int] = []

        async def send_endlessly(server: ServerConnection) -> None:
            message = Frame(Opcode.BINARY, bytes(MAX_MESSAGE_BYTES + 1)).serialize(mask=False)
            with suppress(OSError):
                while not server.transport.is_closing():
                    server.transport.write(message)
                    sent.append(len(message))
                    await server.drain()

        async with websocket_server(send_endlessly) as url:
            socket = await connected_socket(url)
            end = await socket.read()
            assert isinstance(end, SocketClosed) and end.detail.startswith("ended by us: 1009")
        assert sum(sent) < 20 * MAX_MESSAGE_BYTES

    run(test())


def test_a_peer_that_sends_a_close_frame_and_stays_connected_is_dropped() -> None:
    async def test() -> None:
        async def say_goodbye_and_stay(server: ServerConnection) -> None:
            server.transport.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False))
            await asyncio.wait_for(server.connection_lost_waiter, TIMEOUT_S)

        async with websocket_server(say_goodbye_and_stay, ping_interval=None, close_timeout=TIMEOUT_S) as url:
            socket = await connected_socket(url)
            assert await socket.read() == SocketClosed(1000, "")

    run(test())


def test_a_huge_message_is_refused_by_its_header_and_takes_no_memory() -> None:
    async def test() -> None:
        size = 64 * 1024 * 1024

        async def send(server: ServerConnection) -> None:
            server.transport.write(b"\x81\x7f" + size.to_bytes(8, "big"))
            with suppress(OSError):
                for _ in range(size // 65_536):
                    server.transport.write(bytes(65_536))
                    await server.drain()

        async with websocket_server(send) as url:
            socket = await connected_socket(url)
            tracemalloc.start()
            closed = await socket.read()
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert isinstance(closed, SocketClosed)
        assert f"frame with {size} bytes exceeds limit of {MAX_MESSAGE_BYTES}" in closed.detail
        assert peak < 4 * MAX_MESSAGE_BYTES

    run(test())


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.TEXT])
def test_a_flood_of_frames_leaves_the_event_loop_to_other_tasks(opcode: Opcode) -> None:
    """A hundred thousand empty frames take a second to parse; other tasks run many times meanwhile."""

    async def test() -> None:
        async def flood(server: ServerConnection) -> None:
            server.transport.write(Frame(opcode, b"").serialize(mask=False) * 100_000)
            await server.drain()
            await server.close()

        turn, busy_turns = 0, set[int]()
        async with websocket_server(flood) as url:
            opened = await open_socket(Connect(url, (), 5_000), lambda _control: busy_turns.add(turn))
            assert isinstance(opened, Socket)
            socket = opened

            async def read() -> None:
                while not isinstance(await socket.read(), SocketClosed):
                    busy_turns.add(turn)

            reading = asyncio.create_task(read())
            while not reading.done():
                turn += 1
                await asyncio.sleep(0)
            await socket.close()
        assert len(busy_turns) > 50

    run(test())


def test_a_peer_that_pings_and_never_reads_does_not_make_us_store_the_pongs() -> None:
    async def test() -> None:
        async def flood(server: ServerConnection) -> None:
            server.transport.pause_reading()
            server.transport.set_write_buffer_limits(high=0)
            pings = Frame(Opcode.PING, b"x" * 125).serialize(mask=False) * 1_000
            while not server.transport.is_closing():
                server.transport.write(pings)
                await server.drain()

        async with websocket_server(flood) as url:
            socket = await connected_socket(url)
            while socket.unsent_bytes == 0:  # the system takes the first megabytes
                await asyncio.sleep(0.01)
            for _ in range(20):
                await asyncio.sleep(0.01)
                assert socket.unsent_bytes < 1_000_000
            await socket.close()

    run(test())


def test_control_frames_are_reported_and_pings_are_answered_by_the_library() -> None:
    async def test() -> None:
        controls: list[Control] = []
        answered = asyncio.Event()

        async def ping(server: ServerConnection) -> None:
            await (await server.ping(b"are you there"))
            answered.set()
            await server.wait_closed()

        async with websocket_server(ping, ping_interval=None) as url:
            socket = await connected_socket(url, controls)
            reading = asyncio.create_task(socket.read())
            await answered.wait()
            for _ in range(3):
                assert await socket.ping("p") is None
            while controls.count(Control.PONG) < 3:
                await asyncio.sleep(0)
            await socket.close()
            await reading
        assert controls == [Control.PING, *[Control.PONG] * 3]

    run(test())


def test_sent_text_arrives_and_sending_on_a_closed_socket_is_no_failure() -> None:
    async def test() -> None:
        received: list[str | bytes] = []

        async def receive_one(server: ServerConnection) -> None:
            received.append(str(server.request and server.request.headers["X-Asked"]))
            received.append(await server.recv())
            server.transport.abort()

        async with websocket_server(receive_one) as url:
            socket = await connected_socket(url)
            assert await socket.send("hello") is None
            assert isinstance(await socket.read(), SocketClosed)
            assert await socket.send("nobody") is None
            assert await socket.ping("p") is None
        assert received == ["yes", "hello"]

    run(test())


def test_sending_to_a_peer_that_stops_reading_fails() -> None:
    async def test() -> None:
        done = asyncio.Event()

        async def stop_reading(server: ServerConnection) -> None:
            server.transport.pause_reading()
            await done.wait()
            server.transport.abort()

        async with websocket_server(stop_reading, ping_interval=None) as url:
            socket = await connected_socket(url)
            failure = None
            while failure is None:
                failure = await socket.send(random.randbytes(250_000).hex())
            assert isinstance(failure, SendFailed) and not failure.ping
            done.set()
            await socket.close()

    run(test())


# --- failed connections -----------------------------------------------------------------------------------------------


async def connect_to_refusing_server(status: int, **headers: str) -> Socket | ConnectFailed:
    def refuse(server: ServerConnection, request: Request) -> Response:
        return Response(
            status, "No", Headers({"Content-Length": "0", **{k.replace("_", "-"): v for k, v in headers.items()}})
        )

    async def unexpected(server: ServerConnection) -> None:
        raise AssertionError("connected")

    async with websocket_server(unexpected, process_request=refuse) as url:
        return await try_open(url)


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_the_status_of_a_refused_upgrade_is_kept(status: int) -> None:
    assert asyncio.run(connect_to_refusing_server(status)) == ConnectFailed(f"HTTP {status} No", status=status)


def test_the_retry_after_header_of_a_refusal_is_kept() -> None:
    result = asyncio.run(connect_to_refusing_server(429, Retry_After="7"))
    assert result == ConnectFailed("HTTP 429 No", status=429, retry_after_ms=7_000)


@pytest.mark.parametrize(
    ("header", "detail", "wait_ms"),
    [
        ("999999999", "HTTP 429 No, Retry-After of 999999999 s cut to 300 s", 300_000),
        ("Thu, 01 Jan 99999999999999 12:00:00 GMT", "HTTP 429 No", None),
    ],
)
def test_an_absurd_retry_after_of_a_refusal_is_cut_or_ignored(header: str, detail: str, wait_ms: int | None) -> None:
    result = asyncio.run(connect_to_refusing_server(429, Retry_After=header))
    assert result == ConnectFailed(detail, status=429, retry_after_ms=wait_ms)


def test_a_redirect_is_not_followed() -> None:
    result = asyncio.run(connect_to_refusing_server(302, Location="ws://127.0.0.1:1/"))
    where = "redirects to ws://127.0.0.1:1/, which is not followed; set the venue's URL to it if that is right"
    assert result == ConnectFailed(f"HTTP 302 No: {where}", status=302)


def test_a_closed_port_is_a_connection_error_without_errno() -> None:
    async def connect_to_closed_port() -> Socket | ConnectFailed:
        async with tcp_server(lambda _reader, _writer: asyncio.sleep(0)) as port:
            pass
        return await try_open(f"ws://{HOST}:{port}/")

    result = asyncio.run(connect_to_closed_port())
    assert isinstance(result, ConnectFailed) and not result.timeout and "Errno" not in result.detail


def test_a_server_that_never_answers_the_handshake_is_a_timeout() -> None:
    async def connect_to_silent_server() -> Socket | ConnectFailed:
        async with tcp_server(lambda reader, _writer: reader.read()) as port:
            return await try_open(f"ws://{HOST}:{port}/", timeout_ms=50)

    result = asyncio.run(connect_to_silent_server())
    assert isinstance(result, ConnectFailed) and result.timeout and result.status is None


def test_a_server_that_sends_headers_without_an_end_is_dropped_before_the_connect_limit() -> None:
    async def connect() -> Socket | ConnectFailed:
        async def send_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
            while not writer.transport.is_closing():
                writer.write(b"X-More: " + b"x" * 1_000 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0)

        async with tcp_server(send_headers) as port:
            return await try_open(f"ws://{HOST}:{port}/", timeout_ms=1_000 * TIMEOUT_S)

    result = asyncio.run(connect())
    assert isinstance(result, ConnectFailed) and not result.timeout


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_without_websocket_is_a_connection_error(answer: bytes) -> None:
    async def connect() -> Socket | ConnectFailed:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

        async with tcp_server(respond) as port:
            return await try_open(f"ws://{HOST}:{port}/")

    result = asyncio.run(connect())
    assert isinstance(result, ConnectFailed) and not result.timeout and result.detail
