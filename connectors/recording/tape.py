"""Tapes: recorded frames of a venue, one JSON object a line, used as test data, for replay and as examples.

The first line is the header: `tape` 1, `venue`, `market`, `source` (where the frames come from), and the instrument and
options they were recorded with. Each further line has `at_ms` since the start of the tape, `way` (see `FrameKind`), and
the frame as `text` or, if it is binary, as `base64`. `means`, where present, is the expected decoding of a received
frame or REST body. The other fields are those of `TapeEntry`. A tape of frames alone, without rows of the connections
that carried them, is one session.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import msgspec

from connectors.text import plain_decimal
from connectors.venues.frames import Frame, exact_levels
from connectors.venues.spec import Value


class FrameKind(StrEnum):
    """Kind of a tape entry.

    - A frame SENT or RECEIVED on the socket; PING_SENT, PING (by the venue) and PONG (by the venue).
    - A connection attempt: CONNECT begins it, with the part of the URL behind its base as `call`. OPEN, REFUSED (`code`
      is the HTTP status, if one came) or UNANSWERED ends it.
    - The end of a socket: CLOSE by the venue (`code` of its close frame, if one came), or LEAVE by the client.
    - A request: REST with the body of its answer, or FAILED (`code` is the HTTP status, if one came).
    - LEFT_OUT: rows that came too fast to be written here; `text` says how many.
    """

    SENT = "sent"
    RECEIVED = "received"
    PING_SENT = "ping_sent"
    PING = "ping"
    PONG = "pong"
    CONNECT = "connect"
    OPEN = "open"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    CLOSE = "close"
    LEAVE = "leave"
    REST = "rest"
    FAILED = "failed"
    LEFT_OUT = "left_out"


_CARRY_DATA = {FrameKind.SENT, FrameKind.RECEIVED, FrameKind.REST}


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
    """One event of a tape, `at_ms` milliseconds after its start.

    - `data` is text, or bytes if the frame is binary; of an attempt, a request or a socket that ended, the reason.
    - `call` is the path of a request, or the part of a socket's URL behind its base; `body` is the body of the request.
    - `code` is an HTTP status or the code of a close frame, `retry_after_ms` the time that the venue asked to wait.
    - `feed` names the side feed whose socket it is, None for the socket of the book.
    - `decoded` is the expected decoding as plain JSON, see `frame_json`; None if the tape states none.
    """

    at_ms: int
    kind: FrameKind
    data: str | bytes = ""
    call: str | None = None
    decoded: tuple[Any, ...] | None = None
    code: int | None = None
    body: str | None = None
    retry_after_ms: int | None = None
    feed: str | None = None


_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**52)]


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """The first line of a tape."""

    venue: str
    market: str
    source: str
    tape: int
    instrument: str | None = None
    options: dict[str, int | str | bool | None] = {}


class _Row(msgspec.Struct, omit_defaults=True):
    """A further line of a tape."""

    at_ms: _Count
    way: FrameKind
    text: str | None = None
    base64: bytes | None = None
    call: str | None = None
    body: str | None = None
    code: Annotated[int, msgspec.Meta(ge=100, le=4_999)] | None = None
    retry_after_ms: _Count | None = None
    feed: str | None = None
    means: list[Any] | None = None


_HEAD, _ROW = msgspec.json.Decoder(_Head), msgspec.json.Decoder(_Row)


def read_tape(lines: Iterable[str | bytes]) -> tuple[TapeHeader, list[TapeEntry]]:
    """Return the header and the entries of a tape.

    Raises `ValueError` if a line does not have the form of a tape line.
    """
    rows = (text for text in lines if text.strip())
    return read_header(next(rows, "{}")), [read_entry(row) for row in rows]


def read_header(line: str | bytes) -> TapeHeader:
    """Return the header, from the first line of a tape. Raises `ValueError` if it is none."""
    try:
        head = _HEAD.decode(line)
    except ValueError as error:
        raise ValueError(f"not the first line of a tape: {error}") from error
    if head.tape != 1:
        raise ValueError(f'not a tape of this version: "tape" is {head.tape} instead of 1')
    return TapeHeader(head.venue, head.market, head.source, head.instrument, head.options)


def read_entry(line: str | bytes) -> TapeEntry:
    """Return the entry of one further line of a tape. Raises `ValueError` if it has not the form of one."""
    row = _ROW.decode(line)
    data = row.text if row.text is not None else row.base64
    if data is None and row.way in _CARRY_DATA:
        raise ValueError(f"a row of the way {row.way} needs `text` or `base64`")
    decoded = None if row.means is None else tuple(row.means)
    text = "" if data is None else data
    return TapeEntry(row.at_ms, row.way, text, row.call, decoded, row.code, row.body, row.retry_after_ms, row.feed)


def tape_lines(header: TapeHeader, entries: Iterable[TapeEntry]) -> Iterator[str]:
    """Yield the lines of a tape, without line ends; the inverse of `read_tape`."""
    yield _json_line({"tape": 1, **{each.name: getattr(header, each.name) for each in fields(header)}})
    for entry in entries:
        yield entry_line(entry)


def entry_line(entry: TapeEntry) -> str:
    """Return an entry as a line of a tape, without line end."""
    row: dict[str, Any] = {"at_ms": entry.at_ms, "way": entry.kind}
    if isinstance(entry.data, bytes):
        row["base64"] = base64.b64encode(entry.data).decode("ascii")
    elif entry.data or entry.kind in _CARRY_DATA:
        row["text"] = entry.data
    optional = {
        "feed": entry.feed,
        "call": entry.call,
        "body": entry.body,
        "code": entry.code,
        "retry_after_ms": entry.retry_after_ms,
        "means": None if entry.decoded is None else list(entry.decoded),
    }
    return _json_line(row | {name: value for name, value in optional.items() if value is not None})


def frame_json(frame: Frame) -> dict[str, Any]:
    """Return a decoded frame as plain JSON: its type as `is`, and the fields that are not None.

    Decimal numbers become text.
    """
    values = {name: _json_value(getattr(frame, name)) for name in type(frame).__match_args__}
    return {"is": type(frame).__name__, **{name: value for name, value in values.items() if value is not None}}


def _json_value(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return [[plain_decimal(format(number, "f")) for number in level] for level in exact_levels(value)]
    return value


def _json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
