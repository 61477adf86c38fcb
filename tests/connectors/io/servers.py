"""Loopback servers, and helpers that connect to them, for the tests of the network clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from connectors.io.websocket import Socket, open_socket
from connectors.session.events import Connect, ConnectFailed, Control

HOST = "127.0.0.1"
TIMEOUT_S = 120

Handler = Callable[[ServerConnection], Awaitable[None]]
StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run an asynchronous test for at most `TIMEOUT_S` seconds."""
    asyncio.run(asyncio.wait_for(test, TIMEOUT_S))


@asynccontextmanager
async def websocket_server(handler: Handler, **options: Any) -> AsyncIterator[str]:
    """Run a WebSocket server; yield its URL."""
    async with serve(handler, HOST, 0, **options) as server:
        yield f"ws://{HOST}:{next(iter(server.sockets)).getsockname()[1]}/"


@asynccontextmanager
async def tcp_server(handler: StreamHandler) -> AsyncIterator[int]:
    """Run a TCP server; yield its port."""
    tasks: list[asyncio.Task[None]] = []

    async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await handler(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve_connection(reader, writer)))

    server = await asyncio.start_server(accept, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks)


async def try_open(url: str, controls: list[Control] | None = None, timeout_ms: int = 5_000) -> Socket | ConnectFailed:
    """Connect with one header; control frames are appended to `controls`."""
    on_control = (controls if controls is not None else []).append
    return await open_socket(Connect(url, (("X-Asked", "yes"),), timeout_ms), on_control)


async def connected_socket(url: str, controls: list[Control] | None = None) -> Socket:
    """Connect as `try_open` does; the connection must succeed."""
    socket = await try_open(url, controls)
    assert isinstance(socket, Socket)
    return socket
