"""Whether a zstd file ends where its last frame does: the library's reader takes a file cut short for a whole one."""

from __future__ import annotations

import io
from typing import BinaryIO

import zstandard

_SKIPPABLE, _SKIPPABLE_MASK = 0x184D2A50, 0xFFFFFFF0
_LONGEST_HEADER, _BLOCK_HEADER, _CHECKSUM = 18, 3, 4
_REPEATED = 1
"""The type of a block that is one byte and how often it stands there."""


def is_whole(raw: BinaryIO) -> bool:
    """Walk the frames of the compressed file, from its beginning, by their headers (RFC 8878); nothing is unpacked."""
    size, at = raw.seek(0, io.SEEK_END), 0
    while at < size:
        head = _read(raw, at, _LONGEST_HEADER)
        magic = int.from_bytes(head[:4], "little")
        if magic & _SKIPPABLE_MASK == _SKIPPABLE:
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        try:
            with_checksum = zstandard.get_frame_parameters(head).has_checksum
            at = _after_blocks(raw, at + zstandard.frame_header_size(head), size)
        except zstandard.ZstdError:
            return False
        at += _CHECKSUM if with_checksum else 0
    return at == size


def _after_blocks(raw: BinaryIO, at: int, size: int) -> int:
    last = False
    while not last and at < size:
        header = int.from_bytes(_read(raw, at, _BLOCK_HEADER), "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        at += _BLOCK_HEADER + (1 if kind == _REPEATED else length)
    return at if last else size + 1


def _read(raw: BinaryIO, at: int, size: int) -> bytes:
    raw.seek(at)
    return raw.read(size)
