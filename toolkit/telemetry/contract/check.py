"""Check of a telemetry file against the contract, line by line: violations, and notices that are no violation.

A kill leaves a torn last line. A restart into the same file makes ticks begin again at 0, and may leave two
records on one line. All of these are notices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from toolkit.telemetry.contract.fields import REQUIRED, ContractRecord, convert_record
from toolkit.telemetry.contract.rules import RECORD_RULES, not_finite, wrong_lengths
from toolkit.telemetry.contract.sequence import LIFE_RULES, LifeState, Violation
from toolkit.telemetry.lenient import PADDING, TORN, json_values

MAX_LINES_NAMED = 5
"""The number of lines that a tally names."""

RULES = {
    "line": "every line is one JSON object in UTF-8, ended by a newline",
    "required": "every required field is present",
    "type": "every field has the contract's type and range",
    "word": "every enumerated text is one of the contract's values",
    "finite": "numbers are finite",
    "length": "every venue_* list has one element per venue",
    **{rule.name: rule.meaning for rule in RECORD_RULES},
    **{name: meaning for name, meaning in LIFE_RULES.items() if name != "venue_order"},
}
"""The meaning of each rule by its name."""
NOTICES = {
    "restart": "a restarted process appends to the same file: a new life begins",
    "glued": "a line holds the last record of one life and the first of the next",
    "torn_inside": "a restart follows a torn record on the same line",
    "torn_tail": "the last record is incomplete, as after a kill",
    "blank": "a line is blank",
    "padded": "NUL bytes stand before or after a record, as after a crash of the host",
    "damaged": "the compressed file is damaged or cut short",
}
"""The meaning of each notice by its name."""


@dataclass(frozen=True, slots=True)
class RuleTally:
    """Tally of the cases of one rule or notice: their number, the first lines, and the message of the first case.

    The field names are keys of the JSON output; `says` is the meaning of the rule or notice.
    """

    rule: str
    says: str
    count: int
    lines: tuple[int, ...]
    example: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """The result for one file: its lines, records and lives, the rules violated, and the notices."""

    file: str
    lines: int
    records: int
    lives: int
    violations: tuple[RuleTally, ...]
    notices: tuple[RuleTally, ...]


class FileCheck:
    """Check of the lines of one file, which are passed in order."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode
        self._found: dict[str, tuple[int, list[int], str]] = {}
        self._life = LifeState()
        self._lines = self._records = 0

    def check_line(self, number: int, line: bytes, last: bool = False) -> None:
        """Check a line without its newline; `last` marks a last line that has no newline in the file."""
        self._lines = number
        try:
            record = self._decode(line)
        except (ValueError, RecursionError):
            self._check_damaged(number, line, last)
        else:
            self._check_record(number, record)

    def add_unreadable(self, number: int, why: str) -> None:
        """Count a line that cannot be read at all as a violation of the rule `line`."""
        self._lines = number
        self._count("line", number, why)

    def add_notice(self, name: str, message: str) -> None:
        """Add a notice on the file as a whole; `name` is a key of `NOTICES`."""
        self._count(name, self._lines, message)

    def report(self) -> FileReport:
        """Return the result for the lines checked so far."""
        violations = tuple(self._tally(name, meaning) for name, meaning in RULES.items() if name in self._found)
        notices = tuple(self._tally(name, meaning) for name, meaning in NOTICES.items() if name in self._found)
        restarts = self._found.get("restart", (0,))[0]
        return FileReport(self._file, self._lines, self._records, restarts + bool(self._records), violations, notices)

    def _tally(self, name: str, meaning: str) -> RuleTally:
        count, lines, example = self._found[name]
        return RuleTally(name, meaning, count, tuple(lines), example)

    def _count(self, name: str, number: int, example: str) -> None:
        count, lines, first = self._found.get(name, (0, [], example))
        if len(lines) < MAX_LINES_NAMED and number not in lines:
            lines.append(number)
        self._found[name] = count + 1, lines, first

    def _check_record(self, number: int, record: dict[str, Any], restarted: bool = False) -> None:
        known, type_errors = convert_record(record)
        if self._life.ended_by(known) or (restarted and self._records):
            self._count("restart", number, f"t is 0 after {self._life.t}")
            self._life = LifeState()
        self._records += 1
        for name, message in self._violations(number, record, known, type_errors):
            self._count(name, number, message)

    def _violations(
        self, number: int, record: dict[str, Any], known: ContractRecord, type_errors: list[str]
    ) -> Iterator[Violation]:
        if not record.keys() >= REQUIRED:
            yield "required", f"missing: {', '.join(sorted(REQUIRED - record.keys()))}"
        for message in type_errors:
            yield ("word" if message.startswith("Invalid enum value") else "type"), message
        for message in wrong_lengths(record, known):
            yield "length", message
        for rule in RECORD_RULES:
            for message in rule.violations(known):
                yield rule.name, message
        yield from self._life.violations(known, number)

    def _check_damaged(self, number: int, line: bytes, last: bool) -> None:
        """Check a line that a strict parser rejects: blank, torn, glued, padded, or with NaN or Infinity."""
        text = line.decode("utf-8", "replace").strip(PADDING)
        if not text:
            return self._count("blank", number, "the line is empty or holds only white space and NUL bytes")
        if padding := line.count(b"\0") - text.count("\0"):
            self._count("padded", number, f"{padding} NUL bytes")
        values = list(json_values(text))
        torn = any(value is TORN for value in values)
        parts = [value for value in values if value is TORN or _is_record(value, torn)]
        if not any(isinstance(value, dict) for value in parts):
            if last and torn:
                return self._count("torn_tail", number, f"{len(line)} bytes of a record")
            return self._count("line", number, "is not JSON" if torn else "is JSON, but not an object")
        if "\ufffd" in text and "\ufffd".encode() not in line:
            self._count("line", number, "is not UTF-8")
        return self._check_parts(number, parts, last)

    def _check_parts(self, number: int, parts: list[Any], last: bool) -> None:
        """Check the parts of a line in order: records, and stretches of text that are no JSON value."""
        for index, part in enumerate(parts):
            if part is not TORN:
                for message in not_finite(part):
                    self._count("finite", number, message)
                self._check_record(number, part, restarted=index > 0 and self._restarts(number, part, parts[index - 1]))
            elif index == len(parts) - 1:
                self._count("torn_tail" if last else "line", number, "text follows the record on its line")

    def _restarts(self, number: int, record: dict[str, Any], before: Any) -> bool:
        """Return true if a restart explains a record that is not the first part of its line; else it is a violation."""
        restarted = record.get("t") == 0
        if restarted:
            self._count("torn_inside" if before is TORN else "glued", number, "t is 0 in the middle of the line")
        else:
            kind = "a torn record" if before is TORN else "a record"
            self._count("line", number, f"{kind} precedes another one on the line")
        return restarted


def _is_record(value: object, torn: bool) -> bool:
    """Return true for a record; an object nested in a torn record has no tick and is none."""
    return isinstance(value, dict) and (not torn or "t" in value)
