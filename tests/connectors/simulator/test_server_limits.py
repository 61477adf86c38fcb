"""Tests of the limits of the server of the simulated venues, over real sockets of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from connectors.simulator.ground_truth import TruthRow
from connectors.simulator.protocols.limits import ServerLimits
from connectors.simulator.scenario import Scenario
from connectors.simulator.server import loopback
from connectors.venues import venues

WAIT_S = 30
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@dataclass
class Server:
    """A served venue: its port, the path of its socket, its notices and its ground truth."""

    port: int
    path: str
    notices: list[str] = field(default_factory=list)
    truth: list[TruthRow] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{self.path}"

    async def answer(self, octets: bytes) -> bytes:
        """Send bytes and return all that comes until the server ends the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(octets)
            return await asyncio.wait_for(reader.read(), WAIT_S)
        finally:
            writer.close()

    async def until(self, event: str) -> TruthRow:
        """Wait for a row of the truth."""
        async with asyncio.timeout(WAIT_S):
            while (row := next((each for each in self.truth if each["event"] == event), None)) is None:
                await asyncio.sleep(0.01)
        return row


@asynccontextmanager
async def served(venue: str = "hyperliquid", **limits: Any) -> AsyncIterator[Server]:
    server = Server(0, "")
    async with loopback(
        {venue: venues()[venue]},
        Scenario(),
        limits=ServerLimits(**limits),
        write_truth=server.truth.append,
        write_notice=server.notices.append,
    ) as environ:
        url = urlsplit(environ[venues()[venue].ws.name])
        server.port, server.path = url.port or 0, url.path
        yield server


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 3 * WAIT_S))


def request(*headers: str) -> bytes:
    lines = ["POST /info HTTP/1.1", *headers, "Content-Length: 19", "Connection: close", "", '{"type": "allMids"}']
    return "\r\n".join(lines).encode()


REQUESTS = {
    "no host": (request(), 200),
    "own names": (request("Host: LOCALHOST:80", "Origin: http://127.0.0.1:3000"), 200),
    "own addresses": (request("Host: [::1]:80", "Origin: http://app.localhost"), 200),
    "another address of this machine": (request("Host: 127.8.0.1"), 200),
    "foreign host": (request("Host: evil.example"), 403),
    "a foreign host after an own one": (request("Host: localhost", "Host: evil.example"), 403),
    "foreign origin": (request("Host: localhost", "Origin: https://evil.example"), 403),
    "a name that begins like an own one": (request("Host: localhost.evil.example"), 403),
    "the origin of a file": (request("Host: localhost", "Origin: null"), 403),
    "an origin without an end": (request("Host: localhost", "Origin: http://[::1"), 403),
    "101 headers": (request(*(f"X-{number}: 1" for number in range(101))), 431),
    "a long header": (request("X: " + "x" * 70_000), 431),
    "a long body": (b"POST /info HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
    "half a request": (b"POST /info HTTP/1.1\r\nContent-", 408),
    "half a body": (b"POST /info HTTP/1.1\r\nContent-Length: 10\r\n\r\n{", 408),
    "nothing": (b"", 408),
    "half a handshake": (b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n", 408),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_outside_the_limits_is_answered_and_noted_once(name: str) -> None:
    octets, status = REQUESTS[name]

    async def test() -> None:
        async with served(request_s=0.3 if status == 408 else WAIT_S) as server:
            for _ in range(2):
                assert (await server.answer(octets)).split(b" ")[1] == str(status).encode()
            assert len(server.notices) == (status != 200)
        assert [each for each in server.notices[1:] if "refused 2 times" not in each] == []

    run(test)


def test_a_foreign_host_is_served_where_the_setting_is_off() -> None:
    async def test() -> None:
        async with served(own_hosts_only=False) as server:
            octets = request("Host: venue.example", "Origin: https://venue.example")
            assert (await server.answer(octets)).startswith(b"HTTP/1.1 200 ")

    run(test)


def test_a_connection_above_the_limit_is_refused_until_another_has_left() -> None:
    async def test() -> None:
        async with served(connections=2) as server:
            async with connect(server.url), connect(server.url):
                assert (await server.answer(b"")).startswith(b"HTTP/1.1 503 ")
            async with asyncio.timeout(WAIT_S):
                while not (await server.answer(request())).startswith(b"HTTP/1.1 200 "):
                    pass

    run(test)


def subscription(dex: str = "") -> str:
    """Return a subscription whose channel has a name of any length, as the texts of its clients go into it."""
    return json.dumps({"method": "subscribe", "subscription": {"type": "allMids", "dex": dex}})


@pytest.mark.parametrize(
    ("limits", "dex", "refusals"), [({"subscriptions": 3}, "x", 2), ({"name_chars": 300}, "x" * 400, 5)]
)
def test_a_subscription_above_a_limit_of_the_server_is_refused(limits: dict[str, int], dex: str, refusals: int) -> None:
    async def test() -> None:
        async with served(**limits) as server, connect(server.url, max_queue=None) as socket:
            for number in range(5):
                await socket.send(subscription(f"{dex}{number}"))
            refused = []
            while len(refused) < refusals:
                message = json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))
                refused += [message["data"]] if message["channel"] == "error" else []
            assert all(len(text) < 400 for text in refused)
            assert sum(row["event"] == "subscribed" for row in server.truth) == 5 - refusals

    run(test)


def test_a_client_that_pings_and_reads_nothing_is_dropped() -> None:
    ping = b"\x89\xfd\0\0\0\0" + bytes(125)

    async def test() -> None:
        async with served() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
            writer.write(HANDSHAKE.format(path=server.path).encode())
            with pytest.raises(OSError):
                while True:
                    writer.write(ping * 1_000)
                    await writer.drain()
            assert (await server.until("conn_end"))["ended_by"] == "server_drop"
            assert [row["event"] for row in server.truth if row["conn_id"]] == [
                "accept", "slow_consumer", "server_close", "conn_end",
            ]  # fmt: skip
            assert not reader.at_eof()

    run(test)


BREACHES = {
    "a reserved bit": (b"\xf1\x80\0\0\0\0", 1002),
    "2 MiB": (b"\x81\xff" + (2 << 20).to_bytes(8) + bytes(4), 1009),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_socket_that_breaks_the_protocol_is_closed_and_the_truth_tells_its_end(breach: str) -> None:
    octets, code = BREACHES[breach]

    async def test() -> None:
        async with served() as server:
            answer = await server.answer(HANDSHAKE.format(path=server.path).encode() + octets)
            assert code.to_bytes(2) in answer.partition(b"\r\n\r\n")[2]
            closed, ended = await server.until("server_close"), await server.until("conn_end")
            assert (closed["how"], closed["code"], ended["ended_by"]) == ("close_frame", code, "server_close")

    run(test)


def test_a_client_that_reads_is_served_beside_one_that_floods() -> None:
    async def test() -> None:
        async with served() as server, connect(server.url, max_queue=None) as socket:
            await socket.send('{"method": "subscribe", "subscription": {"type": "bbo", "coin": "ETH"}}')
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(HANDSHAKE.format(path=server.path).encode() + b"\x8a\x80\0\0\0\0" * 100_000)
            for _ in range(4):
                assert await asyncio.wait_for(socket.recv(), WAIT_S)
            writer.close()

    run(test)


def test_a_full_table_of_open_files_leaves_one_line_and_the_server_goes_on(tmp_path: Path) -> None:
    command = f"ulimit -n 40; exec {sys.executable} -m toolkit venues serve --venue hyperliquid --request-seconds 1"
    with (
        (tmp_path / "stderr").open("w") as stderr,
        subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=stderr, env=os.environ) as server,
    ):
        assert server.stdout is not None
        url = next(line for line in server.stdout if b"ws://" in line).decode().strip().partition("=")[2]
        port = urlsplit(url).port

        async def test() -> None:
            clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
            for reader, writer in clients:
                await asyncio.wait_for(reader.read(), WAIT_S)
                writer.close()
            async with connect(url) as socket:
                await socket.send(subscription())
                assert await asyncio.wait_for(socket.recv(), WAIT_S)

        try:
            run(test)
        finally:
            server.terminate()
            server.communicate(timeout=WAIT_S)
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert sum("no file is left to open" in line for line in lines) <= 2
    assert sum("ulimit" in line and "others like it" in line for line in lines) == 1
    assert not any("Traceback" in line for line in lines)


def test_a_client_that_leaves_by_itself_is_no_refusal() -> None:
    async def test() -> None:
        async with served() as server:
            async with connect(server.url) as socket:
                await socket.close(1000)
            row = await server.until("client_gone")
            assert row["ws_code"] == 1000
            with pytest.raises(ConnectionClosedError):
                async with connect(server.url) as socket:
                    socket.transport.abort()
                    await socket.recv()
        assert server.notices == []

    run(test)
