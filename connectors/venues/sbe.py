"""Simple Binary Encoding (SBE): read and write messages whose layouts are data.

A message is little-endian: an 8-byte header (`blockLength`, `templateId`, `schemaId`, `version`), the root block, then
repeating groups (`blockLength`, `numInGroup`, entries), then strings (a length byte and UTF-8). A reader takes the
length of each block from the message, so fields that a later version appends are skipped, and fields that an earlier
version lacks are None. Source: FIX Simple Binary Encoding 1.0, with the group header and the strings of Paradex.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Any, TypeAlias

from connectors.venues.parsing import BadNumberError

NULL_INT64 = -(2**63)
"""The int64 that stands for a missing value."""

MAX_ENTRIES = 10_000
"""Most entries of a group; entries of no length cost no bytes."""

CACHED_DECIMALS = 16_384
"""Most values of one field that are kept as decimals."""

TEMPLATE, SCHEMA, VERSION = "template", "schema", "version"
"""Keys of a message, beside its fields: the template's name (its number, if it is unknown), and two numbers."""

Message: TypeAlias = dict[str, Any]
"""A message: its fields, groups and strings by name, and the keys `TEMPLATE`, `SCHEMA` and `VERSION`."""

HEADER = struct.Struct("<HHHH")
GROUP_HEADER = struct.Struct("<HH")


class SbeError(ValueError):
    """A frame that ends early or holds a string that is not UTF-8; the message names the part."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """Type of a field: its `struct` code, and the decimal exponent of a number with a mantissa (None: an integer)."""

    code: str
    exponent: int | None = None

    @property
    def size(self) -> int:
        """Length of the field in bytes."""
        return struct.calcsize("<" + self.code)

    def reader(self) -> Callable[[int], Any]:
        """Return a function from the number in a message to its value."""
        return _integer if self.exponent is None else _DecimalCache(self.exponent).__getitem__

    def encode(self, name: str, value: Any) -> int:
        """Return the number that stands for a value in a message. Raises BadNumberError for one with more decimals."""
        if value is None:
            return NULL_INT64
        if self.exponent is None:
            return int(value)
        mantissa = Decimal(value).scaleb(-self.exponent)
        if mantissa != mantissa.to_integral_value():
            raise BadNumberError(f"{name}: more than {-self.exponent} decimals:", value)
        return int(mantissa)


class _DecimalCache(dict[int, Decimal | None]):
    """Decimals by their mantissa, because those of a book come again and again; a full cache starts afresh."""

    def __init__(self, exponent: int) -> None:
        super().__init__({NULL_INT64: None})
        self._exponent = exponent

    def __missing__(self, mantissa: int) -> Decimal:
        if len(self) >= CACHED_DECIMALS:
            self.clear()
            self[NULL_INT64] = None
        value = self[mantissa] = Decimal(mantissa).scaleb(self._exponent)
        return value


INT64, INT16, UINT8 = FieldType("q"), FieldType("h"), FieldType("B")
FIXED8, FIXED12 = FieldType("q", -8), FieldType("q", -12)


class FieldBlock:
    """Layout of a root block, or of the entries of a group: its fields in order."""

    def __init__(self, **fields: FieldType) -> None:
        self.names = tuple(fields)
        self.types = tuple(fields.values())
        self._format = struct.Struct("<" + "".join(kind.code for kind in self.types))
        self._readers = tuple(kind.reader() for kind in self.types)
        self.size = self._format.size

    def read(self, data: bytes, offset: int, length: int) -> tuple[Any, ...]:
        """Return the values of a block of `length` bytes, which lies within `data`; absent fields are None."""
        if length < self.size:
            return self.read_rows(data, offset, length, 1)[0]
        row = self._format.unpack_from(data, offset)
        return tuple([read(number) for read, number in zip(self._readers, row, strict=True)])

    def read_rows(self, data: bytes, offset: int, length: int, count: int) -> list[tuple[Any, ...]]:
        """Return the values of `count` blocks of `length` bytes, one after the other."""
        if length < self.size:
            present = self.first(sum(1 for end in accumulate(kind.size for kind in self.types) if end <= length))
            absent = (None,) * (len(self.names) - len(present.names))
            return [row + absent for row in present.read_rows(data, offset, length, count)]
        if not self.names:
            return [()] * count
        if length > self.size:
            rows = (self._format.unpack_from(data, at) for at in range(offset, offset + length * count, length))
            return [tuple([read(number) for read, number in zip(self._readers, row, strict=True)]) for row in rows]
        # By columns, because that is three times as fast as entry by entry.
        columns = zip(*self._format.iter_unpack(data[offset : offset + length * count]), strict=True)
        return list(zip(*map(map, self._readers, columns), strict=True))

    def write(self, values: Iterable[Any]) -> bytes:
        """Return the block with these values. Raises ValueError for a number that its field cannot hold."""
        raw = (kind.encode(name, value) for name, kind, value in zip(self.names, self.types, values, strict=True))
        try:
            return self._format.pack(*raw)
        except struct.error as error:
            raise ValueError(f"a value does not fit its field: {error}") from error

    def first(self, count: int) -> FieldBlock:
        """Return a layout of the first `count` fields."""
        return FieldBlock(**dict(zip(self.names[:count], self.types[:count], strict=True)))


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """Layout of the messages of one template.

    `since` gives the version that appended a field or a string; a message of an earlier version lacks it. A string of
    version 0 must be in every message, any other may be missing at the end of a message.
    """

    template: int
    name: str
    block: FieldBlock
    groups: Mapping[str, FieldBlock] = field(default_factory=dict)
    strings: tuple[str, ...] = ()
    since: Mapping[str, int] = field(default_factory=dict)


class Schema:
    """The messages of one schema; `layouts` are those of its newest version."""

    def __init__(self, number: int, layouts: Iterable[MessageLayout]) -> None:
        self.number = number
        self.layouts = {layout.name: layout for layout in layouts}
        self._by_template = {layout.template: layout for layout in self.layouts.values()}

    def read(self, data: bytes) -> Message:
        """Read a message; of another schema or an unknown template only the header is read.

        Numbers with a mantissa become exact decimals. Raises SbeError.
        """
        if len(data) < HEADER.size:
            raise SbeError(f"header: {len(data)} of {HEADER.size} bytes")
        length, template, schema, version = HEADER.unpack_from(data)
        layout = self._by_template.get(template) if schema == self.number else None
        message: Message = {TEMPLATE: layout.name if layout else template, SCHEMA: schema, VERSION: version}
        reader = _Reader(data, str(message[TEMPLATE]))
        if layout is None:
            reader.skip(length, "block")
        else:
            reader.read_body(layout, length, message)
        return message

    def write(self, name: str, values: Mapping[str, Any], version: int) -> bytes:
        """Write a message of this version; values of later versions are left out.

        A field without a value is null. Raises KeyError for an unknown template, ValueError for a number that its field
        cannot hold.
        """
        layout = self.layouts[name]
        names = [each for each in layout.block.names if layout.since.get(each, 0) <= version]
        block = layout.block if len(names) == len(layout.block.names) else layout.block.first(len(names))
        parts = [HEADER.pack(block.size, layout.template, self.number, version)]
        parts.append(block.write(values.get(each) for each in names))
        for group, entry in layout.groups.items():
            rows = values[group]
            parts.append(GROUP_HEADER.pack(entry.size, len(rows)))
            parts.extend(map(entry.write, rows))
        for string in layout.strings:
            if layout.since.get(string, 0) <= version:
                text = str(values[string]).encode()
                parts.append(bytes([len(text)]) + text)
        return b"".join(parts)


class _Reader:
    """Position in the bytes of one message."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._at = HEADER.size

    def read_body(self, layout: MessageLayout, length: int, message: Message) -> None:
        at = self.skip(length, "block")
        message.update(zip(layout.block.names, layout.block.read(self._data, at, length), strict=True))
        for name, entry in layout.groups.items():
            message[name] = self._read_group(name, entry)
        for name in layout.strings:
            missing = layout.since.get(name, 0) and self._at == len(self._data)
            message[name] = None if missing else self._read_string(name)

    def _read_group(self, name: str, entry: FieldBlock) -> list[tuple[Any, ...]]:
        at = self.skip(GROUP_HEADER.size, name)
        length, count = GROUP_HEADER.unpack_from(self._data, at)
        if count > MAX_ENTRIES:
            raise SbeError(f"{self._name}.{name}: more than {MAX_ENTRIES} entries")
        begin = self.skip(length * count, name)
        return entry.read_rows(self._data, begin, length, count)

    def _read_string(self, name: str) -> str:
        length = self._data[self.skip(1, name)]
        at = self.skip(length, name)
        try:
            return self._data[at : self._at].decode()
        except UnicodeDecodeError as error:
            raise SbeError(f"{self._name}.{name}: not UTF-8") from error

    def skip(self, length: int, part: str) -> int:
        """Move past the next `length` bytes and return where they begin."""
        begin, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise SbeError(f"{self._name}.{part}: {len(self._data) - begin} of {length} bytes")
        return begin


def _integer(number: int) -> int | None:
    return None if number == NULL_INT64 else number
