"""Sequence of many small records that holds each one packed: a tenth of the memory of the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

_Record = TypeVar("_Record", bound=msgspec.Struct)


class PackedRecords(Generic[_Record]):
    """Records of one structure in order, unpacked one by one as they are read."""

    def __init__(self, kind: type[_Record]) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._packed: list[bytes] = []

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence holds equal records."""
        return isinstance(other, PackedRecords) and self._packed == other._packed

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._packed)

    def __iter__(self) -> Iterator[_Record]:
        """Yield the records in order."""
        return map(self._decoder.decode, self._packed)

    def __getitem__(self, index: int) -> _Record:
        """Return the record at an index."""
        return self._decoder.decode(self._packed[index])

    def __setitem__(self, index: int, record: _Record) -> None:
        """Replace the record at an index."""
        self._packed[index] = msgspec.msgpack.encode(record)

    def append(self, record: _Record) -> None:
        """Add a record."""
        self._packed.append(msgspec.msgpack.encode(record))

    def extend(self, records: Iterable[_Record]) -> None:
        """Add records."""
        for each in records:
            self.append(each)

    def take(self, other: PackedRecords[_Record]) -> None:
        """Move the records of another sequence to the end of this one."""
        self._packed += other._packed
        other._packed = []

    def drain(self) -> Iterator[_Record]:
        """Yield the records in order and remove each as it is read, which frees its memory."""
        self._packed.reverse()
        while self._packed:
            yield self._decoder.decode(self._packed.pop())
