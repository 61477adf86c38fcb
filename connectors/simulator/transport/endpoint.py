"""Serve one simulated venue on a socket: WebSocket and HTTP on one port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import traceback
from collections.abc import Iterable
from http import HTTPStatus

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Upgrade
from websockets.protocol import State

from connectors.session.events import Control
from connectors.simulator.messages import (
    Accepted,
    CloseConnection,
    ExchangeAction,
    HttpResponse,
    Refused,
    SendControl,
    SendData,
    ServedVenue,
    SetListening,
    Unanswered,
)
from connectors.simulator.protocols.limits import ServerLimits
from connectors.simulator.transport.http_requests import (
    HEAD_OCTETS,
    ReadRequest,
    RefusedRequestError,
    encode_response,
    read_request,
)
from connectors.simulator.transport.listener import RETRY_S, Listener
from connectors.simulator.transport.notices import Notices
from connectors.simulator.transport.peer import Peer, discard, end, reset, take_leave
from toolkit.model.errors import InputError, UsageError

READ_OCTETS = 4 * 1024
"""Bytes read from a client before the other clients have their turn."""

BACKLOG_OCTETS = 16 * 1024 * 1024
"""Limit of the bytes unsent to a client, beside its largest frame; a client above it is dropped, as by real venues."""

ALL_BACKLOGS_OCTETS = 64 * 1024 * 1024
"""Limit of the bytes unsent to all clients; above it the client with the most is dropped."""

SMALL_BACKLOG_OCTETS = 256 * 1024
"""Backlog of a client below which the limit of all clients is not looked at."""


class Endpoint:
    """Network endpoint of one venue on one port; `run` serves until it is cancelled.

    `notices` counts the clients that are refused.
    """

    def __init__(self, exchange: ServedVenue, port: int, limits: ServerLimits, notices: Notices) -> None:
        self.exchange = exchange
        self._port = port
        self._limits = limits
        self._notices = notices
        self._peers: dict[str, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: Listener | None = None
        self._schedule_changed = asyncio.Event()
        self._started_s: float | None = None

    @property
    def port(self) -> int:
        """TCP port; known once the server listens, and kept while new connections are refused."""
        return self._port

    def listen(self) -> None:
        """Start listening; the first call sets time 0 of the venue. Raises UsageError if the port is in use, and
        InputError if the process has too many files open.
        """
        if self._started_s is None:
            self._started_s = asyncio.get_running_loop().time()
        no_files = "no file is left to open (`ulimit -n`); it waits until one is"
        self._listener = Listener(self._port, self._accepted, lambda: self._notices.refused(no_files))
        self._port = self._listener.port

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
        listener = self._listener
        self._stop_listening()
        if listener is not None:
            await listener.wait_closed()
        for writer in self._writers:
            writer.transport.abort()
        ending = self._tasks | self._clients
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._notices.close()

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
                    self._check_backlog(action.conn_id, peer)
                case CloseConnection():
                    del self._peers[action.conn_id]
                    peer.close(action)

    def _check_backlog(self, conn_id: str, peer: Peer) -> None:
        if peer.unsent > BACKLOG_OCTETS + peer.largest:
            self._drop_slow(conn_id)
        elif peer.unsent > SMALL_BACKLOG_OCTETS:
            unsent = {each: other.unsent for each, other in self._peers.items()}
            if sum(unsent.values()) > ALL_BACKLOGS_OCTETS:
                self._drop_slow(max(unsent, key=unsent.__getitem__))

    def _drop_slow(self, conn_id: str) -> None:
        reset(self._peers.pop(conn_id).writer)
        self.exchange.drop_client(self._now_ms(), conn_id)
        self._notices.refused("it does not read what is sent to it")

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
                self.listen()
            except (UsageError, InputError):
                await asyncio.sleep(RETRY_S)

    # --- client events --------------------------------------------------------------------------------------------

    def _accepted(self, client: socket.socket) -> None:
        if len(self._clients) >= self._limits.connections:
            most = f"{self._limits.connections} connections are open (--max-connections)"
            self._notices.refused(most)
            with contextlib.suppress(OSError):
                client.send(encode_response(RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE, most).response()))
            client.close()
            return
        task = asyncio.create_task(self._serve(client))
        self._clients.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._clients.discard(task)
        # Without notices the event loop reports an error that is not looked at.
        if self._notices.written and not task.cancelled() and (error := task.exception()) is not None:
            at = traceback.extract_tb(error.__traceback__)[-1]
            self._notices.refused(f"an error of this server, {type(error).__name__} at {at.name}:{at.lineno}")

    async def _serve(self, client: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client, limit=HEAD_OCTETS)
        self._writers.add(writer)
        try:
            first = True
            while await self._serve_request(reader, writer, first=first):
                first = False
        except RefusedRequestError as refusal:
            self._notices.refused(str(refusal))
            writer.write(encode_response(refusal.response()))
            await take_leave(reader, writer)
        except (OSError, EOFError, ValueError):
            pass  # A broken or invalid request ends only the connection of its client.
        finally:
            await end(writer)
            self._writers.discard(writer)

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, first: bool) -> bool:
        """Serve one HTTP request; return whether the connection can serve another."""
        received = await read_request(reader, self._limits, first=first)
        if received.upgrades:
            await self._upgrade(received, reader, writer)
            return False
        response, actions = self.exchange.request(self._now_ms(), received.request)
        self._carry_out(actions)
        if isinstance(response, Refused):
            reset(writer)
            return False
        if isinstance(response, Unanswered):
            await discard(reader)
            return False
        writer.write(encode_response(response))
        async with asyncio.timeout(self._limits.request_s):
            await writer.drain()
        return not received.last

    async def _upgrade(self, received: ReadRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(writer, compress=self.exchange.compresses)
        peer.protocol.receive_data(received.head)
        upgrade = next((event for event in peer.protocol.events_received() if isinstance(event, Upgrade)), None)
        if upgrade is None:
            return
        response = peer.protocol.accept(upgrade)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            peer.protocol.send_response(response)
            peer.flush()
            return
        result, actions = self.exchange.connect(self._now_ms(), received.target, received.request.headers)
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
                writer.write(encode_response(result))
                await writer.drain()
            case Refused():
                # The exchange refuses connections shortly before the listener is closed.
                self._carry_out(actions)
                reset(writer)
            case _:
                self._carry_out(actions)
                await discard(reader)

    async def _read_frames(self, conn_id: str, peer: Peer, reader: asyncio.StreamReader) -> None:
        code: int | None = None
        try:
            while self._is_open(conn_id, peer) and (octets := await reader.read(READ_OCTETS)):
                peer.protocol.receive_data(octets)
                for event in peer.protocol.events_received():
                    if isinstance(event, Frame) and conn_id in self._peers:
                        code = self._handle_frame(conn_id, event) or code
                peer.flush()
                await asyncio.sleep(0)
        finally:
            failed = peer.failed_code
            if self._peers.pop(conn_id, None) is not None:
                if failed is None:
                    self._carry_out(self.exchange.client_left(self._now_ms(), conn_id, code))
                else:
                    self.exchange.drop_client(self._now_ms(), conn_id, failed)
                    self._notices.refused(f"its frames break the protocol (close code {failed})")
                self._schedule_changed.set()
        if failed is not None:
            await take_leave(reader, peer.writer)

    def _is_open(self, conn_id: str, peer: Peer) -> bool:
        return conn_id in self._peers and peer.protocol.state is State.OPEN

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
