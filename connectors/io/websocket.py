"""WebSocket client: open a socket, read and write frames, and report how the socket ended.

The library's own keep-alive is off: the session decides when to ping and what a missing pong means. Redirects are
refused, because a feed that moves must be noticed. A message longer than `MAX_MESSAGE_BYTES` ends the socket. Messages
are not compressed, because a compressed one may be a thousand times larger once it is decoded.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from connectors.io.failures import error_text, failure_text
from connectors.io.http import USER_AGENT, refusal
from connectors.io.proxies import Proxy, UnusableProxyError, proxy_for
from connectors.io.tls import client_context
from connectors.session.events import Connect, ConnectFailed, Control, Received, SendFailed, SocketClosed

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_BUFFERED_FRAMES = 16
MAX_BUFFERED_BYTES = 2 * MAX_MESSAGE_BYTES
"""Frames and bytes that wait to be read, above which a socket is not read on."""
SYSTEM_BYTES = 256 * 1024
"""Bytes that the operating system keeps for a socket that is not read (Linux: twice that). Its own limit of several MB
would hold half a minute of a flood of small messages, which is read as data before the end of the socket."""
CLOSE_TIMEOUT_S = 1.0
SEND_TIMEOUT_S = 2.0
PARSED_BYTES = 256
"""Received bytes that are parsed in one go; they may hold 128 pings, which take nearly a millisecond."""
PARSING_S = 0.002
"""Time after which parsing leaves the event loop to the other sockets."""
CONTROLS_AT_ONCE, CONTROLS_PAUSE_S = 100, 0.010
"""Control frames in that time, above which parsing pauses: only a flood has so many, and it would use a whole core."""

OnControl = Callable[[Control], None]
"""Called for each control frame of the peer."""

_CONTROLS = {Opcode.PING: Control.PING, Opcode.PONG: Control.PONG}
_DATA = {Opcode.TEXT, Opcode.BINARY}
"""Operation codes of the first frame of a message."""


class _Connection(ClientConnection):
    """A connection that shares the event loop with others, whatever the peer sends.

    Received bytes are parsed in pieces, and other tasks run in between. While bytes wait to be parsed nothing is read,
    and they wait while too many frames are not taken or the peer does not take our pongs. The connection is dropped at
    once after a breach of the protocol or of a limit, and `CLOSE_TIMEOUT_S` after a close frame of the peer.

    `on_control` is called for each control frame, after the library has answered a ping.

    `binary` says of each message that is not read yet whether it is a binary one; the library tells that only by
    decoding text, and closes a socket whose text is not UTF-8.
    """

    on_control: OnControl = staticmethod(lambda _control: None)
    _unparsed = b""
    _buffered_bytes = 0
    _controls = 0
    _parsing: asyncio.Handle | None = None
    _closing: asyncio.Handle | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.binary: deque[bool] = deque()

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in _DATA:
            self.binary.append(event.opcode is Opcode.BINARY)
        super().process_event(event)
        if not isinstance(event, Frame):
            return
        if (control := _CONTROLS.get(event.opcode)) is not None:
            self._controls += 1
            self.on_control(control)
        else:
            self._buffered_bytes += len(event.data)

    def message_read(self, size: int) -> None:
        """Take note that a message of this many bytes was taken."""
        self._buffered_bytes -= size
        self._parse_soon()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SYSTEM_BYTES)
        self.recv_messages.pause = lambda: None
        self.recv_messages.resume = self._parse_soon

    def resume_writing(self) -> None:
        super().resume_writing()
        self._parse_soon()

    def data_received(self, data: bytes) -> None:
        self._unparsed += data
        if self._parsing is None:
            self._parse()

    def _parse_soon(self) -> None:
        if self._unparsed and self._parsing is None:
            self._parsing = self.loop.call_soon(self._parse)

    def _parse(self) -> None:
        self._parsing = None
        self._controls = 0
        data, at, until_s = self._unparsed, 0, self.loop.time() + PARSING_S
        while at < len(data) and not self._holds_back and self.loop.time() < until_s:
            super().data_received(data[at : at + PARSED_BYTES])
            at += PARSED_BYTES
            if self._is_dropped():
                return
        self._unparsed = data[at:]
        if not self._unparsed:
            self.transport.resume_reading()
            return
        self.transport.pause_reading()
        if self._controls > CONTROLS_AT_ONCE:
            self._parsing = self.loop.call_later(CONTROLS_PAUSE_S, self._parse)
        elif not self._holds_back:
            self._parse_soon()

    @property
    def _holds_back(self) -> bool:
        """True while received bytes must wait."""
        return self.recv_messages.paused or self.paused or self._buffered_bytes > MAX_BUFFERED_BYTES

    def _is_dropped(self) -> bool:
        """Drop the connection if it is not to be read on; return whether it is dropped."""
        if self.protocol.parser_exc is not None or self.protocol.handshake_exc is not None:
            self._unparsed = b""
            self.transport.abort()
            return True
        if self.protocol.close_rcvd is not None and self._closing is None:
            self._closing = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)
        return False


class _Connect(connect):
    """A connection attempt that follows no redirect."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    """An open WebSocket connection; `proxy` is the one that it goes through, None for none."""

    def __init__(self, connection: _Connection, proxy: Proxy | None = None) -> None:
        self.proxy = proxy
        self._connection = connection
        self._pings = itertools.count()

    @property
    def address(self) -> object:
        """Socket address of the other end: the venue, or the proxy."""
        return self._connection.remote_address

    @property
    def unsent_bytes(self) -> int:
        """Number of bytes that wait for the peer to take them."""
        return self._connection.transport.get_write_buffer_size()

    async def read(self) -> Received | SocketClosed:
        """Wait for the next data frame and return it, or return how the socket ended."""
        try:
            data = await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            return _closed_event(closed)
        self._connection.message_read(len(data))
        return Received(data, binary=self._connection.binary.popleft())

    async def send(self, text: str) -> SendFailed | None:
        """Write a text frame; return a failure if it is not written within `SEND_TIMEOUT_S` seconds.

        A closed socket is no failure here, because `read` reports it.
        """
        return await self._write(lambda: self._connection.send(text), ping=False)

    async def ping(self, payload: str) -> SendFailed | None:
        """Write a control ping, with a number after `payload`; return a failure as `send` does.

        The number makes the payload differ from those of pings that are still unanswered.
        """
        unique = f"{payload}{next(self._pings)}"
        return await self._write(lambda: self._connection.ping(unique), ping=True)

    async def _write(self, write: Callable[[], object], *, ping: bool) -> SendFailed | None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await write()  # type: ignore[misc]
        except TimeoutError:
            return SendFailed(f"not written within {SEND_TIMEOUT_S:g} s", ping)
        except ConnectionClosed:
            pass  # `read` reports how the socket ended, with the code of the peer.
        return None

    async def close(self) -> None:
        """Close with code 1000; drop the connection if the peer does not answer within `CLOSE_TIMEOUT_S` seconds."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close()
        except (OSError, WebSocketException):
            pass  # It is closed, or too late, such as where the peer takes none of our bytes.
        finally:
            self._connection.transport.abort()


async def open_socket(action: Connect, on_control: OnControl) -> Socket | ConnectFailed:
    """Open a socket within `action.timeout_ms`, or return why that failed."""

    def create_connection(*args: object, **kwargs: object) -> ClientConnection:
        connection = _Connection(*args, **kwargs)
        connection.on_control = on_control
        return connection

    try:
        proxy = proxy_for(action.url)
    except UnusableProxyError as error:
        return ConnectFailed(str(error))
    context = client_context() if urlsplit(action.url).scheme == "wss" else None
    attempt = _Connect(
        action.url,
        ssl=context,
        additional_headers=action.headers,
        user_agent_header=USER_AGENT,
        **_proxy_options(proxy),
        open_timeout=None,
        ping_interval=None,
        close_timeout=CLOSE_TIMEOUT_S,
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        max_queue=MAX_BUFFERED_FRAMES,
        create_connection=create_connection,  # type: ignore[arg-type]
    )
    try:
        async with asyncio.timeout(action.timeout_ms / 1_000):
            return Socket(cast(_Connection, await attempt), proxy)
    except InvalidStatus as error:
        response = error.response
        detail, retry_ms = refusal(
            response.status_code,
            response.reason_phrase,
            next(iter(response.headers.get_all("Retry-After")), None),
            next(iter(response.headers.get_all("Location")), None),
        )
        return ConnectFailed(detail, status=response.status_code, retry_after_ms=retry_ms)
    except TimeoutError:
        return ConnectFailed(f"{proxy or urlsplit(action.url).hostname} did not answer", timeout=True)
    except (OSError, WebSocketException, EOFError, ValueError, ImportError) as error:
        return ConnectFailed(failure_text(error, action.url, proxy))


def _proxy_options(proxy: Proxy | None) -> dict[str, Any]:
    if proxy is None:
        return {"proxy": None}
    return {"proxy": proxy.url} | ({"proxy_ssl": client_context()} if proxy.url.startswith("https:") else {})


def _closed_event(closed: ConnectionClosed) -> SocketClosed:
    received, sent = closed.rcvd, closed.sent
    if received is not None and (sent is None or closed.rcvd_then_sent):
        return SocketClosed(received.code, received.reason)
    if sent is not None:
        return SocketClosed(None, f"ended by us: {sent.code} {sent.reason}".rstrip())
    return SocketClosed(None, "no close frame" if closed.__cause__ is None else error_text(closed.__cause__))
