"""Tests of the simulated venues on real sockets: frames, REST, the ends of connections, and the command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.settings import resolve, target, venue_settings
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.ground_truth import TruthFile, TruthRow
from connectors.simulator.scenario import PlannedFault, Scenario, plan
from connectors.simulator.server import loopback
from connectors.venues import venues
from connectors.venues.frames import DecodeMiss
from tests.connectors.simulator.listener import NAMES, Listener
from toolkit.model.errors import InputError, UsageError

WAIT_S = 60

each_venue = pytest.mark.parametrize("venue", NAMES)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 3 * WAIT_S))


class Truth(list[TruthRow]):
    """Ground truth rows written so far, with a method to wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self._row_added = asyncio.Event()

    def write(self, row: TruthRow) -> None:
        self.append(row)
        self._row_added.set()

    async def until(self, event: str) -> None:
        while not any(row["event"] == event for row in self):
            self._row_added.clear()
            await asyncio.wait_for(self._row_added.wait(), WAIT_S)


@asynccontextmanager
async def served(venue: str, *faults: PlannedFault) -> AsyncIterator[tuple[str, Truth]]:
    """Serve one venue; yields the URL that a connector opens, and the ground truth."""
    truth = Truth()
    async with loopback({venue: venues()[venue]}, Scenario("test", faults), write_truth=truth.write) as environ:
        yield url_of(venue, environ), truth


def url_of(venue: str, environ: dict[str, str]) -> str:
    spec = venues()[venue]
    venue_target = target(spec, resolve(venue_settings(spec), environ), "ETH")
    venue_target = replace(venue_target, instrument=Listener(venue).target.instrument)
    return spec.socket_url(venue_target.ws_urls[0], venue_target)


async def connect_and_subscribe(venue: str, url: str) -> ClientConnection:
    socket = await connect(url, ping_interval=None, max_queue=None)
    for topic in venues()[venue].topics(Listener(venue).target):
        if topic.subscribe is not None:
            await socket.send(topic.subscribe)
    return socket


async def read_to_end(socket: ClientConnection) -> BaseException | None:
    """Read to the end of the connection and return its error, None for a normal close."""
    try:
        async for _ in socket:
            pass
    except ConnectionClosedError as error:
        return error
    return None


@each_venue
def test_the_venues_codec_reads_every_frame_sent(venue: str) -> None:
    async def test() -> None:
        async with served(venue) as (url, _), await connect_and_subscribe(venue, url) as socket:
            for _ in range(12):
                data = await asyncio.wait_for(socket.recv(), WAIT_S)
                received = Received(data, binary=isinstance(data, bytes))
                frames = decode(venues()[venue], Listener(venue).target, received, parse(venues()[venue], received))
                assert not any(isinstance(frame, DecodeMiss) for frame in frames)

    run(test)


@each_venue
def test_rest_answers_on_the_same_port_and_an_unknown_path_is_not_found(venue: str) -> None:
    async def test() -> None:
        spec = venues()[venue]
        async with loopback({venue: spec}, Scenario()) as environ, httpx.AsyncClient() as client:
            base = environ[spec.rest.name]
            assert spec.snapshot is not None
            call = spec.snapshot.call(Listener(venue).target)
            response = await client.request(call.method, base + call.path, content=call.body)
            assert response.status_code == 200
            assert spec.snapshot.decode(response.json(), Listener(venue).target).bids
            assert (await client.get(base + "/nothing/here")).status_code == 404

    run(test)


@each_venue
def test_a_ping_is_answered_with_its_payload(venue: str) -> None:
    async def test() -> None:
        async with served(venue) as (url, _), connect(url, ping_interval=None, max_queue=None) as socket:
            await asyncio.wait_for(await socket.ping(b"here"), WAIT_S)

    run(test)


@pytest.mark.parametrize("kind", ["no_pong", "half_open"])
def test_a_ping_is_left_unanswered_during_the_fault(kind: str) -> None:
    async def test() -> None:
        async with (
            served("paradex", plan("paradex", kind, 0.1)) as (url, truth),
            connect(url, ping_interval=None, max_queue=None, close_timeout=0) as socket,
        ):
            await truth.until("fault_start")
            assert (await asyncio.wait({await socket.ping()}, timeout=0.3))[0] == set()

    run(test)


ENDS = {
    "close": ({"code": 1012, "reason": "restart"}, (1012, "restart"), None),
    "close without a frame": ({"code": 1006}, None, None),
    "drop": ({}, None, ConnectionResetError),
}


@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("venue", ["aster", "lighter"])
def test_a_connection_ends_on_the_socket_in_the_manner_of_the_fault(venue: str, kind: str) -> None:
    values, frame, cause = ENDS[kind]

    async def test() -> None:
        # Several times: on a loaded machine the connection may open after the first fault.
        faults = [plan(venue, kind.partition(" ")[0], at_s, **values) for at_s in (0.5, 3, 10, 30)]
        async with served(venue, *faults) as (url, truth):
            error = await read_to_end(await connect_and_subscribe(venue, url))
        assert isinstance(error, ConnectionClosedError)
        assert (error.rcvd and (error.rcvd.code, error.rcvd.reason)) == frame
        assert cause is None or isinstance(error.__cause__, cause)
        events = [row["event"] for row in truth if row["conn_id"] and row["event"] != "frame"]
        assert events[0] == "accept"
        assert events[-2:] == ["server_close", "conn_end"]

    run(test)


def test_a_closed_port_refuses_connections_and_opens_again() -> None:
    async def test() -> None:
        async with served("extended", plan("extended", "refuse", 0, 1)) as (url, truth):
            await truth.until("fault_start")
            with pytest.raises(ConnectionRefusedError):
                await connect(url)
            await truth.until("fault_end")
            while (socket := await try_connect(url)) is None:
                pass
            async with socket:
                assert json.loads(await socket.recv())["type"] == "SNAPSHOT"

    run(test)


async def try_connect(url: str) -> ClientConnection | None:
    try:
        return await connect(url, max_queue=None)
    except ConnectionRefusedError:
        return None


def test_an_http_status_to_the_handshake_has_its_retry_after() -> None:
    async def test() -> None:
        busy = plan("paradex", "http_429", 0, 10, status=429, retry_after_s=7)
        async with served("paradex", busy) as (url, truth):
            await truth.until("fault_start")
            with pytest.raises(InvalidStatus) as caught:
                await connect(url)
            assert caught.value.response.status_code == 429
            assert caught.value.response.headers["Retry-After"] == "7"

    run(test)


def test_messages_are_compressed_only_during_the_fault_and_for_a_client_that_offers_it() -> None:
    async def test() -> None:
        async with served("lighter", plan("lighter", "compressed", 1, 30)) as (url, truth):
            for fault in (False, True):
                if fault:
                    await truth.until("fault_start")
                for offer in (None, "deflate"):
                    async with connect(url, compression=offer, max_queue=None) as socket:
                        extensions = socket.response and socket.response.headers.get("Sec-WebSocket-Extensions", "")
                        assert ("permessage-deflate" in str(extensions)) == (fault and offer is not None)
                        assert json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))["type"] == "connected"

    run(test)


def test_a_rest_request_is_left_unanswered_during_the_fault() -> None:
    async def test() -> None:
        spec = venues()["aster"]
        plans = Scenario("test", (plan("aster", "snapshot_timeout", 0, 30),))
        async with loopback({"aster": spec}, plans) as environ, httpx.AsyncClient() as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"{environ[spec.rest.name]}/fapi/v1/ping", timeout=0.5)

    run(test)


def test_a_black_hole_accepts_the_connection_and_never_answers() -> None:
    async def test() -> None:
        async with served("lighter", plan("lighter", "black_hole", 0, 30)) as (url, truth):
            await truth.until("fault_start")
            with pytest.raises(TimeoutError):
                await connect(url, open_timeout=0.5)

    run(test)


def test_a_port_in_use_is_named_in_the_error() -> None:
    async def test() -> None:
        all_venues = venues()
        async with loopback({"aster": all_venues["aster"]}, Scenario()) as environ:
            port = int(environ["ASTER_WS_URL"].rpartition(":")[2].partition("/")[0])
            with pytest.raises(UsageError, match=str(port)):
                async with loopback({"lighter": all_venues["lighter"]}, Scenario(), first_port=port):
                    pass

    run(test)


def test_an_invalid_request_ends_only_its_connection() -> None:
    async def test() -> None:
        async with served("hyperliquid") as (url, _):
            port = int(url.rpartition(":")[2].partition("/")[0])
            for invalid in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"POST /info HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(invalid)
                assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
                writer.close()
            async with await connect_and_subscribe("hyperliquid", url) as socket:
                assert await asyncio.wait_for(socket.recv(), WAIT_S)

    run(test)


# --- the command ------------------------------------------------------------------------------------------------------


def serve(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from toolkit.cli import main; main()", "venues", "serve", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_prints_the_environment_and_writes_the_truth(tmp_path: Path) -> None:
    truth = tmp_path / "truth" / "truth.jsonl"
    server = serve("--truth", str(truth), "--seed", "5", "--base", "btc", "--venue", "paradex")
    assert server.stdout is not None
    lines = [server.stdout.readline().strip() for _ in range(3)]
    server.send_signal(signal.SIGTERM)
    _, stderr = server.communicate(timeout=WAIT_S)
    assert server.returncode == 0
    assert lines[0] == "export PARADEX_MARKET=BTC-USD-PERP"
    assert [line.partition("=")[2].partition("://")[0] for line in lines[1:]] == ["ws", "http"]
    assert "SIMULATED" in stderr
    rows = [json.loads(line) for line in truth.read_text().splitlines()]
    assert (rows[0]["event"], rows[0]["seed"], rows[0]["simulated"]) == ("server_ready", 5, True)
    assert rows[-1]["event"] == "server_stop"


def test_the_command_lists_every_fault_with_its_settings() -> None:
    command = [sys.executable, "-c", "from toolkit.cli import main; main()", "venues", "faults"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["kind", *FAULTS]
    assert all(name in line for fault, line in zip(FAULTS.values(), listed[1:], strict=True) for name in fault.values)


READ_BY_CLIENTS = {
    "HL_COIN", "HL_WS_URL", "HL_WS_URLS", "HL_REST_URL", "HL_REST_URLS", "HL_INFO_URL", "HL_INFO_URLS",
    "LIGHTER_MARKET", "LIGHTER_WS_URL", "LIGHTER_HTTP_BASE_URL", "LIGHTER_REST_URL",
    "EXTENDED_MARKET", "EXTENDED_WS_URL", "EXTENDED_REST_URL", "ASTER_MARKET", "ASTER_WS_URL", "ASTER_REST_URL",
    "PARADEX_MARKET", "PARADEX_WS_URL", "PARADEX_REST_URL",
}  # fmt: skip
"""Names of the markets and URLs that the connectors and `paraphina_live` read."""


def test_the_shell_lines_of_the_command_leave_no_url_of_a_real_venue() -> None:
    server = serve("--minutes", "0.02")
    printed, _ = server.communicate(timeout=WAIT_S)
    real = dict.fromkeys(READ_BY_CLIENTS, "https://real.example") | {"LIGHTER_MARKET_ID": "48"}
    shell = ["sh", "-c", f"{printed}\nenv"]
    lines = subprocess.run(shell, env={**real, "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    environment = dict(line.split("=", 1) for line in lines.stdout.splitlines())
    urls = {name: urlsplit(value) for name, value in environment.items() if "URL" in name}
    assert environment.keys() >= READ_BY_CLIENTS
    assert "LIGHTER_MARKET_ID" not in environment
    assert {url.hostname for url in urls.values()} == {"127.0.0.1"}
    assert len({urls[name].port for name in READ_BY_CLIENTS if name.startswith("HL_") and "URL" in name}) == 1
    assert (urls["HL_INFO_URL"].path, urls["HL_WS_URL"].path) == ("/info", "/ws")


INVALID_OPTIONS = {
    ("--venue", "nasdaq"): 2,
    ("--minutes", "-1"): 2,
    ("--base", "E/TH"): 2,
    ("--profile", "other"): 2,
    ("--max-connections", "0"): 2,
    ("--request-seconds", "nan"): 2,
    ("--request-seconds", "-1"): 2,
    ("--scenario", "/nowhere.toml"): 3,
}


@pytest.mark.parametrize("options", INVALID_OPTIONS, ids="".join)
def test_an_invalid_option_of_the_command_is_named(options: tuple[str, str]) -> None:
    server = serve(*options)
    _, stderr = server.communicate(timeout=WAIT_S)
    assert server.returncode == INVALID_OPTIONS[options]
    assert options[1] in stderr
    assert "Traceback" not in stderr


def test_a_truth_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="truth"):
        TruthFile(tmp_path)
