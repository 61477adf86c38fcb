"""Sequence of many small records that holds each one packed: a tenth of the memory of the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

_Record = TypeVar("_Record", bound=msgspec.Struct)
_BATCH = 256
"""Records that are packed at a time; each venue has as many unpacked ones at most."""


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


class PackedBatches(Generic[_Record]):
    """Records of one structure in order, packed many at a time: half the memory of `PackedRecords`, and no index."""

    def __init__(self, kind: type[_Record]) -> None:
        self._decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
        self._packed: list[bytes] = []
        self._newest: list[_Record] = []

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence holds equal records."""
        return isinstance(other, PackedBatches) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def append(self, record: _Record) -> None:
        """Add a record."""
        self._newest.append(record)
        if len(self._newest) == _BATCH:
            self._pack()

    def _pack(self) -> None:
        self._packed.append(msgspec.msgpack.encode(self._newest))
        self._newest.clear()

    def take(self, other: PackedBatches[_Record]) -> None:
        """Move the records of another sequence to the end of this one."""
        self._pack()
        other._pack()
        self._packed += other._packed
        other._packed = []

    def __iter__(self) -> Iterator[_Record]:
        """Yield the records in order."""
        for each in self._packed:
            yield from self._decoder.decode(each)
        yield from self._newest

    def drain(self) -> Iterator[_Record]:
        """Yield the records in order and remove each batch as it is read, which frees its memory."""
        self._pack()
        self._packed.reverse()
        while self._packed:
            yield from self._decoder.decode(self._packed.pop())
