"""Server of the simulated venues: one port per venue, and the environment that points connectors to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from connectors.simulator.exchange import Exchange
from connectors.simulator.ground_truth import TruthWriter
from connectors.simulator.messages import ServedVenue
from connectors.simulator.protocols import protocols
from connectors.simulator.protocols.base import VenueProtocol
from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.simulator.protocols.limits import ServerLimits
from connectors.simulator.replay.replayed_venue import ReplayedVenue
from connectors.simulator.replay.tape_files import recorded_settings
from connectors.simulator.scenario import Scenario
from connectors.simulator.transport.endpoint import Endpoint
from connectors.simulator.transport.listener import HOST
from connectors.simulator.transport.notices import Notices
from connectors.venues.spec import Venue

DEFAULT_LIMITS = ServerLimits()


def exchanges(
    protocols: Mapping[str, VenueProtocol],
    scenario: Scenario,
    *,
    base: str = "ETH",
    seed: int = 1,
    start_unix_ms: int = 0,
    write_truth: TruthWriter | None = None,
    limits: ServerLimits | None = None,
) -> dict[str, Exchange]:
    """Create the exchanges of these venues; `start_unix_ms` is the wall clock at their time 0."""
    return {
        name: Exchange(
            protocol,
            base=base,
            seed=seed,
            start_unix_ms=start_unix_ms,
            plan=scenario.of(name),
            write_truth=write_truth,
            limits=limits,
        )
        for name, protocol in protocols.items()
    }


@asynccontextmanager
async def serving(
    exchanges: Mapping[str, ServedVenue],
    first_port: int = 0,
    limits: ServerLimits = DEFAULT_LIMITS,
    write_notice: Callable[[str], None] | None = None,
) -> AsyncIterator[dict[str, int]]:
    """Serve venues while the context is open; yields the port of each venue.

    Ports are consecutive from `first_port`; 0 takes any free ports. `write_notice` receives a line for each kind of
    refused client. Raises UsageError if a port is in use.
    """
    servers = {
        name: Endpoint(exchange, first_port + number if first_port else 0, limits, Notices(name, write_notice))
        for number, (name, exchange) in enumerate(exchanges.items())
    }
    running: list[asyncio.Task[None]] = []
    try:
        for server in servers.values():
            server.listen()
        running = [asyncio.create_task(server.run()) for server in servers.values()]
        yield {name: server.port for name, server in servers.items()}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for server in servers.values():
            await server.close()


def environment(venues: Mapping[str, Venue], ports: Mapping[str, int], base: str) -> dict[str, str]:
    """Return the environment that points connectors to the simulated venues instead of the real ones."""
    environ: dict[str, str] = {}
    for name, port in ports.items():
        venue = venues[name]
        environ[venue.market.name] = venue.symbol.format(base=base)
        for setting, scheme in ((venue.ws, "ws"), (venue.rest, "http")):
            path = urlsplit(str(setting.default).split(",")[0]).path
            environ[setting.name] = f"{scheme}://{HOST}:{port}{path}"
    return environ


def client_environment(venues: Mapping[str, Venue], environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` (see `environment`) with every further name that a client of these venues may read.

    Without them, a client that prefers another name would send its requests to the real venue.
    """
    found = dict(environ)
    for venue in venues.values():
        for setting in (venue.market, venue.ws, venue.rest):
            found |= dict.fromkeys(setting.aliases, environ[setting.name])
        server = urlsplit(environ[venue.rest.name])
        found |= {name: f"{server.scheme}://{server.netloc}{path}" for name, path in venue.client_paths.items()}
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
    profile: ClientProfile = ClientProfile.CURRENT,
    limits: ServerLimits = DEFAULT_LIMITS,
    write_notice: Callable[[str], None] | None = None,
) -> AsyncIterator[dict[str, str]]:
    """Serve these venues, SIMULATED, while the context is open; yields the environment that points connectors to them.

    `write_truth` receives the rows of the ground truth, and `write_notice` a line for each kind of refused client.
    `profile` is the kind of clients. Raises UsageError if a port is in use.
    """
    selected = {name: protocol for name, protocol in protocols(profile).items() if name in venues}
    start_unix_ms = unix_ms()
    simulated = exchanges(
        selected, scenario, base=base, seed=seed, start_unix_ms=start_unix_ms, write_truth=write_truth, limits=limits
    )
    facts = {"simulated": True, "seed": seed, "scenario": scenario.name, "base": base}
    rates = {name: 1_000 / protocol.update_ms for name, protocol in selected.items()}

    def write(event: str, **fields: object) -> None:
        if write_truth is not None:
            write_truth({"t_unix_ms": unix_ms(), "venue": "all", "conn_id": None, "event": event, **fields})

    async with serving(simulated, first_port, limits, write_notice) as ports:
        write("server_ready", **facts, ports=ports, rates=rates)
        yield environment(venues, ports, base)
    write("server_stop")


@asynccontextmanager
async def replaying(
    venues: Mapping[str, ReplayedVenue],
    *,
    first_port: int = 0,
    limits: ServerLimits = DEFAULT_LIMITS,
    write_notice: Callable[[str], None] | None = None,
) -> AsyncIterator[dict[str, str]]:
    """Serve these tapes while the context is open; yields the environment that points connectors to them.

    It has the recorded market and options of each tape. Raises UsageError if a port is in use.
    """
    described = {name: venue.tape.venue for name, venue in venues.items()}
    async with serving(venues, first_port, limits, write_notice) as ports:
        environ = environment(described, ports, "")
        for venue in venues.values():
            environ |= recorded_settings(venue.tape.venue, venue.tape.header)
        yield environ


def unix_ms() -> int:
    """Return the wall clock in Unix ms."""
    return time.time_ns() // 1_000_000
