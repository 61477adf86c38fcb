"""The WebSocket door: opens a socket, reads and writes frames, and tells how it ended.

The library's own keep-alive is off: when to ping and what a missing pong means are the session's to decide. Redirects
are refused, for a feed that moves is news. A message longer than `LONGEST_OCTETS` ends the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from connectors.io.http import USER_AGENT, error_text, is_loopback, retry_after_ms
from connectors.session.events import Connect, ConnectFailed, Control, SendFailed, SocketClosed

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
FRAMES_AHEAD = 16
CLOSE_S = 1.0
SEND_S = 2.0

OnControl = Callable[[Control], None]
_CONTROLS = {Opcode.PING: Control.PING, Opcode.PONG: Control.PONG}


class _Connection(ClientConnection):
    """A connection that tells of control frames; it has answered a ping by then."""

    hear: OnControl = staticmethod(lambda _control: None)

    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and (control := _CONTROLS.get(event.opcode)) is not None:
            self.hear(control)


class _Opening(connect):
    """A connect that goes where it was told and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    """An open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._pings = itertools.count()

    async def read(self) -> bytes | SocketClosed:
        """The next data frame, or how the socket ended."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            return _ended(closed)

    async def send(self, text: str) -> SendFailed | None:
        """Write a text frame."""
        return await self._write(lambda: self._connection.send(text), ping=False)

    async def ping(self, payload: str) -> SendFailed | None:
        """Write a control ping; a number makes each payload unlike those that are still unanswered."""
        unique = f"{payload}{next(self._pings)}"
        return await self._write(lambda: self._connection.ping(unique), ping=True)

    async def _write(self, write: Callable[[], object], *, ping: bool) -> SendFailed | None:
        try:
            async with asyncio.timeout(SEND_S):
                await write()  # type: ignore[misc]
        except TimeoutError:
            return SendFailed(f"not written within {SEND_S:g} s", ping)
        except ConnectionClosed:
            pass  # The reader tells how it ended, with the code that the peer gave.
        return None

    async def close(self) -> None:
        """Close with code 1000, and drop the connection if the peer does not answer soon."""
        with contextlib.suppress(OSError, WebSocketException):
            await self._connection.close()


async def open_socket(wanted: Connect, hear: OnControl) -> Socket | ConnectFailed:
    """Open a socket within the time allowed; `hear` is told of control frames."""

    def made(*args: object, **kwargs: object) -> ClientConnection:
        connection = _Connection(*args, **kwargs)  # type: ignore[arg-type]
        connection.hear = hear
        return connection

    opening = _Opening(
        wanted.url,
        additional_headers=wanted.headers,
        user_agent_header=USER_AGENT,
        proxy=None if is_loopback(wanted.url) else True,
        open_timeout=None,
        ping_interval=None,
        close_timeout=CLOSE_S,
        max_size=MAX_MESSAGE_BYTES,
        max_queue=FRAMES_AHEAD,
        create_connection=made,  # type: ignore[arg-type]
    )
    try:
        async with asyncio.timeout(wanted.timeout_ms / 1_000):
            return Socket(await opening)
    except InvalidStatus as refused:
        response = refused.response
        return ConnectFailed(
            f"HTTP {response.status_code} {response.reason_phrase}".rstrip(),
            status=response.status_code,
            retry_after_ms=retry_after_ms(response.headers.get("Retry-After")),
        )
    except TimeoutError:
        return ConnectFailed(f"{urlsplit(wanted.url).hostname} did not answer", timeout=True)
    except (OSError, WebSocketException, EOFError, ValueError) as error:
        return ConnectFailed(error_text(error))


def _ended(closed: ConnectionClosed) -> SocketClosed:
    received, sent = closed.rcvd, closed.sent
    if received is not None and (sent is None or closed.rcvd_then_sent):
        return SocketClosed(received.code, received.reason)
    if sent is not None:
        return SocketClosed(None, f"ended by us: {sent.code} {sent.reason}".rstrip())
    return SocketClosed(None, "no close frame" if closed.__cause__ is None else error_text(closed.__cause__))
