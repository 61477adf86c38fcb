"""Tapes: recorded frames of a venue, one JSON object a line, used as test data, simulator scripts and examples.

The first line is the header: `tape` 1, `venue`, `market`, `source` (where the frames come from), and the instrument and
options they were recorded with. Each further line has `at_ms` since the start of the tape, `way` (`sent`, `received`,
`rest`), and the frame as `text` or, if it is not UTF-8 text, as `base64`. `call` is the path of the REST request that a
body answers. `means`, where present, is the expected decoding of a received frame or REST body.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from connectors.venues.frames import Frame
from connectors.venues.spec import Value


class FrameKind(StrEnum):
    """Kind of a tape entry: a frame sent or received on the socket, or a REST response body."""

    SENT = "sent"
    RECEIVED = "received"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class TapeHeader:
    """Header of a tape.

    `source` states where the frames come from; `instrument` is the venue's id of the market, None if it has none.
    """

    venue: str
    market: str
    source: str
    instrument: str | None = None
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TapeEntry:
    """One frame of a tape, `at_ms` milliseconds after its start.

    `data` is text, or bytes if the frame is not UTF-8. `decoded` is the expected decoding as plain JSON, see
    `frame_json`; None if the tape states none.
    """

    at_ms: int
    kind: FrameKind
    data: str | bytes
    call: str | None = None
    decoded: tuple[Any, ...] | None = None


def read_tape(lines: Iterable[str]) -> tuple[TapeHeader, list[TapeEntry]]:
    """Return the header and the entries of a tape.

    Raises `ValueError`, `LookupError` or `TypeError` if a line does not have the form of a tape line.
    """
    rows = (json.loads(text) for text in lines if text.strip())
    head: dict[str, Any] = next(rows, {})
    if head.pop("tape", None) != 1:
        raise ValueError('not a tape: the first line lacks "tape": 1')
    return TapeHeader(**head), [_entry(row) for row in rows]


def _entry(row: dict[str, Any]) -> TapeEntry:
    data = row["text"] if "text" in row else base64.b64decode(row["base64"])
    decoded = row.get("means")
    kind = FrameKind(row["way"])
    return TapeEntry(row["at_ms"], kind, data, row.get("call"), None if decoded is None else tuple(decoded))


def tape_lines(header: TapeHeader, entries: Iterable[TapeEntry]) -> Iterator[str]:
    """Yield the lines of a tape, without line ends; the inverse of `read_tape`."""
    yield _json_line({"tape": 1, **{each.name: getattr(header, each.name) for each in fields(header)}})
    for entry in entries:
        yield entry_line(entry)


def entry_line(entry: TapeEntry) -> str:
    """Return an entry as a line of a tape, without line end."""
    row: dict[str, Any] = {"at_ms": entry.at_ms, "way": entry.kind}
    if isinstance(entry.data, str):
        row["text"] = entry.data
    else:
        row["base64"] = base64.b64encode(entry.data).decode("ascii")
    if entry.call is not None:
        row["call"] = entry.call
    if entry.decoded is not None:
        row["means"] = list(entry.decoded)
    return _json_line(row)


def frame_json(frame: Frame) -> dict[str, Any]:
    """Return a decoded frame as plain JSON: its type as `is`, and the fields that are not None.

    Decimal numbers become text.
    """
    values = {each.name: _json_value(getattr(frame, each.name)) for each in fields(frame)}
    return {"is": type(frame).__name__, **{name: value for name, value in values.items() if value is not None}}


def _json_value(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [_json_value(item) for item in value]
    return value


def _json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
