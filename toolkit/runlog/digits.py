"""The lines of a block and the numbers in them, found for all lines at once."""

from __future__ import annotations

import numpy as np

Whole = np.ndarray[tuple[int], np.dtype[np.int64]]
Table = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

_NEWLINE, _ZERO = ord("\n"), ord("0")
_DIGITS = b"0123456789"


class Lines:
    """The lines of a block, the last of which may lack its newline.

    `starts` and `ends` are where each line begins and ends, without its newline, in `data`; `octets` are its bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.octets = np.frombuffer(data, np.uint8)
        newlines = np.flatnonzero(self.octets == _NEWLINE)
        self.ends: Whole = newlines if data.endswith(b"\n") or not data else np.append(newlines, len(data))
        self.starts: Whole = np.concatenate(([0], self.ends[:-1] + 1))[: len(self.ends)]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> bytes:
        return self.data[self.starts[index] : self.ends[index]]

    def shapes(self) -> list[bytes]:
        """Each line without its digits."""
        return self.data.translate(None, _DIGITS).split(b"\n")[: len(self)]

    def numbers(self) -> Numbers:
        """Where the digits stand."""
        return Numbers(self)


class Numbers:
    """The runs of digits in a block, none of which begins or ends beside another digit."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        digit = np.zeros(len(lines.octets) + 2, bool)
        np.less(lines.octets - np.uint8(_ZERO), 10, out=digit[1:-1])
        edges = np.flatnonzero(digit[1:] != digit[:-1])
        self._starts, self._ends = edges[::2].copy(), edges[1::2].copy()
        self._first: Whole = np.append(np.searchsorted(self._starts, lines.starts), len(self._starts))

    def having(self, indexes: Whole, count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which of the lines hold so many numbers."""
        having: np.ndarray[tuple[int], np.dtype[np.bool_]] = self._first[indexes + 1] - self._first[indexes] == count
        return having

    def of(self, indexes: Whole, count: int) -> tuple[Table, Table]:
        """Where the numbers of these lines, which hold so many, begin and end: a row for each line."""
        places = self._first[indexes][:, None] + np.arange(count)
        return self._starts[places], self._ends[places]
