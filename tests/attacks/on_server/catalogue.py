"""Attacks of a hostile client on a served venue; `python -m tests.attacks.on_server.catalogue NAME VENUE URL` makes
one.

Each goes on until it is stopped. It runs in a process of its own, so that it delays neither the server nor its clients.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tests.attacks.on_server.dialects import SUBSCRIBE, requests_url, subscribe, subscribe_many, unknown

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PAUSE_S = 0.01


@dataclass(frozen=True)
class Place:
    """The address of the attacked server."""

    url: str

    async def open(self) -> Streams:
        """Open a connection."""
        parts = urlsplit(self.url)
        return await asyncio.open_connection(parts.hostname, parts.port)

    async def socket(self) -> Streams:
        """Open a WebSocket connection; its answer is read, and nothing after it."""
        reader, writer = await self.open()
        writer.write(self.head("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {'A' * 22}=="))
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    def head(self, *headers: str) -> bytes:
        """Return the head of a request."""
        parts = urlsplit(self.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        own = (f"Host: {parts.netloc}", "User-Agent: attack", "Sec-WebSocket-Version: 13")
        return "\r\n".join((f"GET {target} HTTP/1.1", *own, *headers, "", "")).encode()


def frame(opcode: int, payload: bytes = b"") -> bytes:
    """Return a whole frame of a client; its mask is 0, so the payload is as it is."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xff" + size.to_bytes(8)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


async def _held(open_one: Callable[[], Awaitable[Streams]], count: int, first: bytes = b"") -> None:
    """Open connections, send some bytes on each, and hold those that are left."""
    held = []
    for _ in range(count):
        with contextlib.suppress(OSError, EOFError):
            streams = await open_one()
            streams[1].write(first)
            held.append(streams)
    await asyncio.Event().wait()


async def _again(place: Place, octets: bytes, at_once: int = 8) -> None:
    """Send these bytes on a new connection and read its end, again and again."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError, EOFError):
                reader, writer = await place.open()
                writer.write(octets)
                await reader.read()
                writer.close()

    await asyncio.gather(*(one() for _ in range(at_once)))


async def _flood(place: Place, octets: bytes, sockets: int, *, handshake: bool = True, reads: bool = False) -> None:
    """Send these bytes on each connection as fast as they are taken; open another for one that is dropped."""

    async def one() -> None:
        while True:
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(OSError, EOFError):
                reader, writer = await (place.socket() if handshake else place.open())
                reading = asyncio.create_task(_discard(reader)) if reads else None
                try:
                    while True:
                        writer.write(octets)
                        await writer.drain()
                finally:
                    writer.close()
                    if reading is not None:
                        reading.cancel()

    await asyncio.gather(*(one() for _ in range(sockets)))


async def _discard(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 20):
        pass


async def _subscriptions(place: Place, venue: str, count: int, name: str) -> None:
    """Subscribe to channels with different names on one socket, and read what comes."""
    reader, writer = await Place(requests_url(venue, place.url)).socket()
    reading = asyncio.create_task(_discard(reader))
    for number in range(count):
        writer.write(frame(1, subscribe(venue, f"{name}{number}")))
        await writer.drain()
    await reading
    await asyncio.Event().wait()


async def _requests(place: Place, venue: str, request: bytes) -> None:
    """Send a request again and again on 4 sockets, whose answers are not read."""
    await _flood(Place(requests_url(venue, place.url)), frame(1, request), 4)


@dataclass(frozen=True)
class ServerAttack:
    """An attack on a served venue, in a process with `files` to open; `make` goes on until it is stopped."""

    name: str
    what: str
    make: Callable[[Place], Coroutine[Any, Any, None]]
    venue: str = "extended"
    files: int = 4_096


def _headers(count: int) -> tuple[str, ...]:
    return tuple(f"X-{number}: 1" for number in range(count))


def _in_dialects(name: str, what: str, make: Callable[[Place, str], Coroutine[Any, Any, None]]) -> list[ServerAttack]:
    """Return an attack at every venue, because it depends on what the venue takes for a subscription."""
    return [ServerAttack(name, what, partial(make, venue=venue), venue) for venue in SUBSCRIBE]


MIB = 1 << 20
ATTACKS = (
    ServerAttack("none", "a usual client alone", lambda to: _held(to.open, 0)),
    ServerAttack("half handshakes", "500 handshakes without an end", lambda to: _held(to.open, 500, to.head()[:-2])),
    ServerAttack("silent connections", "500 connections that send nothing", lambda to: _held(to.open, 500)),
    ServerAttack("sockets", "1 000 sockets of books that are not read", lambda to: _held(to.socket, 1_000)),
    ServerAttack("full table", "500 connections, 100 files to open", lambda to: _held(to.open, 500), files=100),
    ServerAttack("pings", "pings on 4 sockets, answers read", lambda to: _flood(to, frame(9) * 1_000, 4, reads=True)),
    ServerAttack("pings unread", "pings of 125 bytes on 4 sockets", lambda to: _flood(to, frame(9, bytes(125)) * 99, 4)),
    ServerAttack("empty pings unread", "pings of 0 bytes on 4 sockets", lambda to: _flood(to, frame(9) * 1_000, 4)),
    ServerAttack("texts", "messages that are no JSON on 4 sockets", lambda to: _flood(to, frame(1, b"?") * 1_000, 4)),
    ServerAttack("broken frames", "a reserved bit, 8 sockets at a time", lambda to: _flood(to, b"\xf1\x80\0\0\0\0", 8)),
    ServerAttack("long messages", "messages of 2 MiB", lambda to: _flood(to, frame(1, bytes(2 * MIB)), 4)),
    ServerAttack("101 headers", "requests with 101 headers", lambda to: _again(to, to.head(*_headers(101)))),
    ServerAttack("foreign origin", "handshakes of a page", lambda to: _again(to, to.head("Origin: https://a.example"))),
    ServerAttack("foreign host", "another host's name", lambda to: _again(to, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")),
    ServerAttack(
        "answers unread", "requests, answers not read", lambda to: _flood(to, to.head() * 100, 4, handshake=False)
    ),
    *_in_dialects(
        "long names", "400 subscriptions with names of 1 MB", partial(_subscriptions, count=400, name="x" * 999_000)
    ),
    *_in_dialects("subscriptions", "1 900 subscriptions of one socket", partial(_subscriptions, count=1_900, name="")),
    *_in_dialects(
        "unknown requests", "requests of 900 kB, answers not read", partial(_requests, request=unknown(900_000))
    ),
    ServerAttack(
        "many names", "60 000 names in a request, answers not read",
        lambda to: _requests(to, "aster", subscribe_many(60_000)), "aster",
    ),
)  # fmt: skip


if __name__ == "__main__":
    chosen = next(each for each in ATTACKS if (each.name, each.venue) == (sys.argv[1], sys.argv[2]))
    print("begun", flush=True)
    asyncio.run(chosen.make(Place(sys.argv[3])))
