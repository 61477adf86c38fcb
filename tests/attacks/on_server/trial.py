"""One attack on a served venue: its memory, share of a core and lines, and how a usual client is served."""

from __future__ import annotations

import asyncio
import shlex
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from connectors.settings import resolve, target, venue_settings
from connectors.venues import venues
from tests.attacks.on_server.catalogue import ServerAttack
from tests.attacks.process_load import ProcessLoad

AGAIN_S = 30.0
"""Time after an attack within which a new client must be served."""
MAX_PEAK_MB = 300.0
MAX_LINES = 2
MAX_WAIT_S = 5.0
FRAMES_TO_BEGIN = 3


@dataclass(frozen=True)
class Outcome:
    """The effects of an attack on a server.

    `lines` is the number written to standard error, `open_files` that at the end of the attack. `longest_wait_s` is the
    longest time without a frame of a client that was there before, `again_s` the time until a new one had a frame after
    the attack; None if it had none.
    """

    attack: ServerAttack
    peak_mb: float
    share: float
    lines: int
    open_files: int
    longest_wait_s: float | None
    again_s: float | None

    @property
    def failure(self) -> str:
        """The bounds that the server broke; empty if it broke none."""
        if self.longest_wait_s is None or self.again_s is None:
            return "a usual client was not served"
        bounds = (
            (self.peak_mb, MAX_PEAK_MB, "MB of memory"),
            (self.lines, MAX_LINES, "lines"),
            (self.longest_wait_s, MAX_WAIT_S, "s without a frame"),
        )
        return "; ".join(f"{found:.0f} {what}" for found, most, what in bounds if found > most)

    def row(self) -> str:
        """Return the row of the table in Markdown."""
        wait = "not served" if self.longest_wait_s is None else f"{self.longest_wait_s:.1f} s"
        again = "not served" if self.again_s is None else f"{self.again_s:.1f} s"
        return (
            f"| **{self.attack.name}**: {self.attack.what} | {self.attack.venue} | {self.peak_mb:.0f} | {self.share:.2f} "
            f"| {self.lines} | {self.open_files} | {wait} | {again} |"
        )


class Client:
    """A usual client of a venue: it subscribes to the book and reads."""

    def __init__(self, venue: str, environ: dict[str, str]) -> None:
        spec = venues()[venue]
        where = target(spec, resolve(venue_settings(spec), environ), "ETH")
        self.url = spec.socket_url(where.ws_urls[0], where)
        self._subscribes = [topic.subscribe for topic in spec.topics(where) if topic.subscribe is not None]

    async def begin(self) -> ClientConnection:
        """Open a socket, subscribe, and read the first frames."""
        socket = await connect(self.url, ping_interval=None, max_queue=None, open_timeout=AGAIN_S)
        for text in self._subscribes:
            await socket.send(text)
        for _ in range(FRAMES_TO_BEGIN):
            await socket.recv()
        return socket

    async def again(self) -> float | None:
        """Return the time until a new socket has frames, None if it has none in time."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while loop.time() - began_s < AGAIN_S:
            try:
                async with asyncio.timeout(AGAIN_S):
                    await (await self.begin()).close()
                return loop.time() - began_s
            except (OSError, WebSocketException):
                await asyncio.sleep(0.1)
        return None


class LongestWait:
    """Longest time between two frames of a socket; `s` is None once the socket has ended."""

    def __init__(self, socket: ClientConnection) -> None:
        self.s: float | None = 0.0
        self._socket = socket

    async def read(self) -> None:
        """Read until the socket ends."""
        loop = asyncio.get_running_loop()
        last_s = loop.time()
        async for _ in self._socket:
            self.s, last_s = max(self.s or 0.0, loop.time() - last_s), loop.time()
        self.s = None


async def attacked_server(attack: ServerAttack, seconds: float) -> Outcome:
    """Make an attack for a time on a new server and return what it did."""
    with tempfile.TemporaryDirectory() as directory:
        stderr = Path(directory) / "stderr"
        async with _served(attack, stderr) as (process, environ):
            client = Client(attack.venue, environ)
            socket = await client.begin()
            wait, before = LongestWait(socket), _lines(stderr)
            reading = asyncio.create_task(wait.read())
            load = ProcessLoad(process.pid)
            async with _running(
                "-m", "tests.attacks.on_server.catalogue", attack.name, attack.venue, client.url
            ) as attacker:
                assert attacker.stdout is not None
                await attacker.stdout.readline()
                peak_mb, share = await load.measure(seconds)
                open_files = load.open_files()
            again_s = await client.again()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            longest_s = wait.s
            await socket.close()
            lines = _lines(stderr) - before
        return Outcome(attack, peak_mb, share, lines, open_files, longest_s, again_s)


def _lines(path: Path) -> int:
    return len(path.read_text(errors="replace").splitlines())


@asynccontextmanager
async def _served(
    attack: ServerAttack, stderr: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, str]]]:
    python = f"{shlex.quote(sys.executable)} -m toolkit venues serve --venue {attack.venue}"
    command = ("-c", f"ulimit -n {attack.files}; exec {python} 2>{shlex.quote(str(stderr))}")
    async with _running(*command, program="sh") as process:
        assert process.stdout is not None
        environ: dict[str, str] = {}
        while not {venues()[attack.venue].rest.name, venues()[attack.venue].ws.name} <= environ.keys():
            name, _, value = (await process.stdout.readline()).decode().removeprefix("export ").strip().partition("=")
            environ[name] = value
        yield process, environ


@asynccontextmanager
async def _running(*arguments: str, program: str = sys.executable) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the table in Markdown."""
    head = "| attack | venue | peak MB | core | lines | open files | longest wait of a client | a new client after |"
    return "\n".join([head, "|" + "---|" * 8, *(each.row() for each in outcomes)])
