"""Records of `run.log.times.jsonl`: the arrival time of each piece of a log whose lines have no time stamps.

The first line of the file names the log. Each further line has the byte offset at which a piece began and the time at
which the supervisor read it. Text that the program buffered is older than its arrival by the time it was buffered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from toolkit.model.errors import InputError

FILE_NAME = "run.log.times.jsonl"
SCHEMA = "toolkit.arrivals/1"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Arrival of a piece of a log: the bytes from `byte` (zero-based) up to the next arrival.

    They arrived within `error_ms` milliseconds of `at_ms` (epoch milliseconds).
    """

    byte: int
    at_ms: int
    error_ms: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Arrivals of the log named `log`, in order of byte offset."""

    log: str
    rows: tuple[Arrival, ...]

    def at(self, byte: int) -> Arrival | None:
        """Return the arrival that contains the byte at this offset; None before the first arrival."""
        index = bisect_right(self.rows, byte, key=lambda row: row.byte)
        return self.rows[index - 1] if index else None


def header(log: str) -> bytes:
    """Encode the first line of the file, which names the log."""
    return msgspec.json.encode({"schema": SCHEMA, "log": log}) + b"\n"


def line(arrival: Arrival) -> bytes:
    """Encode one arrival as a line."""
    return msgspec.json.encode(arrival) + b"\n"


def parse(lines: Iterable[bytes], file: str = FILE_NAME) -> Arrivals:
    """Parse the lines of the file, each with its newline; a final line without newline is ignored.

    `file` is the name used in errors. Raises `InputError` with file and line for a first line that names no log, a line
    that is not an arrival, and an offset lower than the one before.
    """
    log, rows = read(lines, file)
    return Arrivals(log, tuple(rows))


def read(lines: Iterable[bytes], file: str = FILE_NAME) -> tuple[str, Iterator[Arrival]]:
    """Return the name of the log and a lazy iterator over its arrivals. Both raise `InputError` as `parse` does."""
    remaining = iter(lines)
    first = next(remaining, b"")
    try:
        log = str(msgspec.json.decode(first)["log"]) if first.endswith(b"\n") else ""
    except (msgspec.DecodeError, TypeError, KeyError) as error:
        raise InputError(file, 1, f"does not name the log it belongs to: {error}; leave the file out") from error
    return log, _rows(remaining if log else (), file)


def _rows(lines: Iterable[bytes], file: str) -> Iterator[Arrival]:
    last = -1
    for number, each in enumerate(lines, 2):
        if not each.endswith(b"\n"):
            return
        try:
            row = msgspec.json.decode(each, type=Arrival)
        except msgspec.DecodeError as error:
            raise InputError(file, number, f"is not an arrival record: {error}; leave the file out") from error
        if row.byte < last:
            raise InputError(file, number, "has a lower byte offset than the line before; leave the file out")
        last = row.byte
        yield row
