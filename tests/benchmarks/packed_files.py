"""Writers of files of one long line, in a gzip file or in a zip archive."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

Writer = Callable[[Path, int], None]


def one_line(head: bytes, byte: bytes, tail: bytes = b"") -> Writer:
    """Return a writer of one line: `head`, one byte again and again, and `tail`."""

    def write(path: Path, size: int) -> None:
        with path.open("wb") as file:
            file.write(head)
            for _ in range(size >> 20):
                file.write(byte * (1 << 20))
            file.write(tail)

    return write


def in_gzip(write: Writer) -> Writer:
    """Return a writer of the same content in a gzip file."""

    def packed(path: Path, size: int) -> None:
        plain = path.with_suffix(".plain")
        write(plain, size)
        with plain.open("rb") as source, gzip.open(path, "wb", 1) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        plain.unlink()

    return packed


def in_zip(write: Writer) -> Writer:
    """Return a writer of a zip archive with the same content as `run.log`."""

    def packed(path: Path, size: int) -> None:
        plain = path.with_suffix(".plain")
        write(plain, size)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(plain, "run.log")
        plain.unlink()

    return packed
