"""Reader of telemetry lines: decodes plain records fast, and recovers the records of damaged lines."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from toolkit.model.vocabulary import SetAside
from toolkit.telemetry.lenient import (
    MAX_EXACT_INT,
    PADDING,
    TORN,
    json_values,
    lenient_guidance,
    lenient_int,
    lenient_value,
)
from toolkit.telemetry.record import AgeRecord

R = TypeVar("R", bound=AgeRecord)

_SHORT_BYTES, _SHORT_LINES = 16, 4_096
"""Lines without a record that are remembered, and their length: a file may consist of them."""
_FIRST_OF_VALUES = frozenset('{["-0123456789tfnNI')
"""Characters with which a JSON value begins, those of NaN and Infinity included."""
_NO_VALUES = frozenset(range(0x21, 0x7F)) - frozenset(map(ord, _FIRST_OF_VALUES))
"""Bytes of printed characters with which no JSON value begins."""


class RecoveredLine(msgspec.Struct, Generic[R]):
    """The records of a line that is not one plain record, and why the line or a part of it is set aside."""

    records: list[R]
    reason: SetAside | None


_NO_VALUE: RecoveredLine[Any] = RecoveredLine([], SetAside.MALFORMED)


class RecordReader(Generic[R]):
    """Decoder of lines into records of type `kind`."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind
        self._fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
        decoder = msgspec.json.Decoder(kind)
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines
        self._short_lines: dict[bytes, RecoveredLine[R]] = {}

    def read_all(self, lines: bytes | memoryview, count: int) -> list[R] | None:
        """Read `count` lines at once; None unless each of them is one plain record."""
        try:
            records = self._decode_lines(lines)
        except (ValueError, RecursionError):
            return None
        if len(records) != count or any(not -MAX_EXACT_INT <= record.t <= MAX_EXACT_INT for record in records):
            return None
        return records

    def read(self, line: bytes) -> R | RecoveredLine[R]:
        """Read one line without its newline: its record if it is a plain one, else what can be recovered."""
        if line and line[0] in _NO_VALUES and b"{" not in line:
            return _NO_VALUE
        if len(line) <= _SHORT_BYTES and (known := self._short_lines.get(line)):
            return known
        try:
            record = self._decode(line)
        except (ValueError, RecursionError):
            return self._recover(line)
        return record if -MAX_EXACT_INT <= record.t <= MAX_EXACT_INT else RecoveredLine([], SetAside.NO_TICK)

    def _recover(self, line: bytes) -> RecoveredLine[R]:
        recovered = self._recovered(line.decode("utf-8", "replace").strip(PADDING))
        if not recovered.records and len(line) <= _SHORT_BYTES and len(self._short_lines) < _SHORT_LINES:
            self._short_lines[line] = recovered
        return recovered

    def _recovered(self, text: str) -> RecoveredLine[R]:
        if not text:
            return RecoveredLine([], SetAside.BLANK)
        if text[0] not in _FIRST_OF_VALUES and "{" not in text:
            return RecoveredLine([], SetAside.MALFORMED)
        records: list[R] = []
        found_object, torn = False, False
        for value in json_values(text):
            if value is TORN:
                torn = True
            elif isinstance(value, dict):
                found_object = True
                if record := self._lenient_record(value):
                    records.append(record)
            else:
                torn = torn or bool(records)
        if records:
            return RecoveredLine(records, SetAside.TORN_INSIDE if torn else None)
        if found_object and not torn:
            return RecoveredLine([], SetAside.NO_TICK)
        return RecoveredLine([], SetAside.MALFORMED if torn else SetAside.NOT_AN_OBJECT)

    def _lenient_record(self, value: dict[str, Any]) -> R | None:
        """Convert an object field by field; None if it has no usable tick."""
        tick = lenient_int(value.get("t"))
        if tick is None:
            return None
        usable = {field.name: lenient_value(value.get(field.name), field.type) for field in self._fields}
        usable["treasury_guidance"] = lenient_guidance(value.get("treasury_guidance"))
        try:
            return msgspec.convert({**usable, "t": tick}, self._kind)
        except msgspec.ValidationError:
            return None
