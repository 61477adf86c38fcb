"""Stand-in for the public endpoints: the simulated venues behind TLS and names of their own, in a thread of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from connectors.simulator.protocols.limits import ServerLimits
from connectors.simulator.scenario import Scenario
from connectors.simulator.server import loopback
from connectors.venues import venues
from tests.connectors.io.servers import HOST, tcp_server
from tests.connectors.io.tls_servers import Authority, relay

STARTS_WITHIN_S = 30
T = TypeVar("T")


def host_of(venue: str) -> str:
    """Return the name of a venue's stand-in; a log line would not show the venue's whole name unchanged."""
    return f"{venue[:3]}.test"


HOSTS = tuple(host_of(venue) for venue in venues())


class StandIn:
    """Running stand-in: `ports` by venue, `environ` leads connectors there by name."""

    def __init__(self, environ: Mapping[str, str], ports: Mapping[str, int]) -> None:
        self.ports = ports
        self.environ = dict(environ)
        for name, port in ports.items():
            self.set_address(name, f"{host_of(name)}:{port}")

    def set_address(self, venue: str, address: str, scheme: str = "s") -> None:
        """Lead the connector of a venue to a host and port, with TLS unless `scheme` is empty."""
        described = venues()[venue]
        for setting, plain in ((described.ws, "ws"), (described.rest, "http")):
            path = urlsplit(self.environ[setting.name]).path
            self.environ[setting.name] = f"{plain}{scheme}://{address}{path}"


@contextmanager
def in_thread(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Run a server in a thread with an event loop of its own; yield what it yields."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[T] = []

    async def serve() -> None:
        async with server as running:
            found.append(running)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(STARTS_WITHIN_S)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(STARTS_WITHIN_S)
        loop.close()


@asynccontextmanager
async def stand_in(authority: Authority, faults: Mapping[str, str] | None = None) -> AsyncIterator[StandIn]:
    """Serve every venue behind TLS; `faults` are those of certificates, by venue."""
    async with AsyncExitStack() as stack:
        environ = await stack.enter_async_context(
            loopback(venues(), Scenario(), limits=ServerLimits(own_hosts_only=False))
        )
        ports = {}
        for name, venue in venues().items():
            inner = urlsplit(environ[venue.rest.name]).port
            assert inner is not None
            context = authority.server_context(host_of(name), (faults or {}).get(name, ""))
            ports[name] = await stack.enter_async_context(relay(inner, context))
        yield StandIn(environ, ports)


@asynccontextmanager
async def redirecting(location: str) -> AsyncIterator[str]:
    """Answer every request with a redirect; yield the address of the server."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    async with tcp_server(answer) as port:
        yield f"{HOST}:{port}"
