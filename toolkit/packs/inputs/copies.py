"""Copy the files of a run into a pack, with their secrets masked line by line."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, cast

import zstandard

from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.redaction import redact
from toolkit.model.vocabulary import Role
from toolkit.packs.index import LeftOutFile, PackedFile, is_portable
from toolkit.packs.inputs.arrival_offsets import MovedLines, offset_mover
from toolkit.packs.inputs.line_masking import LineMasker
from toolkit.streams.blocks import Block, DecompressedStream, blocks

_ZSTD_LEVEL, _GZIP_LEVEL = 3, 6
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
Edit = Callable[[bytes], bytes]
_END_BYTES = {_GZIP: 8, _ZSTD: 4}
"""Bytes at the end of a compressed file that hold only the check of its content."""


def copy_run(files: Sequence[RunFile], root: Path, folder: str) -> tuple[list[PackedFile], list[LeftOutFile]]:
    """Copy the files of a run to `folder` below `root`.

    A file beside the evidence is left out if it is not text, or if its name is not portable or taken. Raises
    `InputError` for evidence with such a name, and for a file that cannot be read.
    """
    packed, left_out = list[PackedFile](), list[LeftOutFile]()
    taken = dict[str, str]()
    (root / folder).mkdir(parents=True)
    moved = {file.file_no: MovedLines() for file in files}
    # Evidence comes first, so that no other file takes its name, and logs before the offsets of their lines.
    for file in sorted(files, key=lambda file: (file.role is Role.ARTIFACT, file.role is not Role.LOG)):
        name, problem = _packed_name(file.name, taken)
        if file.role is Role.ARTIFACT and not problem and not _is_text(file):
            problem = "is not text, so that it cannot be masked"
        if not problem:
            taken[name.casefold()] = file.name
            edit = offset_mover(file, files, moved)
            packed.append(copy_masked(file, root, f"{folder}/{name}", edit, moved[file.file_no]))
        elif file.role is Role.ARTIFACT:
            left_out.append(LeftOutFile(redact(file.name), *_digest(file), problem))
        else:
            raise InputError(file.name, None, f"{problem}; rename it, or leave it out")
    return packed, left_out


def _packed_name(name: str, taken: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the name of a file in its pack, and what is wrong with it, None if nothing is."""
    last = redact(PurePosixPath(name).name).replace("***", "masked").replace("~", "home")
    if not is_portable(last):
        return last, "has a name that not every system allows: letters, digits, `.`, `_`, `-`"
    other = taken.get(last.casefold())
    return last, None if other is None else f"has the name of {other}, at least where upper and lower case are one"


def _is_text(file: RunFile) -> bool:
    with file.open() as stream:
        try:
            return all(b"\0" not in each.data and each.data.decode() is not None for each in blocks(stream))
        except UnicodeDecodeError:
            return False


def copy_masked(
    file: RunFile, root: Path, path: str, edit: Edit | None = None, moved: MovedLines | None = None
) -> PackedFile:
    """Copy one file to `path` below `root` with its secrets masked.

    A compressed file is compressed again, so that the same content gives the same bytes; without a secret it is copied
    as it is. The number of lines stays. `edit` changes each masked line; `moved` gets the lines whose length changes.
    Raises `InputError` for a file that cannot be read, or with a line too long to be masked.
    """
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    size, sha256 = _digest(file)
    magic = _magic(file)
    with file.open() as stream, _compressed(target, magic) as out:
        counts = _write_masked(stream, file.name, out, _Copy(edit or (lambda line: line), moved or MovedLines()))
        damaged = stream.damage is not None
    if not counts.changed:
        with file.opener() as raw, target.open("wb") as out:
            shutil.copyfileobj(raw, out)
    elif damaged and magic:
        # The copy of a file that ends too early ends too early: it lacks the check of its content.
        os.truncate(target, target.stat().st_size - _END_BYTES[magic])
    with target.open("rb") as packed:
        digest = hashlib.file_digest(packed, "sha256").hexdigest()
    packed_size = target.stat().st_size
    return PackedFile(
        path, file.role, packed_size, digest, size, sha256, counts.size, counts.lines, counts.masked
    )  # fmt: skip


@dataclass(slots=True)
class _Copy:
    """Copy of one file line by line, and its counts; `changed` counts the lines that were masked or edited."""

    edit: Edit
    moved: MovedLines
    masker: LineMasker = field(default_factory=LineMasker)
    size: int = 0
    lines: int = 0
    masked: int = 0
    changed: int = 0

    def write(self, block: Block, out: IO[bytes]) -> None:
        end = b"" if block.torn else b"\n"
        lines, begin = block.data.removesuffix(end).split(b"\n"), block.first_byte
        for line in lines:
            masked = self.masker.masked(line)
            copied = self.edit(masked)
            self.lines += 1
            self.masked += masked != line
            self.changed += copied != line
            if len(copied) != len(line):
                self.moved.add(begin, len(line + end), len(copied + end))
            begin += len(line + end)
            self.size += len(copied + end)
            out.write(copied + end)


def _write_masked(stream: DecompressedStream, name: str, out: IO[bytes], copy: _Copy) -> _Copy:
    for block in blocks(stream):
        if block.skipped:
            raise InputError(name, block.first_line, "the line is too long to be masked; leave the file out")
        copy.write(block, out)
    return copy


def _digest(file: RunFile) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    try:
        with file.opener() as raw:
            while piece := raw.read(1 << 20):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise InputError(file.name, None, f"cannot be read: {error.strerror or error}") from error
    return size, digest.hexdigest()


def _magic(file: RunFile) -> bytes:
    with file.opener() as raw:
        head = raw.read(4)
    return next((each for each in _END_BYTES if head.startswith(each)), b"")


@contextmanager
def _compressed(target: Path, magic: bytes) -> Iterator[IO[bytes]]:
    """Create a file whose content is compressed as `magic` says, without a time or a name in it."""
    with target.open("xb") as raw:
        if magic == _GZIP:
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as packed:
                yield cast(IO[bytes], packed)
        elif magic == _ZSTD:
            compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            with compressor.stream_writer(raw, closefd=False) as writer:
                yield cast(IO[bytes], writer)
                # The last block is then an empty one, so that all content can be read where the check is missing.
                writer.flush(zstandard.FLUSH_BLOCK)
        else:
            yield raw
