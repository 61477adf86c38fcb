"""Tapes: frames as they crossed the wire, one JSON object a line, readable as a test, a script and an example.

The first line is the header (`tape` 1, `venue`, `market`, `source`: where the frames come from, and the options they
were recorded with). Each further line has `at_ms` since the tape's begin, `way` (`sent`, `received`, `rest`), the frame
as `text` or, if it is not UTF-8 text, `base64`; `call` names the request of a REST body. `means`, where present, is the
golden reading of a received frame.
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


class Way(StrEnum):
    """Who said it."""

    SENT = "sent"
    RECEIVED = "received"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Header:
    """Whose frames, and where they come from."""

    venue: str
    market: str
    source: str
    instrument: str | None = None
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One frame of a tape."""

    at_ms: int
    way: Way
    data: str | bytes
    call: str | None = None
    means: tuple[Any, ...] | None = None


def read(lines: Iterable[str]) -> tuple[Header, list[Entry]]:
    """Read a tape; raises ValueError, LookupError or TypeError where a line is not of a tape's shape."""
    rows = (json.loads(line) for line in lines if line.strip())
    head: dict[str, Any] = next(rows, {})
    if head.pop("tape", None) != 1:
        raise ValueError('not a tape: the first line lacks "tape": 1')
    return Header(**head), [_entry(row) for row in rows]


def _entry(row: dict[str, Any]) -> Entry:
    data = row["text"] if "text" in row else base64.b64decode(row["base64"])
    means = row.get("means")
    return Entry(row["at_ms"], Way(row["way"]), data, row.get("call"), None if means is None else tuple(means))


def write(header: Header, entries: Iterable[Entry]) -> Iterator[str]:
    """The lines of a tape, without line ends; `read` gives back the same."""
    yield _line({"tape": 1, **{f.name: getattr(header, f.name) for f in fields(header)}})
    for entry in entries:
        yield line(entry)


def line(entry: Entry) -> str:
    """One entry as its line."""
    row: dict[str, Any] = {"at_ms": entry.at_ms, "way": entry.way}
    if isinstance(entry.data, str):
        row["text"] = entry.data
    else:
        row["base64"] = base64.b64encode(entry.data).decode("ascii")
    if entry.call is not None:
        row["call"] = entry.call
    if entry.means is not None:
        row["means"] = list(entry.means)
    return _line(row)


def meaning(frame: Frame) -> dict[str, Any]:
    """A decoded frame as plain JSON: its type and the fields that are not None; exact numbers as text."""
    values = {f.name: _plain(getattr(frame, f.name)) for f in fields(frame)}
    return {"is": type(frame).__name__, **{name: value for name, value in values.items() if value is not None}}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
