"""A hostile venue: a relay before a simulated venue that can attack its client on sockets, handshakes and requests.

While no attack is on, it passes on what the simulated venue sends, so the client is served in the dialect of its venue.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.frames import Opcode

from connectors.session.events import Received

HOST = "127.0.0.1"
KEPT_MESSAGES = 200
READ_BYTES = 64 * 1024

Write = Callable[[bytes], Awaitable[None]]


@dataclass(eq=False)
class AttackedSocket:
    """An open WebSocket of the client; `messages` are the last ones of the simulated venue on any socket."""

    writer: asyncio.StreamWriter
    messages: deque[Received]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, octets: bytes) -> None:
        """Send whole frames between two frames of the simulated venue."""
        async with self.lock:
            self.writer.write(octets)
            await self.writer.drain()

    def reset(self) -> None:
        """Drop the connection with a reset."""
        with contextlib.suppress(OSError, AttributeError):
            raw = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass(frozen=True)
class Hostility:
    """The behaviour of the venue during an attack.

    `on_socket` runs on each open socket, `on_upgrade` instead of a handshake, `on_request` instead of the answer to a
    REST request. With `mute` nothing passes between client and simulated venue, `first_message` is sent on each new socket.
    `reset_before` and `reset_after` drop the open sockets.
    """

    on_socket: Callable[[AttackedSocket], Awaitable[None]] | None = None
    on_upgrade: Callable[[Write], Awaitable[None]] | None = None
    on_request: Callable[[Write], Awaitable[None]] | None = None
    mute: bool = False
    first_message: bytes = b""
    reset_before: bool = False
    reset_after: bool = False


class Front:
    """The relay before one simulated venue, which listens on `upstream`."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._sockets: dict[AttackedSocket, asyncio.Task[None] | None] = {}
        self._messages: deque[Received] = deque(maxlen=KEPT_MESSAGES)
        self._hostility: Hostility | None = None
        self.port = 0

    def begin(self, hostility: Hostility) -> None:
        """Begin an attack on open and new connections."""
        self._hostility = hostility
        for each in list(self._sockets):
            if hostility.reset_before:
                each.reset()
            else:
                self._attack(each)

    def end(self) -> None:
        """End the attack."""
        hostility, self._hostility = self._hostility, None
        for each, task in list(self._sockets.items()):
            if task is not None:
                task.cancel()
            if hostility is not None and hostility.reset_after:
                each.reset()

    def _attack(self, attacked: AttackedSocket) -> None:
        if self._hostility is not None and self._hostility.on_socket is not None:
            self._sockets[attacked] = asyncio.create_task(_attack(self._hostility.on_socket, attacked))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            while await self._serve_request(reader, writer):
                pass
        writer.transport.abort()

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
        is_upgrade = headers.get(b"upgrade") == b"websocket"
        hostility = self._hostility
        hostile = hostility and (hostility.on_upgrade if is_upgrade else hostility.on_request)
        if hostile:
            await hostile(_writing(writer))
            return False
        up_reader, up_writer = await asyncio.open_connection(HOST, self._upstream)
        try:
            up_writer.write(head + body)
            response = await up_reader.readuntil(b"\r\n\r\n")
            writer.write(response)
            if is_upgrade and b" 101 " in response.split(b"\r\n")[0]:
                await self._relay_socket(reader, writer, up_reader, up_writer)
                return False
            lines = response.lower().split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
            writer.write(await up_reader.readexactly(length))
            await writer.drain()
        finally:
            up_writer.transport.abort()
        return True

    async def _relay_socket(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        attacked = AttackedSocket(writer, self._messages)
        self._sockets[attacked] = None
        to_venue = asyncio.create_task(_quietly(self._copy_from_client(reader, up_writer)))
        to_client = asyncio.create_task(_quietly(self._copy_frames(up_reader, attacked)))
        if self._hostility is not None:
            writer.write(self._hostility.first_message)
            self._attack(attacked)
        await asyncio.wait({to_venue, to_client}, return_when=asyncio.FIRST_COMPLETED)
        task = self._sockets.pop(attacked)
        for each in (to_venue, to_client, task):
            if each is not None:
                each.cancel()

    async def _copy_from_client(self, reader: asyncio.StreamReader, up_writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(READ_BYTES):
            if self._hostility is None or not self._hostility.mute:
                up_writer.write(octets)
                await up_writer.drain()

    async def _copy_frames(self, up_reader: asyncio.StreamReader, attacked: AttackedSocket) -> None:
        while True:
            head = await up_reader.readexactly(2)
            length = head[1] & 0x7F
            if length >= 126:
                more = await up_reader.readexactly(2 if length == 126 else 8)
                head, length = head + more, int.from_bytes(more, "big")
            payload = await up_reader.readexactly(length)
            if (opcode := head[0] & 0x0F) in (Opcode.TEXT, Opcode.BINARY):
                attacked.messages.append(Received(payload, binary=opcode == Opcode.BINARY))
            if self._hostility is None or not self._hostility.mute:
                await attacked.send(head + payload)


@asynccontextmanager
async def front_before(upstream: int) -> AsyncIterator[Front]:
    """Run a relay before the simulated venue that listens on this port."""
    front = Front(upstream)
    tasks = set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(front.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, HOST, 0, limit=READ_BYTES)
    front.port = server.sockets[0].getsockname()[1]
    try:
        yield front
    finally:
        server.close()
        for task in tasks:
            task.cancel()


def _writing(writer: asyncio.StreamWriter) -> Write:
    async def write(octets: bytes) -> None:
        writer.write(octets)
        await writer.drain()

    return write


async def _attack(on_socket: Callable[[AttackedSocket], Awaitable[None]], attacked: AttackedSocket) -> None:
    """Attack a socket until its connection ends."""
    await _quietly(on_socket(attacked))


async def _quietly(awaited: Awaitable[None]) -> None:
    """Await something that ends when its connection ends."""
    with contextlib.suppress(OSError, EOFError):
        await awaited
