"""Lines and numbers of a block, located for all lines at once."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np

IntVector = np.ndarray[tuple[int], np.dtype[np.int64]]
"""One-dimensional array of 64-bit integers."""
Offsets = np.ndarray[tuple[int, ...], np.dtype[np.int32]]
"""Byte offsets in a block, which is always smaller than 2 GiB."""

MAX_DIGITS = 18
"""Largest count of digits of which every number fits into 64 bits with a sign."""
_NEWLINE, _ZERO = ord("\n"), ord("0")
_DIGITS = b"0123456789"
_WORD_BYTES = 8
_COMBINE_STEPS = ((8, 10, 0x00FF00FF00FF00FF), (16, 100, 0x0000FFFF0000FFFF), (32, 10_000, 0x00000000FFFFFFFF))
"""Steps that combine the eight digits of a word into a number: digits to pairs, pairs to fours, fours to eight.

Each step is a shift in bits, a factor and a mask.
"""
_PADDING = bytes(3 * _WORD_BYTES)
"""Zero bytes put before a block, so that whole words can be read up to the end of a number at its beginning."""

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def is_count(text: str) -> bool:
    """Return true for a whole number of at most `MAX_DIGITS` digits."""
    return text.isdecimal() and len(text) <= MAX_DIGITS


class BlockLines:
    """The lines of a block; the last line may lack its newline.

    `starts` and `ends` are the offsets in `data` at which each line begins and ends, without its newline. `octets` is
    `data` as an array of bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.octets = np.frombuffer(data, np.uint8)
        newlines = np.flatnonzero(self.octets == _NEWLINE)
        self.ends: IntVector = newlines if data.endswith(b"\n") or not data else np.append(newlines, len(data))
        self.starts: IntVector = np.concatenate(([0], self.ends[:-1] + 1))[: len(self.ends)]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> bytes:
        return self.data[self.starts[index] : self.ends[index]]

    def with_text(self, text: bytes) -> IntVector:
        """Return the indexes of the lines that hold a text, ascending; a line stands there once for each time."""
        places = np.array([match.start() for match in re.finditer(re.escape(text), self.data)], np.int64)
        found: IntVector = np.searchsorted(self.starts, places, side="right") - 1
        return found

    def shapes(self) -> list[bytes]:
        """Return each line without its digits."""
        return self.data.translate(None, _DIGITS).split(b"\n")[: len(self)]

    def values(self, starts: Offsets, ends: Offsets) -> IntArray:
        """Return the integers between the offsets `starts` and `ends`, of at most 18 digits each."""
        digits = ends - starts
        values = np.zeros(digits.shape, np.int64)
        for passed in range(0, int(digits.max(initial=0)), _WORD_BYTES):
            word = self._words[ends + (len(_PADDING) - _WORD_BYTES - passed)]
            word &= 0x0F0F0F0F0F0F0F0F
            # The bytes before the number are shifted out.
            before = (_WORD_BYTES - np.clip(digits - passed, 0, _WORD_BYTES)).astype(np.uint64) * 8
            word >>= before
            word <<= before
            for bits, factor, mask in _COMBINE_STEPS:
                second = word >> bits
                word *= factor
                word += second
                word &= mask
            values += word.astype(np.int64) * 10**passed
        return values

    @cached_property
    def _words(self) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """The eight-byte words that begin at each byte of the padded block."""
        return np.ndarray((len(self.data) + len(_PADDING) - _WORD_BYTES + 1,), "<u8", _PADDING + self.data, 0, (1,))


class DigitRuns:
    """Maximal runs of digits in a block."""

    def __init__(self, lines: BlockLines) -> None:
        self._lines = lines
        digit = np.zeros(len(lines.octets) + 2, bool)
        np.less(lines.octets - np.uint8(_ZERO), 10, out=digit[1:-1])
        edges = np.flatnonzero(digit[1:] != digit[:-1])
        self._starts, self._ends = edges[::2].astype(np.int32), edges[1::2].astype(np.int32)
        self._first: IntVector = np.append(np.searchsorted(self._starts, lines.starts), len(self._starts))

    def has_count(self, indexes: IntVector, count: int) -> Mask:
        """Return a mask of the lines at `indexes` that hold exactly `count` numbers."""
        mask: Mask = self._first[indexes + 1] - self._first[indexes] == count
        return mask

    def offsets(self, indexes: IntVector, count: int) -> tuple[Offsets, Offsets]:
        """Return where the `count` numbers of each line at `indexes` begin and end: one row per line."""
        places = self._first[indexes][:, None] + np.arange(count)
        return self._starts[places], self._ends[places]
