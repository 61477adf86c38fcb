"""Frames through a real socket on loopback: a server in a process of its own, the connector's driver in this one.

The server sends the frames of a recording as fast as they are taken, or at a fixed rate. REST requests are answered
from the recording.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from connectors.clock import Clock
from connectors.io.destinations import Destinations
from connectors.io.driver import Driver, SharedResources
from connectors.io.http import HttpClient
from connectors.io.websocket import open_socket
from connectors.runner.queue import Publisher
from connectors.session.connector import Connector
from connectors.session.events import Connect, ConnectFailed, Fetch, Fetched, FetchFailed
from connectors.venues import venues
from tests.benchmarks.connectors.frames import Recording, new_connector
from tests.benchmarks.connectors.stages import NullJournal

PAUSE_S = 0.5
"""Time between the subscription with the first book and the measured frames."""


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """The load after the first book: `frames` frames, `rate` a second (0: as fast as they are taken)."""

    recording: Recording
    frames: int
    rate: int = 0


def _run_server(plan: ServerPlan, pipe: Connection) -> None:
    asyncio.run(_serve(plan, pipe))


async def _serve(plan: ServerPlan, pipe: Connection) -> None:
    first, measured = plan.recording.frames()[:], plan.recording.frames(plan.recording.measured)
    first = first[: len(first) - len(measured)]
    done = asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for each in first:
                await connection.send(each.data, text=not each.binary)
            await asyncio.sleep(PAUSE_S)
            sent_ns: list[int] = []
            began = time.perf_counter()
            for number, each in enumerate(itertools.islice(itertools.cycle(measured), plan.frames)):
                if plan.rate and (early_s := began + number / plan.rate - time.perf_counter()) > 0:
                    await asyncio.sleep(early_s)
                sent_ns.append(time.monotonic_ns())
                await connection.send(each.data, text=not each.binary)
            pipe.send(sent_ns)
            await connection.wait_closed()
        done.set()

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        pipe.send(next(iter(server.sockets)).getsockname()[1])
        await done.wait()


class _RecordedResponses:
    """Answers REST requests with the recorded responses, in their order, and refuses all after them."""

    def __init__(self, recording: Recording) -> None:
        self.destinations = Destinations()
        self._bodies = iter([each.body for each in recording.responses])

    async def fetch(self, request: Fetch, _headers: object = ()) -> Fetched | FetchFailed:
        body = next(self._bodies, None)
        return FetchFailed(request.ticket, "not recorded") if body is None else Fetched(request.ticket, body)


@dataclass(slots=True)
class _Connected:
    driver: Driver[Connector]
    shared: SharedResources
    pipe: Connection


@asynccontextmanager
async def _connected(plan: ServerPlan) -> AsyncIterator[_Connected]:
    """Run a server and a driver that is connected to it, both until the block ends."""
    with _ServerProcess(plan) as (port, pipe):
        machine = new_connector(venues()[plan.recording.venue])
        machine.target = replace(machine.target, ws_urls=(f"ws://127.0.0.1:{port}",))
        http = cast(HttpClient, _RecordedResponses(plan.recording))
        shared = SharedResources(Clock(), http, Publisher([plan.recording.venue]), NullJournal())
        driver = Driver(machine, shared)
        task = asyncio.create_task(driver.run())
        yield _Connected(driver, shared, pipe)
        driver.stop()
        await task


class _ServerProcess:
    """A server process; its context is its port, and the pipe on which it sends the times of its frames."""

    def __init__(self, plan: ServerPlan) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run_server, args=(plan, theirs), daemon=True)

    def __enter__(self) -> tuple[int, Connection]:
        self._process.start()
        return self._pipe.recv(), self._pipe

    def __exit__(self, *_: Any) -> None:
        self._process.terminate()
        self._process.join()


async def socket_seconds(recording: Recording) -> float:
    """Return the CPU seconds of this process to read one frame from the socket, and nothing more."""
    measured = len(recording.frames(recording.measured))
    with _ServerProcess(ServerPlan(recording, measured)) as (port, _):
        socket = await open_socket(Connect(f"ws://127.0.0.1:{port}", (), 5_000), lambda _: None)
        assert not isinstance(socket, ConnectFailed)
        for _ in range(len(recording.frames()) - measured):
            await socket.read()
        began = time.process_time()
        for _ in range(measured):
            await socket.read()
        seconds = (time.process_time() - began) / measured
        await socket.close()
        return seconds


async def end_to_end(recording: Recording, rate: int = 0) -> tuple[float, list[float]]:
    """Return the CPU seconds of this process for a frame, and the ms of each from the server to the runner's drain."""
    measured = len(recording.frames(recording.measured))
    async with _connected(ServerPlan(recording, measured, rate)) as connected:
        await _settle(connected.shared)
        arrived_ns: list[int] = []
        began = time.process_time()
        while len(arrived_ns) < measured:
            drained = await _drain(connected.shared, 30)
            arrived_ns += [time.monotonic_ns()] * drained
        cpu_s = time.process_time() - began
        sent_ns = await asyncio.to_thread(connected.pipe.recv)
    return cpu_s / measured, [(at - sent) / 1e6 for at, sent in zip(arrived_ns, sent_ns, strict=True)]


async def stalled_mib(recording: Recording, stall_s: float) -> tuple[float, float]:
    """Return the memory of this process in MiB after a tenth and at the end of a stall of the runner.

    Meanwhile the server has 10 000 frames a second to send.
    """
    plan = ServerPlan(recording, int(stall_s * 10_000), 10_000)
    async with _connected(plan) as connected:
        await _settle(connected.shared)
        await asyncio.sleep(stall_s / 10)
        early = _resident_mib()
        await asyncio.sleep(stall_s * 9 / 10)
        late = _resident_mib()
        connected.driver.stop()
        await _drain(connected.shared, 1)
    return early, late


async def _settle(shared: SharedResources) -> None:
    """Drain the books of the subscription, until the server's pause."""
    while not await _drain(shared, 30):
        pass
    with suppress(TimeoutError):
        while True:
            await _drain(shared, PAUSE_S / 2)


async def _drain(shared: SharedResources, timeout_s: float) -> int:
    """Wait for market events and take them; return the number of books and deltas. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        await shared.data_available.wait()
    shared.data_available.clear()
    drained = shared.publisher.drain()
    shared.space_available.set()
    return sum(each.lossless for each in drained)


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
