"""Temporary copies of pipes, which can be read only once: standard input, named pipes, process substitution."""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from toolkit.model.errors import InputError

STANDARD_INPUT = "-"
"""Path by which commands name standard input."""

NOTE_AFTER_S = 1.0
_PIECE_BYTES = 1 << 20
_KEPT_FREE_BYTES = 1 << 30
"""Bytes of the disk that a spool leaves free, or half of those that are free if they are fewer than twice as many."""
_NO_SPACE = (
    "has more than {:.3g} GB, and the temporary directory ({}) has no space for more; free some, set TMPDIR to a larger"
    " disk, or write it to a file and name that"
)
_IRREGULAR = ((stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a disk"), (stat.S_ISSOCK, "a socket"))


class Spool:
    """Temporary copy of a stream, which can be opened any number of times.

    The file has no name, so that nothing is left of it when the process ends, however it ends.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  must exist as long as its readers
        self._lock = threading.Lock()
        weakref.finalize(self, self._file.close)

    def fill(self, source: BinaryIO, name: str, most: int | None = None) -> None:
        """Copy `source` to its end.

        Raises `InputError` where it has more than `most` bytes, by default what the disk of the temporary directory
        can take; `name` is that of the source.
        """
        most = _free_bytes() if most is None else most
        copied = 0
        try:
            while piece := _read_some(source):
                copied += len(piece)
                if copied > most:
                    raise InputError(name, None, _NO_SPACE.format(most / 1e9, tempfile.gettempdir()))
                self._file.write(piece)
            self._file.flush()
        except OSError as error:
            why = f"cannot be copied to the temporary directory ({tempfile.gettempdir()}): {error.strerror or error}"
            raise InputError(
                name, None, f"{why}; set TMPDIR to another, or write it to a file and name that"
            ) from error

    def open(self) -> BinaryIO:
        """Open the copy for reading from its beginning."""
        return io.BufferedReader(_SpoolReader(self), _PIECE_BYTES)

    def size(self) -> int:
        """Return the number of bytes of the copy."""
        with self._lock:
            return self._file.seek(0, os.SEEK_END)

    def read(self, offset: int, size: int) -> bytes:
        """Return at most `size` bytes from an offset on; none at the end."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)


class _SpoolReader(io.RawIOBase):
    """Reader of a spool with a position of its own; it keeps the spool in existence."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._at = spool, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        from_ = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}
        self._at = offset + (from_[whence] if whence in from_ else self._spool.size())
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._spool.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def spooled_standard_input() -> Spool:
    """Return a copy of standard input. Raises `InputError` where it is closed, a device, or larger than the disk."""
    name = "standard input"
    if sys.stdin is None:
        raise InputError(name, None, "is closed; name a file, or pipe one in")
    source = sys.stdin.buffer
    if not sys.stdin.isatty() and (mode := _mode(source)) is not None:
        reject_irregular(mode, name)
    spool = Spool()
    with note_while_waiting(name):
        if isinstance(source, io.BufferedReader):
            source.peek()
    spool.fill(source, name)
    return spool


def spooled_pipe(path: Path) -> Spool:
    """Return a copy of the content of a pipe: a named one, or one of a descriptor, as `<(…)` of a shell is.

    A note says what is awaited where no process writes to the pipe within a second. Raises `InputError` as `Spool.fill`
    does, `OSError` where the pipe cannot be opened.
    """
    spool = Spool()
    with note_while_waiting(str(path)):
        source = path.open("rb")
        source.peek()
    with source:
        spool.fill(source, str(path))
    return spool


def is_pipe(path: str) -> bool:
    """Return whether a path names standard input or a pipe, which can be read only once."""
    if path == STANDARD_INPUT:
        return True
    try:
        return stat.S_ISFIFO(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def reject_irregular(mode: int, name: str) -> None:
    """Raise `InputError` where a file mode is that of a device or a socket, which may have no end."""
    for is_kind, kind in _IRREGULAR:
        if is_kind(mode):
            raise InputError(name, None, f"is {kind}, not a file; name a file, a directory or a pipe")


@contextmanager
def note_while_waiting(
    name: str, after_s: float = NOTE_AFTER_S, write: Callable[[str], object] | None = None
) -> Iterator[None]:
    """Say on standard error that `name` is awaited if the block takes longer than `after_s` seconds."""
    text = f"toolkit: {name}: no data yet; waiting for a program to write to it (Ctrl-C ends the wait)\n"
    timer = threading.Timer(after_s, write or _write_error, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _write_error(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _read_some(source: BinaryIO) -> bytes:
    return (
        cast(io.BufferedReader, source).read1(_PIECE_BYTES) if hasattr(source, "read1") else source.read(_PIECE_BYTES)
    )


def _mode(source: BinaryIO) -> int | None:
    try:
        return os.fstat(source.fileno()).st_mode
    except (OSError, ValueError):
        return None


def _free_bytes() -> int:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    return free - min(free // 2, _KEPT_FREE_BYTES)
