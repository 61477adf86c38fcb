"""The loopback venues as a service: one port a venue, and the environment that leads connectors to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from connectors.simulator.exchange import Exchange, exchanges
from connectors.simulator.ground_truth import TruthWriter
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import Scenario
from connectors.simulator.sockets import HOST, Endpoint
from connectors.venues.spec import Venue


@asynccontextmanager
async def serving(exchanges: Mapping[str, Exchange], first_port: int = 0) -> AsyncIterator[dict[str, int]]:
    """Serve venues for as long as the context is open; gives each venue's port.

    Ports follow each other from `first_port`; 0 takes any free ones. Raises UsageError when one is taken.
    """
    servers = {
        name: Endpoint(exchange, first_port + number if first_port else 0)
        for number, (name, exchange) in enumerate(exchanges.items())
    }
    running: list[asyncio.Task[None]] = []
    try:
        for server in servers.values():
            await server.listen()
        running = [asyncio.create_task(server.run()) for server in servers.values()]
        yield {name: server.port for name, server in servers.items()}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for server in servers.values():
            await server.close()


def environment(venues: Mapping[str, Venue], ports: Mapping[str, int], base: str) -> dict[str, str]:
    """The environment names that lead a connector to the loopback venues instead of the real ones."""
    found: dict[str, str] = {}
    for name, port in ports.items():
        venue = venues[name]
        found[venue.market.name] = venue.symbol.format(base=base)
        for setting, scheme in ((venue.ws, "ws"), (venue.rest, "http")):
            path = urlsplit(str(setting.default).split(",")[0]).path
            found[setting.name] = f"{scheme}://{HOST}:{port}{path}"
    return found


@asynccontextmanager
async def loopback(
    venues: Mapping[str, Venue],
    scenario: Scenario,
    *,
    base: str = "ETH",
    seed: int = 1,
    first_port: int = 0,
    write_truth: TruthWriter | None = None,
) -> AsyncIterator[dict[str, str]]:
    """Serve these venues, SIMULATED, while the context is open; gives the environment that leads connectors to them.

    `tell` takes the rows of the truth. Raises UsageError when a port is taken.
    """
    spoken = {name: protocol for name, protocol in protocols().items() if name in venues}
    start_unix_ms = unix_ms()
    served = exchanges(spoken, scenario, base=base, seed=seed, start_unix_ms=start_unix_ms, write_truth=write_truth)
    facts = {"simulated": True, "seed": seed, "scenario": scenario.name, "base": base}
    rates = {name: 1_000 / protocol.update_ms for name, protocol in spoken.items()}

    def say(event: str, **more: object) -> None:
        if write_truth is not None:
            write_truth({"t_unix_ms": unix_ms(), "venue": "all", "conn_id": None, "event": event, **more})

    async with serving(served, first_port) as ports:
        say("server_ready", **facts, ports=ports, rates=rates)
        yield environment(venues, ports, base)
    say("server_stop")


def unix_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000
