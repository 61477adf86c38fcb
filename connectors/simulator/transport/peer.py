"""Server side of one WebSocket connection, on the I/O-free protocol of the `websockets` library.

Without the library's I/O, a fault can leave a ping unanswered, end a stream without a close frame, reset a socket, or
let its bytes leave one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from connectors.session.events import Control
from connectors.simulator.messages import CloseConnection, Framing

FRAME_OCTETS = 1024 * 1024
"""Size limit of a frame from a client, in bytes."""

FRAGMENT_OCTETS = 64
"""Length of the fragments of a message in fragments."""

DRIP_S = 1.0
"""Time between two bytes of a message that drips."""

WAITING_FRAME_OCTETS = 256
"""Memory that a frame takes beside its bytes while it waits in the buffer of the transport."""

READ_OCTETS = 64 * 1024
"""Bytes read at a time from a client that is no longer heard."""

CLOSE_S = 1.0
"""Time after which a closed connection is dropped although its client has not taken all that was sent."""


class QuietProtocol(ServerProtocol):
    """WebSocket protocol without automatic pongs; the exchange decides which pings to answer."""

    def recv_frame(self, frame: Frame) -> None:
        """Process a frame; a ping is only recorded as an event."""
        if frame.opcode is Opcode.PING:
            self.events.append(frame)
        else:
            super().recv_frame(frame)


class Peer:
    """WebSocket connection of one client; its TCP stream is written through `writer`.

    `compress` accepts an offer of the client to compress messages. `largest` is the length of the largest message so
    far, in bytes.
    """

    def __init__(self, writer: asyncio.StreamWriter, *, compress: bool = False) -> None:
        extensions = [ServerPerMessageDeflateFactory()] if compress else None
        self.protocol = QuietProtocol(extensions=extensions, max_size=FRAME_OCTETS)
        self.writer = writer
        self.largest = 0
        self._frames = 0
        self._drips = False
        self._waiting = bytearray()

    @property
    def unsent(self) -> int:
        """The memory of what has not left for the client yet, in bytes."""
        octets = int(self.writer.transport.get_write_buffer_size())
        # The shortest frame has two bytes, so no more than half as many can wait.
        return octets + min(self._frames, octets // 2) * WAITING_FRAME_OCTETS + len(self._waiting)

    @property
    def failed_code(self) -> int | None:
        """Close code of the client's breach of the protocol, None if it committed none."""
        sent = self.protocol.close_sent
        return None if sent is None or self.protocol.close_rcvd is not None else sent.code

    def flush(self) -> None:
        """Write the protocol's pending bytes to the socket; an empty item ends the stream."""
        for octets in self.protocol.data_to_send():
            if self.writer.is_closing():
                return
            if self._drips:
                self._waiting += octets
            elif octets:
                self._frames = self._frames + 1 if self.writer.transport.get_write_buffer_size() else 0
                self.writer.write(octets)
            else:
                self.writer.write_eof()

    def send(self, data: str | bytes, framing: Framing = Framing.WHOLE) -> None:
        """Send a data frame in a manner, unless the connection is closing.

        What drips leaves at one byte each `DRIP_S` seconds, and everything after it waits, up to a frame of another
        manner.
        """
        if self.protocol.state is not State.OPEN:
            return
        octets = data.encode() if isinstance(data, str) else data
        self.largest = max(self.largest, len(octets))
        self._drip(framing is Framing.DRIPPED)
        size = FRAGMENT_OCTETS if framing is Framing.FRAGMENTED else max(1, len(octets))
        text = isinstance(data, str) or framing is Framing.RAW_TEXT
        begin = self.protocol.send_text if text else self.protocol.send_binary
        begin(octets[:size], fin=len(octets) <= size)
        for at in range(size, len(octets), size):
            self.protocol.send_continuation(octets[at : at + size], fin=at + size >= len(octets))
        self.flush()

    def _drip(self, drips: bool) -> None:
        """Begin to drip, or write what waits."""
        if drips and not self._drips:
            asyncio.get_running_loop().call_later(DRIP_S, self._write_byte)
        elif self._waiting and not drips and not self.writer.is_closing():
            self.writer.write(self._waiting)
            self._waiting = bytearray()
        self._drips = drips

    def _write_byte(self) -> None:
        if self._drips and not self.writer.is_closing():
            self.writer.write(bytes(self._waiting[:1]))
            del self._waiting[:1]
            asyncio.get_running_loop().call_later(DRIP_S, self._write_byte)

    def send_control(self, control: Control, payload: bytes) -> None:
        """Send a control frame, unless the connection is closing."""
        if self.protocol.state is not State.OPEN:
            return
        if control is Control.PING:
            self.protocol.send_ping(payload)
        else:
            self.protocol.send_pong(payload)
        self.flush()

    def close(self, action: CloseConnection) -> None:
        """Close the connection: with a close frame, without one, or by a TCP reset."""
        if action.code is not None and self.protocol.state is State.OPEN:
            # 1005 stands for a close frame without a code and must not be sent itself.
            code = None if action.code == CloseCode.NO_STATUS_RCVD else action.code
            self.protocol.send_close(code, action.reason if code else "")
            self.flush()
        if action.reset:
            reset(self.writer)
        else:
            self.writer.close()
            asyncio.get_running_loop().call_later(CLOSE_S, self.writer.transport.abort)


async def end(writer: asyncio.StreamWriter) -> None:
    """Close the connection; drop it after `CLOSE_S` if its client does not take what was sent."""
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


async def discard(reader: asyncio.StreamReader) -> None:
    """Read until the client leaves."""
    while await reader.read(READ_OCTETS):
        pass


async def take_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End our side and read on for a short time: a socket closed with bytes unread would reset before our last ones."""
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        async with asyncio.timeout(CLOSE_S):
            await discard(reader)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection at once with a TCP reset."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
