"""Sequence of many small records that holds them packed: a tenth of the memory of the objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Generic, TypeVar

import msgspec

_Record = TypeVar("_Record", bound=msgspec.Struct)
_BATCH = 256
"""Records that are packed at a time: one by one they would take twice the memory, in pieces that hinder its reuse."""


class PackedRecords(msgspec.Struct, Generic[_Record], eq=False):
    """Records of one structure in order; only those of one batch and the newest ones, fewer than a batch, are unpacked.

    Records are read and replaced by index until those of another sequence are taken over.
    """

    kind: type[_Record]
    _packed: list[bytes] = []
    _newest: list[_Record] = []
    _batch_no: int = -1
    _batch: list[_Record] | None = None
    """The batch of the record that was read by index last, unless that is one of the newest."""

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence holds equal records."""
        return isinstance(other, PackedRecords) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        """Return the number of records; valid until those of another sequence are taken over."""
        return len(self._packed) * _BATCH + len(self._newest)

    def __iter__(self) -> Iterator[_Record]:
        """Yield the records in order."""
        self._pack_batch()
        for each in self._packed:
            yield from _decoder(self.kind).decode(each)
        yield from self._newest

    def __getitem__(self, index: int) -> _Record:
        """Return the record at an index."""
        return self._batch_of(index)[index % _BATCH]

    def __setitem__(self, index: int, record: _Record) -> None:
        """Replace the record at an index."""
        self._batch_of(index)[index % _BATCH] = record

    def append(self, record: _Record) -> None:
        """Add a record."""
        self._newest.append(record)
        if len(self._newest) == _BATCH:
            self._pack_newest()

    def take(self, other: PackedRecords[_Record]) -> None:
        """Move the records of another sequence to the end of this one."""
        if other._packed:
            self._pack_newest()
            other._pack_batch()
            self._packed += other._packed
            other._packed = []
        self._newest += other._newest
        other._newest = []
        if len(self._newest) >= _BATCH:
            self._pack_newest()

    def drain(self) -> Iterator[_Record]:
        """Yield the records in order and remove each batch as it is read, which frees its memory."""
        self._pack_newest()
        self._pack_batch()
        self._packed.reverse()
        while self._packed:
            yield from _decoder(self.kind).decode(self._packed.pop())

    def _batch_of(self, index: int) -> list[_Record]:
        """Return the batch with the record at an index; what is replaced in it is packed with the next other batch."""
        number = index // _BATCH
        if number == len(self._packed):
            return self._newest
        if self._batch is None or number != self._batch_no:
            self._pack_batch()
            self._batch_no, self._batch = number, _decoder(self.kind).decode(self._packed[number])
        return self._batch

    def _pack_newest(self) -> None:
        if self._newest:
            self._packed.append(msgspec.msgpack.encode(self._newest))
            self._newest = []

    def _pack_batch(self) -> None:
        if self._batch is not None:
            self._packed[self._batch_no] = msgspec.msgpack.encode(self._batch)
            self._batch = None


@cache
def _decoder(kind: type[_Record]) -> msgspec.msgpack.Decoder[list[_Record]]:
    return msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
