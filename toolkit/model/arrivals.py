"""When the bytes of a log arrived: the file `run.log.times.jsonl` that gives a log without times its times.

A first line names the log; each further line says at which byte a piece began that arrived at that moment. The moment
is the supervisor's: what the program held in a buffer of its own is older by as long as it held it.
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
    """The log's bytes from `byte` (zero-based) up to the next arrival came within `error_ms` of `at_ms` (epoch)."""

    byte: int
    at_ms: int
    error_ms: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The arrivals of the log named `log`, in order of byte."""

    log: str
    rows: tuple[Arrival, ...]

    def at(self, byte: int) -> Arrival | None:
        """The arrival that brought this byte of the log, None where there is none."""
        index = bisect_right(self.rows, byte, key=lambda row: row.byte)
        return self.rows[index - 1] if index else None


def header(log: str) -> bytes:
    """The first line, for the log of that name."""
    return msgspec.json.encode({"schema": SCHEMA, "log": log}) + b"\n"


def line(arrival: Arrival) -> bytes:
    """One arrival as a line."""
    return msgspec.json.encode(arrival) + b"\n"


def parse(lines: Iterable[bytes], file: str = FILE_NAME) -> Arrivals:
    """Read the file back from its lines, each with its newline; a final fragment is left out.

    Raises `InputError` with file and line where a line is not an arrival or goes back in the log.
    """
    log, rows = read(lines, file)
    return Arrivals(log, tuple(rows))


def read(lines: Iterable[bytes], file: str = FILE_NAME) -> tuple[str, Iterator[Arrival]]:
    """The name of the log, and its arrivals one by one as they are asked for. Raises `InputError` as `parse` does."""
    rest = iter(lines)
    first = next(rest, b"")
    try:
        log = str(msgspec.json.decode(first)["log"]) if first.endswith(b"\n") else ""
    except (msgspec.DecodeError, TypeError, KeyError) as error:
        raise InputError(file, 1, f"does not name the log it belongs to: {error}; leave the file out") from error
    return log, _rows(rest if log else (), file)


def _rows(lines: Iterable[bytes], file: str) -> Iterator[Arrival]:
    last = -1
    for number, each in enumerate(lines, 2):
        if not each.endswith(b"\n"):
            return
        try:
            row = msgspec.json.decode(each, type=Arrival)
        except msgspec.DecodeError as error:
            raise InputError(file, number, f"is no arrival of a log: {error}; leave the file out") from error
        if row.byte < last:
            raise InputError(file, number, "goes back in the log; leave the file out")
        last = row.byte
        yield row
