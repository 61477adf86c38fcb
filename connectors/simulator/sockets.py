"""Serve one simulated venue on a socket: WebSocket and HTTP on one port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from http import HTTPStatus
from http.client import HTTPMessage, parse_headers
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Upgrade

from connectors.session.events import Control
from connectors.simulator.messages import (
    Accepted,
    CloseConnection,
    ExchangeAction,
    HttpResponse,
    Refused,
    Request,
    SendControl,
    SendData,
    ServedVenue,
    SetListening,
    Unanswered,
)
from connectors.simulator.peer import Peer, reset
from toolkit.model.errors import InputError, UsageError

HOST = "127.0.0.1"
HEAD_OCTETS = 64 * 1024
BODY_OCTETS = 1024 * 1024
BACKLOG_OCTETS = 16 * 1024 * 1024
"""Limit of the bytes unsent to a client, beside its largest frame; a client above it is dropped, as by real venues."""

RETRY_S = 0.05
"""Interval of the attempts to listen again on a port in use."""


class Endpoint:
    """Network endpoint of one venue on one port; `run` serves until it is cancelled."""

    def __init__(self, exchange: ServedVenue, port: int = 0) -> None:
        self.exchange = exchange
        self._port = port
        self._peers: dict[str, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None
        self._schedule_changed = asyncio.Event()
        self._started_s: float | None = None

    @property
    def port(self) -> int:
        """TCP port; known once the server listens, and kept while new connections are refused."""
        return self._port

    async def listen(self) -> None:
        """Start listening; the first call sets time 0 of the venue. Raises UsageError if the port is in use, and
        InputError if the process has too many files open.
        """
        if self._started_s is None:
            self._started_s = asyncio.get_running_loop().time()
        try:
            self._listener = await asyncio.start_server(self._serve, HOST, self._port, limit=HEAD_OCTETS)
        except OSError as error:
            raise UsageError(f"port {self._port} on {HOST} is not free: {error.strerror}") from error
        if not self._listener.sockets:
            # The event loop passes over a socket that the system refuses to create.
            raise InputError(HOST, None, "no socket can be opened; raise `ulimit -n` (256 is enough)")
        self._port = self._listener.sockets[0].getsockname()[1]

    async def run(self) -> None:
        """Run the exchange in real time."""
        while True:
            self._carry_out(self.exchange.advance(self._now_ms()))
            wait_s = max(0.0, (self.exchange.due_ms - self._now_ms()) / 1_000)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._schedule_changed.wait()
            self._schedule_changed.clear()

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._listener is not None:
            self._listener.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _now_ms(self) -> int:
        return int((asyncio.get_running_loop().time() - (self._started_s or 0.0)) * 1_000)

    # --- actions of the exchange ----------------------------------------------------------------------------------

    def _carry_out(self, actions: Iterable[ExchangeAction]) -> None:
        for action in actions:
            if isinstance(action, SetListening):
                self._resume_listening() if action.open else self._stop_listening()
                continue
            if (peer := self._peers.get(action.conn_id)) is None:
                continue
            match action:
                case SendData():
                    peer.send(action.data, action.framing)
                    self._check_backlog(action.conn_id, peer)
                case SendControl(control=control, payload=payload):
                    peer.send_control(control, payload)
                case CloseConnection():
                    del self._peers[action.conn_id]
                    peer.close(action)

    def _check_backlog(self, conn_id: str, peer: Peer) -> None:
        if peer.unsent > BACKLOG_OCTETS + peer.largest:
            del self._peers[conn_id]
            reset(peer.writer)
            self.exchange.drop_slow_client(self._now_ms(), conn_id)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _resume_listening(self) -> None:
        task = asyncio.create_task(self._listen_again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen_again(self) -> None:
        """Listen again on the port; retry while another process holds it."""
        while self._listener is None:
            try:
                await self.listen()
            except UsageError:
                await asyncio.sleep(RETRY_S)

    # --- client events --------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._serve_request(reader, writer):
                pass
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError):
            pass  # A broken or invalid request ends only the connection of its client.
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one HTTP request; return whether the connection can serve another."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode("ascii").split(" ", 2)
        headers = parse_headers(BytesIO(rest))
        if headers.get("Upgrade", "").lower() == "websocket":
            await self._upgrade(head, target, _by_lower_name(headers), reader, writer)
            return False
        body = await reader.readexactly(min(int(headers.get("Content-Length", "0")), BODY_OCTETS))
        parts = urlsplit(target)
        request = Request(method, parts.path, dict(parse_qsl(parts.query)), body, _by_lower_name(headers))
        response, actions = self.exchange.request(self._now_ms(), request)
        self._carry_out(actions)
        if isinstance(response, Refused):
            reset(writer)
            return False
        if isinstance(response, Unanswered):
            await _ignore(reader)
            return False
        writer.write(_encode_http(response))
        await writer.drain()
        return headers.get("Connection", "").lower() != "close"

    async def _upgrade(
        self,
        head: bytes,
        target: str,
        headers: dict[str, str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        peer = Peer(writer, compress=self.exchange.compresses)
        peer.protocol.receive_data(head)
        upgrade = next((event for event in peer.protocol.events_received() if isinstance(event, Upgrade)), None)
        if upgrade is None:
            return
        response = peer.protocol.accept(upgrade)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            peer.protocol.send_response(response)
            peer.flush()
            return
        result, actions = self.exchange.connect(self._now_ms(), target, headers)
        match result:
            case Accepted(conn_id):
                peer.protocol.send_response(response)
                peer.flush()
                self._peers[conn_id] = peer
                self._carry_out(actions)
                self._schedule_changed.set()
                await self._read_frames(conn_id, peer, reader)
            case HttpResponse():
                self._carry_out(actions)
                writer.write(_encode_http(result))
                await writer.drain()
            case Refused():
                # The exchange refuses connections shortly before the listener is closed.
                self._carry_out(actions)
                reset(writer)
            case _:
                self._carry_out(actions)
                await _ignore(reader)

    async def _read_frames(self, conn_id: str, peer: Peer, reader: asyncio.StreamReader) -> None:
        code: int | None = None
        try:
            while (octets := await reader.read(HEAD_OCTETS)) and conn_id in self._peers:
                peer.protocol.receive_data(octets)
                for event in peer.protocol.events_received():
                    if isinstance(event, Frame):
                        code = self._handle_frame(conn_id, event) or code
                peer.flush()
        finally:
            if self._peers.pop(conn_id, None) is not None:
                self._carry_out(self.exchange.client_left(self._now_ms(), conn_id, code))
                self._schedule_changed.set()

    def _handle_frame(self, conn_id: str, frame: Frame) -> int | None:
        """Pass a frame to the exchange; return the code of a close frame, None for any other."""
        now_ms, data = self._now_ms(), bytes(frame.data)
        match frame.opcode:
            case Opcode.TEXT:
                self._carry_out(self.exchange.receive(now_ms, conn_id, data.decode("utf-8", "replace")))
            case Opcode.BINARY:
                self._carry_out(self.exchange.receive(now_ms, conn_id, data))
            case Opcode.PING | Opcode.PONG:
                control = Control.PING if frame.opcode is Opcode.PING else Control.PONG
                self._carry_out(self.exchange.receive_control(now_ms, conn_id, control, data))
            case Opcode.CLOSE:
                return int.from_bytes(data[:2], "big") or None
        self._schedule_changed.set()
        return None


def _by_lower_name(headers: HTTPMessage) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _ignore(reader: asyncio.StreamReader) -> None:
    """Read until the client leaves."""
    while await reader.read(HEAD_OCTETS):
        pass


def _encode_http(response: HttpResponse) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Simulated"
    named = {"Content-Type": "application/json", "Content-Length": str(len(response.body)), **dict(response.headers)}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {response.status} {phrase}\r\n{head}\r\n".encode() + response.body
