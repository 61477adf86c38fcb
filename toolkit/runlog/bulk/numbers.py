"""The lines of a block and the numbers in them, found for all lines at once."""

from __future__ import annotations

from functools import cached_property

import numpy as np

IntVector = np.ndarray[tuple[int], np.dtype[np.int64]]
Offsets = np.ndarray[tuple[int, ...], np.dtype[np.int32]]
"""Where something stands in a block, which is never as large as 2 GiB."""

MAX_DIGITS = 18
"""Digits of a number that fits into 64 bits."""
_NEWLINE, _ZERO = ord("\n"), ord("0")
_DIGITS = b"0123456789"
_AT_ONCE = 8
_JOINED = ((8, 10, 0x00FF00FF00FF00FF), (16, 100, 0x0000FFFF0000FFFF), (32, 10_000, 0x00000000FFFFFFFF))
"""How the digits in the eight bytes of a word become a number: each two of them, then each two pairs, then all."""
_BEFORE = bytes(3 * _AT_ONCE)
"""What stands before a block, so that a number at its beginning has eight bytes up to its end, too."""

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


class BlockLines:
    """The lines of a block, the last of which may lack its newline.

    `starts` and `ends` are where each line begins and ends, without its newline, in `data`; `octets` are its bytes.
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

    def shapes(self) -> list[bytes]:
        """Each line without its digits."""
        return self.data.translate(None, _DIGITS).split(b"\n")[: len(self)]

    def values(self, starts: Offsets, ends: Offsets) -> IntArray:
        """The numbers that stand there, of up to 18 digits each."""
        digits = ends - starts
        values = np.zeros(digits.shape, np.int64)
        for passed in range(0, int(digits.max(initial=0)), _AT_ONCE):
            word = self._words[ends + (len(_BEFORE) - _AT_ONCE - passed)]
            word &= 0x0F0F0F0F0F0F0F0F
            # What stands before the number is shifted out.
            before = (_AT_ONCE - np.clip(digits - passed, 0, _AT_ONCE)).astype(np.uint64) * 8
            word >>= before
            word <<= before
            for bits, factor, mask in _JOINED:
                second = word >> bits
                word *= factor
                word += second
                word &= mask
            values += word.astype(np.int64) * 10**passed
        return values

    @cached_property
    def _words(self) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """The eight bytes from each byte on of the block, which some others are before."""
        return np.ndarray((len(self.data) + len(_BEFORE) - _AT_ONCE + 1,), "<u8", _BEFORE + self.data, 0, (1,))


class DigitRuns:
    """The runs of digits in a block, none of which begins or ends beside another digit."""

    def __init__(self, lines: BlockLines) -> None:
        self._lines = lines
        digit = np.zeros(len(lines.octets) + 2, bool)
        np.less(lines.octets - np.uint8(_ZERO), 10, out=digit[1:-1])
        edges = np.flatnonzero(digit[1:] != digit[:-1])
        self._starts, self._ends = edges[::2].astype(np.int32), edges[1::2].astype(np.int32)
        self._first: IntVector = np.append(np.searchsorted(self._starts, lines.starts), len(self._starts))

    def having(self, indexes: IntVector, count: int) -> Mask:
        """Which of the lines hold so many numbers."""
        having: Mask = self._first[indexes + 1] - self._first[indexes] == count
        return having

    def of(self, indexes: IntVector, count: int) -> tuple[Offsets, Offsets]:
        """Where the numbers of these lines, which hold so many, begin and end: a row for each line."""
        places = self._first[indexes][:, None] + np.arange(count)
        return self._starts[places], self._ends[places]
