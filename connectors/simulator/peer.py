"""Server side of one WebSocket connection, on the I/O-free protocol of the `websockets` library.

Without the library's I/O, a fault can leave a ping unanswered, end a stream without a close frame, or reset a socket.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from connectors.session.events import Control
from connectors.simulator.messages import CloseConnection

FRAME_OCTETS = 1024 * 1024
"""Size limit of a frame from a client, in bytes."""


class QuietProtocol(ServerProtocol):
    """WebSocket protocol without automatic pongs; the exchange decides which pings to answer."""

    def recv_frame(self, frame: Frame) -> None:
        """Process a frame; a ping is only recorded as an event."""
        if frame.opcode is Opcode.PING:
            self.events.append(frame)
        else:
            super().recv_frame(frame)


class Peer:
    """WebSocket connection of one client; its TCP stream is written through `writer`."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.protocol = QuietProtocol(max_size=FRAME_OCTETS)
        self.writer = writer

    def flush(self) -> None:
        """Write the protocol's pending bytes to the socket; an empty item ends the stream."""
        for octets in self.protocol.data_to_send():
            if self.writer.is_closing():
                return
            if octets:
                self.writer.write(octets)
            else:
                self.writer.write_eof()

    def send(self, data: str | bytes) -> None:
        """Send a data frame, unless the connection is closing."""
        if self.protocol.state is not State.OPEN:
            return
        if isinstance(data, str):
            self.protocol.send_text(data.encode())
        else:
            self.protocol.send_binary(data)
        self.flush()

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


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection at once with a TCP reset."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
