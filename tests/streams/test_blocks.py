"""Blocks of whole lines cover the file exactly once, in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from toolkit.streams.blocks import DecompressedStream, blocks

CONTENT = st.lists(st.binary(max_size=40), max_size=30).map(b"\n".join)


@given(CONTENT, st.integers(1, 64))
def test_joined_blocks_are_the_file_for_any_block_size(content: bytes, size: int) -> None:
    assert b"".join(block.data for block in blocks(io.BytesIO(content), size)) == content


@given(CONTENT, st.integers(1, 64))
def test_every_block_has_its_first_line_and_byte(content: bytes, size: int) -> None:
    for block in blocks(io.BytesIO(content), size):
        before = content[: block.first_byte]
        assert block.first_line == before.count(b"\n") + 1
        assert content[block.first_byte :].startswith(block.data)


@given(CONTENT, st.integers(1, 64))
def test_only_the_last_block_may_be_torn(content: bytes, size: int) -> None:
    found = list(blocks(io.BytesIO(content), size))
    assert all(block.data.endswith(b"\n") and not block.torn for block in found[:-1])
    assert not found or found[-1].torn == (not content.endswith(b"\n"))


@given(st.binary(max_size=200), CONTENT)
def test_a_line_longer_than_the_limit_is_skipped_alone(tail: bytes, content: bytes) -> None:
    long = b"x" * 500 + b"\n"
    found = list(blocks(io.BytesIO(long + content), size=64, longest=256))
    assert [block.first_byte for block in found if block.skipped] == [0]
    assert b"".join(block.data for block in found) == content
    assert all(block.first_line > 1 for block in found if not block.skipped)


@given(st.lists(st.binary(max_size=40), max_size=30).map(b"\n".join), st.integers(1, 8), st.integers(8, 20))
def test_exactly_the_lines_longer_than_the_limit_are_skipped(content: bytes, size: int, longest: int) -> None:
    lines = content.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    found = list(blocks(io.BytesIO(content), size, longest))
    skipped = [number for number, line in enumerate(ended, 1) if len(line.removesuffix(b"\n")) > longest]
    assert [block.first_line for block in found if block.skipped] == skipped
    kept = b"".join(line for number, line in enumerate(ended, 1) if number not in skipped)
    assert b"".join(block.data for block in found) == kept


@pytest.mark.parametrize(
    "compress", [lambda b: b, gzip.compress, zstandard.ZstdCompressor().compress], ids=["plain", "gz", "zst"]
)
def test_digest_and_size_are_those_of_the_decompressed_bytes(compress) -> None:
    content = b"line\n" * 10_000
    stream = DecompressedStream(io.BytesIO(compress(content)))
    assert b"".join(block.data for block in blocks(stream)) == content
    assert (stream.sha256, stream.size, stream.damage) == (hashlib.sha256(content).hexdigest(), len(content), None)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gz", "zst"])
def test_a_truncated_compressed_file_is_read_as_far_as_possible_and_marked_damaged(compress) -> None:
    content = b"".join(b"line %d %s\n" % (n, hashlib.sha256(b"%d" % n).hexdigest().encode()) for n in range(20_000))
    compressed = compress(content)
    stream = DecompressedStream(io.BytesIO(compressed[: len(compressed) // 2]))
    read = b"".join(block.data for block in blocks(stream))
    assert content.startswith(read)
    assert stream.damage is not None or len(read) < len(content)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gz", "zst"])
def test_blocks_of_a_compressed_file_are_as_large_as_those_of_a_plain_one(compress) -> None:
    content = b"".join(b"line %d\n" % number for number in range(200_000))
    plain = [len(block.data) for block in blocks(io.BytesIO(content), 1 << 20)]
    assert [len(block.data) for block in blocks(DecompressedStream(io.BytesIO(compress(content))), 1 << 20)] == plain


@given(st.binary(min_size=1, max_size=40), st.integers(20, 400), st.integers(1, 5_000))
def test_all_bytes_before_a_damage_are_read_once_and_none_after_it(piece: bytes, at: int, size: int) -> None:
    content = b"".join(hashlib.sha256(piece + b"%d" % number).digest() for number in range(300))
    data = bytearray(gzip.compress(content) + gzip.compress(piece))
    data[at : at + 60] = bytes(each ^ 0x5A for each in data[at : at + 60])
    stream = DecompressedStream(io.BytesIO(bytes(data)))
    read = b"".join(iter(lambda: stream.read(size), b""))
    assert stream.damage is not None
    assert stream.read(size) == b"" and stream.size == len(read)
    one_by_one = DecompressedStream(io.BytesIO(bytes(data)))
    assert read == b"".join(iter(lambda: one_by_one.read(1), b""))


class _ReaderThreads(io.BytesIO):
    """Stream that records the thread of each read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.readers: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.readers.append(threading.get_ident())
        return super().read(size)


def test_read_ahead_starts_only_after_a_full_piece() -> None:
    this_thread = threading.get_ident()
    small, large = _ReaderThreads(b"a\n"), _ReaderThreads(b"a\n" * 8)
    assert len(list(blocks(small, 4))) == 1
    assert set(small.readers) == {this_thread}
    assert len(list(blocks(large, 4))) == 4
    assert large.readers[0] == this_thread
    assert this_thread not in large.readers[1:]
