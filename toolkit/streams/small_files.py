"""Readers of files that are small by their nature and are read whole: metadata, configurations, command indexes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.model.errors import InputError

if TYPE_CHECKING:
    # Commands import this module before they need numpy, which that one imports.
    from toolkit.streams.blocks import Readable

SMALL_FILE_BYTES = 16 << 20
"""Size after decompression above which such a file is refused: real ones are below 1 MiB."""
_READ_BYTES = 1 << 20


def read_small(stream: Readable, name: str, most: int = SMALL_FILE_BYTES) -> bytes:
    """Return all of a stream. Raises `InputError` where it has more than `most` bytes; `name` is that of its file."""
    content = bytearray()
    while piece := stream.read(_READ_BYTES):
        content += piece
        if len(content) > most:
            size = f"{most >> 20} MiB" if most >> 20 else f"{most:_} bytes"
            raise InputError(name, None, f"has more than {size}, uncompressed; leave it out, or name the right file")
    return bytes(content)


def short_lines(stream: io.BufferedIOBase, name: str, longest: int = 64 << 10) -> Iterator[bytes]:
    """Yield the lines of a stream with their newlines. Raises `InputError` for one of more than `longest` bytes."""
    number = 1
    while line := stream.readline(longest + 1):
        if len(line) > longest:
            raise InputError(name, number, f"is longer than {longest >> 10} KiB; leave the file out")
        yield line
        number += 1


def read_small_file(path: Path, most: int = SMALL_FILE_BYTES) -> bytes:
    """Return all of a file. Raises `InputError` where it has more than `most` bytes, `OSError` if it is unreadable."""
    with path.open("rb") as stream:
        return read_small(stream, str(path), most)
