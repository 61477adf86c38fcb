"""Sequence of many small records that holds each one packed: a tenth of the memory of the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

_Record = TypeVar("_Record")


class PackedRecords(Generic[_Record]):
    """Records of one dataclass in order, unpacked one by one as they are read."""

    def __init__(self, kind: type[_Record]) -> None:
        names, types = [each.name for each in fields(kind)], get_type_hints(kind)  # type: ignore[arg-type]
        self._kind = kind
        self._values = attrgetter(*names)
        values: Any = tuple[tuple(types[name] for name in names)]  # type: ignore[misc]
        self._decoder = msgspec.msgpack.Decoder(values)
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
        return map(self._unpacked, self._packed)

    def __getitem__(self, index: int) -> _Record:
        """Return the record at an index."""
        return self._unpacked(self._packed[index])

    def __setitem__(self, index: int, record: _Record) -> None:
        """Replace the record at an index."""
        self._packed[index] = msgspec.msgpack.encode(self._values(record))

    def append(self, record: _Record) -> None:
        """Add a record."""
        self._packed.append(msgspec.msgpack.encode(self._values(record)))

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
            yield self._unpacked(self._packed.pop())

    def _unpacked(self, packed: bytes) -> _Record:
        return self._kind(*self._decoder.decode(packed))
