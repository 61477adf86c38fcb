"""Reader of the record that simulated venues keep of a run (JSON Lines, plain or compressed)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.recorded.ground_truth import Book, VenueRecord
from toolkit.model.vocabulary import Role
from toolkit.streams.blocks import blocks

_Level = tuple[str, str] | None


class _Event(msgspec.Struct):
    t_unix_ms: int
    venue: str
    event: str
    conn_id: str | None = None
    bid: _Level = None
    ask: _Level = None
    ended_by: str | None = None


@dataclass
class GroundTruth:
    """The record of each venue by its name, and the number of lines that are no event."""

    venues: dict[str, VenueRecord] = field(default_factory=dict)
    unread_lines: int = 0


def load(path: Path) -> GroundTruth:
    """Read a record of venues. Raises `InputError` for a file that cannot be read or that holds no event."""
    truth, last_frame = GroundTruth(), dict[str, int]()
    for line in _lines(path):
        try:
            event = msgspec.json.decode(line, type=_Event)
        except msgspec.MsgspecError:
            truth.unread_lines += bool(line.strip())
            continue
        if event.venue != "all":
            _add(truth.venues.setdefault(event.venue, VenueRecord()), event, last_frame)
    if not truth.venues:
        raise InputError(str(path), None, "holds no event of a venue; name the file that `--truth` of the venues wrote")
    return truth


def _lines(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise InputError(str(path), None, "is not a file; name the file that `--truth` of the venues wrote")
    with RunFile(0, str(path), Role.ARTIFACT, lambda: path.open("rb")).open() as stream:
        for block in blocks(stream):
            yield from block.data.split(b"\n")


def _add(record: VenueRecord, event: _Event, last_frame: dict[str, int]) -> None:
    at, connection = event.t_unix_ms, event.conn_id or ""
    if event.event == "accept":
        record.accepted.append(at)
        last_frame[connection] = at
    elif event.event == "door":
        record.refused.append(at)
    elif event.event == "frame":
        _add_silence(record, last_frame, connection, at)
        previous = max(record.gaps[-1][1] if record.gaps else at, at)
        record.gaps.append((record.gaps[-1][1] if record.gaps else at, previous))
        record.frame_count += 1
        if event.bid and event.ask:
            record.frames.append((at, _book(event.bid, event.ask)))
    elif event.event == "conn_end":
        _add_silence(record, last_frame, connection, at)
        record.endings.append((at, event.ended_by or "not stated"))


def _add_silence(record: VenueRecord, last_frame: dict[str, int], connection: str, at: int) -> None:
    if connection in last_frame:
        record.silences.append((last_frame[connection], at))
    last_frame[connection] = at


def _book(bid: tuple[str, str], ask: tuple[str, str]) -> Book:
    return float(bid[0]), float(bid[1]), float(ask[0]), float(ask[1])
