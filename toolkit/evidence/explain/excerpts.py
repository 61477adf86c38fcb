"""Shorten a telemetry record to the fields that a figure is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

SHORT_BYTES = 400
"""Longest record that stays as it is."""
_ALWAYS = ("t",)


def excerpt(line: bytes, fields: Iterable[str]) -> bytes:
    """Return a long JSON record with its tick number and those of the `fields` that it has, in its own digits.

    A field may be in an object of the record (`tick_timing.total_us`). `…` stands for the fields left out. Any other
    line is returned as it is.
    """
    if len(line) <= SHORT_BYTES or not line.startswith(b"{"):
        return line
    record = _object(line)
    kept = [part for name in (*_ALWAYS, *dict.fromkeys(fields)) if (part := _field(record, name.split(".")))]
    return b"{" + b",".join(kept) + ",…}".encode() if len(kept) > len(_ALWAYS) else line


def _object(text: bytes) -> Mapping[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _field(record: Mapping[str, msgspec.Raw], path: list[str]) -> bytes | None:
    first, *rest = path
    if first not in record:
        return None
    value = bytes(record[first])
    if rest:
        inner = _field(_object(value), rest)
        if inner is None:
            return None
        value = b"{" + inner + b"}"
    return msgspec.json.encode(first) + b":" + value
