"""Standard streams that take any text, and fail in one way where they are closed or full."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_SUBSTITUTES = {
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "·": "-", "–": "-", "—": "-", "−": "-", "─": "-", "…": "...",
    "→": "->", "►": ">", "🡕": "^", "≤": "<=", "≥": ">=", "≈": "~", "±": "+-", "×": "x", "µ": "u", "√": "sqrt ",
    "Δ": "delta ", "⁶": "^6", "⁹": "^9", "‘": "'", "’": "'", "“": "'", "”": "'", "└": "+", "┘": "+",
    "▁": "1", "▂": "2", "▃": "3", "▄": "4", "▅": "5", "▆": "6", "▇": "7", "█": "8",
}  # fmt: skip
"""Plain text for the characters that pages use. None is a double quotation mark, which would end a string in JSON."""

_STDOUT, _STDERR = 1, 2
STANDARD_OUTPUT = "standard output"
_HANDLER, _ASCII = "toolkit-substitute", "toolkit-ascii"


def substitute(error: UnicodeError) -> tuple[str, int]:
    r"""Return plain text for characters that an encoding lacks, and where to go on: a handler of encoding errors.

    Characters without a substitute appear as in JSON: `\u4e2d`, those beyond U+FFFF as two such sequences.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_SUBSTITUTES.get(each) or _escaped(each) for each in lacking), error.end


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _ascii_of_another_name(name: str) -> codecs.CodecInfo | None:
    # The argument parser takes a stream whose encoding is called ASCII for misconfigured, and writes UTF-8 to it.
    if name.replace("_", "-") != _ASCII:
        return None
    ascii_codec = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_codec.encode, ascii_codec.decode, ascii_codec.streamreader, ascii_codec.streamwriter,
        ascii_codec.incrementalencoder, ascii_codec.incrementaldecoder, name=_ASCII,
    )  # fmt: skip


class _StandardOutput(io.FileIO):
    """Standard output, named in the errors of its system calls."""

    def write(self, data: ReadableBuffer) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STANDARD_OUTPUT
            raise


class _StandardError(io.FileIO):
    """Standard error, which drops what cannot be written: no message can say so."""

    def write(self, data: ReadableBuffer) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare_streams() -> None:
    """Have standard output and standard error substitute characters that they cannot show.

    Standard output that is closed or full raises an error with the file name `STANDARD_OUTPUT`; standard error drops
    the text. Later files cannot take the numbers of closed streams. Streams that the caller has replaced are kept.
    """
    codecs.register_error(_HANDLER, substitute)
    codecs.register(_ascii_of_another_name)
    _occupy_closed_streams()
    if sys.stdout is None or sys.stdout is sys.__stdout__:
        sys.stdout = _stream(_StandardOutput(_STDOUT, "w", closefd=False), sys.stdout)
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        sys.stderr = _stream(_StandardError(_STDERR, "w", closefd=False), sys.stderr)


def _stream(raw: io.FileIO, like: TextIO | None) -> TextIO:
    name = "utf-8" if like is None else like.encoding
    encoding = _ASCII if codecs.lookup(name).name == "ascii" else name
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, _HANDLER, line_buffering=raw.isatty() or raw.fileno() == _STDERR
    )


def _occupy_closed_streams() -> None:
    """Open the null device for standard streams that are closed; Python has None for these."""
    if sys.stdin is not None and sys.stdout is not None and sys.stderr is not None:
        return
    # Opening takes the lowest free number. A file that is open for reading fails when it is written to.
    while (number := os.open(os.devnull, os.O_RDONLY)) <= _STDERR:
        pass
    os.close(number)


def discard(stream: TextIO) -> None:
    """Redirect a stream to the null device, because Python reports an error when it flushes a closed stream at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
