"""Listening socket of a simulated venue: it hands on new connections up to a limit."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable

from toolkit.model.errors import InputError, UsageError

HOST = "127.0.0.1"
QUEUE = 128
"""Connections that the system holds until they are accepted."""

RETRY_S = 0.05
"""Time until the next attempt to accept while the process has too many files open."""

_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener:
    """Socket that listens on `port` of this machine; `accepted` takes each new connection.

    Raises UsageError if the port is in use, and InputError if the process has too many files open.
    """

    def __init__(self, port: int, accepted: Callable[[socket.socket], None], full: Callable[[], None]) -> None:
        try:
            self._socket = socket.create_server((HOST, port), backlog=QUEUE)
        except OSError as error:
            if error.errno in _NO_FILES:
                raise InputError(HOST, None, "no socket can be opened; raise `ulimit -n` (256 is enough)") from error
            raise UsageError(f"port {port} on {HOST} is not free: {error.strerror}") from error
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._accepted = accepted
        self._full = full
        self._task = asyncio.create_task(self._accept())

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    client, _ = await loop.sock_accept(self._socket)
                except OSError as error:
                    if error.errno in _NO_FILES:
                        self._full()
                    await asyncio.sleep(RETRY_S)
                else:
                    self._accepted(client)
        finally:
            self._socket.close()

    def close(self) -> None:
        """Refuse new connections at once; the socket is closed when its task has ended."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._task.cancel()

    async def wait_closed(self) -> None:
        """Wait until the port is free."""
        await asyncio.gather(self._task, return_exceptions=True)
