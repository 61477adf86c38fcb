"""Loopback stand-ins for the way to a venue: certificates, a TLS relay, a resolver and a CONNECT proxy."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.connectors.io.servers import HOST, tcp_server

DAY = timedelta(days=1)


class Authority:
    """A certificate authority; the file `path` holds its certificate, `certificates` are server contexts by fault."""

    def __init__(self, folder: Path) -> None:
        self._own, self._other = trustme.CA(), trustme.CA()
        self.path = folder / "authority.pem"
        self._own.cert_pem.write_to_path(self.path)

    def server_context(self, host: str, fault: str = "") -> ssl.SSLContext:
        """Return the context of a server whose certificate has a fault: unknown, other_name, expired or early."""
        now = datetime.now(UTC)
        times = {
            "expired": {"not_before": now - 9 * DAY, "not_after": now - DAY},
            "early": {"not_before": now + DAY, "not_after": now + 9 * DAY},
        }
        authority = self._other if fault == "unknown" else self._own
        name = "elsewhere.test" if fault == "other_name" else host
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **times.get(fault, {})).configure_cert(context)
        return context


@asynccontextmanager
async def relay(target_port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Serve TLS and pass what is inside on to a port of this machine; yield the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection(HOST, target_port)
            await join((reader, writer), (inner_reader, inner_writer))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, HOST, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def join(one: Stream, other: Stream) -> None:
    """Pass bytes both ways until both ends are done, then close both."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    try:
        await asyncio.gather(copy(one[0], other[1]), copy(other[0], one[1]))
    finally:
        for _, writer in (one, other):
            writer.transport.abort()


class ConnectProxy:
    """A proxy on this machine that opens tunnels, or answers `status`; `asked` are the hosts and ports it was asked for."""

    def __init__(self, ports: Mapping[str, int], status: str = "200 Connection established") -> None:
        self.asked: list[str] = []
        self._ports, self._status = ports, status

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve; yield the proxy's URL."""
        async with tcp_server(self._serve) as port:
            yield f"http://{HOST}:{port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        assert method == "CONNECT"
        self.asked.append(target)
        writer.write(f"HTTP/1.1 {self._status}\r\nContent-Length: 0\r\n\r\n".encode())
        if self._status.startswith("200"):
            await join((reader, writer), await asyncio.open_connection(HOST, self._ports[target]))


@contextmanager
def resolving(patch: pytest.MonkeyPatch, *known: str) -> Iterator[None]:
    """Resolve the names `known` to this machine, and no other name, without a question to any server."""
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in known:
            return resolve(HOST, *args, **options)
        if name is None or name.replace(".", "").isdigit():
            return resolve(host, *args, **options)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with patch.context() as patched:
        patched.setattr(socket, "getaddrinfo", resolve_here)
        yield
