"""A telemetry file against the contract, line by line: what was checked, what breaks a rule, what is only worth saying.

A kill leaves a torn last line, a restart into the same file lets ticks begin again and may glue two records on one
line: both are told, and neither breaks the contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from toolkit.telemetry.contract.fields import REQUIRED, ContractRecord, typed
from toolkit.telemetry.contract.rules import RECORD_RULES, lengths, not_finite
from toolkit.telemetry.contract.sequence import LIFE_RULES, Breach, Life
from toolkit.telemetry.lenient import PADDING, TORN, json_values

MOST_LINES = 5
"""How many lines a tally names."""

RULES = {
    "line": "every line is one JSON object in UTF-8, ended by a newline",
    "required": "the required fields are there",
    "type": "every field has the contract's type and range",
    "word": "words are those of the contract",
    "finite": "numbers are finite",
    "length": "every venue_* list has one element per venue",
    **{rule.name: rule.says for rule in RECORD_RULES},
    **{name: says for name, says in LIFE_RULES.items() if name != "venue_order"},
}
NOTICES = {
    "restart": "a new life begins in the same file",
    "glued": "a line holds the last record of one life and the first of the next",
    "torn_inside": "a restart follows a torn record on the same line",
    "torn_tail": "the last record is torn, as a kill leaves it",
    "blank": "a line is blank",
    "padded": "NUL bytes stand before or after a record, as a crash of the host leaves them",
    "damaged": "the compressed file is damaged or cut short",
}


@dataclass(frozen=True, slots=True)
class RuleTally:
    """How often a rule was broken (or something worth saying was met), the first lines, and the first case."""

    rule: str
    says: str
    count: int
    lines: tuple[int, ...]
    example: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file checked: its records, the lives they belong to, what breaks the contract and what is worth saying."""

    file: str
    lines: int
    records: int
    lives: int
    violations: tuple[RuleTally, ...]
    notices: tuple[RuleTally, ...]


class FileCheck:
    """Checks the lines of one file, given in order."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode
        self._found: dict[str, tuple[int, list[int], str]] = {}
        self._life = Life()
        self._lines = self._records = 0

    def line(self, number: int, line: bytes, last: bool = False) -> None:
        """Check a line without its newline; `last` says that the file ends with it and it had none."""
        self._lines = number
        try:
            record = self._decode(line)
        except (ValueError, RecursionError):
            self._unclean(number, line, last)
        else:
            self._record(number, record)

    def unreadable(self, number: int, why: str) -> None:
        """Count a line that cannot be read at all."""
        self._lines = number
        self._met("line", number, why)

    def notice(self, name: str, why: str) -> None:
        """Say something of the file as a whole."""
        self._met(name, self._lines, why)

    def report(self) -> FileReport:
        """What was found so far."""
        violations = tuple(self._tally(name, says) for name, says in RULES.items() if name in self._found)
        notices = tuple(self._tally(name, says) for name, says in NOTICES.items() if name in self._found)
        restarts = self._found.get("restart", (0,))[0]
        return FileReport(self._file, self._lines, self._records, restarts + bool(self._records), violations, notices)

    def _tally(self, name: str, says: str) -> RuleTally:
        count, lines, example = self._found[name]
        return RuleTally(name, says, count, tuple(lines), example)

    def _met(self, name: str, number: int, example: str) -> None:
        count, lines, first = self._found.get(name, (0, [], example))
        if len(lines) < MOST_LINES and number not in lines:
            lines.append(number)
        self._found[name] = count + 1, lines, first

    def _record(self, number: int, record: dict[str, Any], restarted: bool = False) -> None:
        known, wrong = typed(record)
        if self._life.ended_by(known) or (restarted and self._records):
            self._met("restart", number, f"t is 0 after {self._life.t}")
            self._life = Life()
        self._records += 1
        for name, example in self._breaches(number, record, known, wrong):
            self._met(name, number, example)

    def _breaches(
        self, number: int, record: dict[str, Any], known: ContractRecord, wrong: list[str]
    ) -> Iterator[Breach]:
        if not record.keys() >= REQUIRED:
            yield "required", f"without {', '.join(sorted(REQUIRED - record.keys()))}"
        for why in wrong:
            yield ("word" if why.startswith("Invalid enum value") else "type"), why
        for why in lengths(record, known):
            yield "length", why
        for rule in RECORD_RULES:
            for why in rule.broken_by(known):
                yield rule.name, why
        yield from self._life.breaches(known, number)

    def _unclean(self, number: int, line: bytes, last: bool) -> None:
        """A line that is no plain record: blank, torn, glued, or in the words of a more lenient parser."""
        text = line.decode("utf-8", "replace").strip(PADDING)
        if not text:
            return self._met("blank", number, "nothing on it")
        if padding := line.count(b"\0") - text.count("\0"):
            self._met("padded", number, f"{padding} NUL bytes")
        values = list(json_values(text))
        torn = any(value is TORN for value in values)
        held = [value for value in values if value is TORN or _is_record(value, torn)]
        if not any(isinstance(value, dict) for value in held):
            if last and torn:
                return self._met("torn_tail", number, f"{len(line)} bytes of a record")
            return self._met("line", number, "is not JSON" if torn else "is JSON, but no object")
        if "\ufffd" in text and "\ufffd".encode() not in line:
            self._met("line", number, "is not UTF-8")
        return self._several(number, held, last)

    def _several(self, number: int, held: list[Any], last: bool) -> None:
        """What a line holds one after the other: records, and stretches that are none."""
        for place, value in enumerate(held):
            if value is not TORN:
                for why in not_finite(value):
                    self._met("finite", number, why)
                self._record(number, value, restarted=place > 0 and self._joined(number, value, held[place - 1]))
            elif place == len(held) - 1:
                self._met("torn_tail" if last else "line", number, "goes on after its record")

    def _joined(self, number: int, record: dict[str, Any], before: Any) -> bool:
        """Whether a restart explains that a record is not the first thing on its line; otherwise it is a breach."""
        restarted = record.get("t") == 0
        if restarted:
            self._met("torn_inside" if before is TORN else "glued", number, "t is 0 in the middle of the line")
        else:
            self._met("line", number, f"{'a torn record' if before is TORN else 'a record'} stands before another")
        return restarted


def _is_record(value: object, torn: bool) -> bool:
    """Objects inside a torn record look like records of their own; a tick tells the difference."""
    return isinstance(value, dict) and (not torn or "t" in value)
