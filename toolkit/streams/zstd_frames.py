"""Completeness check of zstd files; the `zstandard` reader takes a truncated file for a complete one."""

from __future__ import annotations

import io
from typing import BinaryIO

import zstandard

_SKIPPABLE, _SKIPPABLE_MASK = 0x184D2A50, 0xFFFFFFF0
_LONGEST_HEADER, _BLOCK_HEADER, _CHECKSUM = 18, 3, 4
_RLE_BLOCK = 1
"""Block type of a repeated byte: its content is one byte, its size the number of repetitions."""


def is_complete(compressed: BinaryIO) -> bool:
    """Return whether a seekable zstd file ends where its last frame ends.

    Walks the frame and block headers (RFC 8878) from the beginning, without decompressing.
    """
    size, at = compressed.seek(0, io.SEEK_END), 0
    while at < size:
        head = _read(compressed, at, _LONGEST_HEADER)
        magic = int.from_bytes(head[:4], "little")
        if magic & _SKIPPABLE_MASK == _SKIPPABLE:
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        try:
            with_checksum = zstandard.get_frame_parameters(head).has_checksum
            at = _after_blocks(compressed, at + zstandard.frame_header_size(head), size)
        except zstandard.ZstdError:
            return False
        at += _CHECKSUM if with_checksum else 0
    return at == size


def _after_blocks(compressed: BinaryIO, at: int, size: int) -> int:
    """Return the offset after the frame's last block, or one past the file's end where that block is missing."""
    last = False
    while not last and at < size:
        header = int.from_bytes(_read(compressed, at, _BLOCK_HEADER), "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        at += _BLOCK_HEADER + (1 if kind == _RLE_BLOCK else length)
    return at if last else size + 1


def _read(compressed: BinaryIO, at: int, size: int) -> bytes:
    compressed.seek(at)
    return compressed.read(size)
