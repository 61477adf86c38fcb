"""Reader of the parsed lines of a run's logs, in order: facts, lives, sessions, panics and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from toolkit.ingest.log_lines.name_limits import NameLimits
from toolkit.ingest.log_lines.pending import PANICS, MessageForm, PanicMessage, PendingLine, announced_message
from toolkit.ingest.log_lines.rows import LogRows
from toolkit.model.runs import FileLedger, Session
from toolkit.runlog.bulk.block import GroupSummary
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.facts import LogFacts
from toolkit.runlog.lives import Lives
from toolkit.runlog.parse import NOT_COUNTED, OTHER, LogRecord
from toolkit.runlog.session_lines import session_line
from toolkit.runlog.wrapping.common import LineExamples
from toolkit.sessions.machine import SessionIncident, Sessions
from toolkit.sessions.packed_records import PackedRecords


@dataclass
class LogLoad:
    """The ledgers of the run's logs, the facts that their lines state, and the sockets' sessions and incidents."""

    ledgers: list[FileLedger] = field(default_factory=list)
    facts: LogFacts = field(default_factory=LogFacts)
    sessions: PackedRecords[Session] = field(default_factory=lambda: PackedRecords(Session))
    incidents: PackedRecords[SessionIncident] = field(default_factory=lambda: PackedRecords(SessionIncident))
    further_ending_lines: int = 0
    """Lines of the ends of sessions that the sessions do not list."""
    unknown: dict[int, LineExamples] = field(default_factory=dict)
    """Examples of the lines that no grammar knows, by file number."""
    learnt_prefixes: dict[int, str] = field(default_factory=dict)
    """An example of the prefix of no known kind that was taken off a file's lines, by file number."""
    torn: set[Ref] = field(default_factory=set)
    """Lines without an end: their last word may be cut short."""
    names: NameLimits = field(default_factory=NameLimits)


class LineReader:
    """Reader of lines; its state spans the parts of a rotated log.

    The lines after the first line of a panic are held until it is certain which of them are the panic's message. The
    first one always is. Records in a message are not counted.
    """

    def __init__(self, rows: LogRows, result: LogLoad) -> None:
        self.rows = rows
        self.sessions = Sessions()
        self.other: Counter[int] = Counter()
        """Lines that no grammar knows, by file number."""
        self._result = result
        self._lives = Lives()
        self._first_life, self._life_starts = 0, [0]
        self._panic: PanicMessage | None = None

    @property
    def lives(self) -> int:
        """Number of lives so far in the current log."""
        return self._lives.count

    @property
    def awaits_message(self) -> bool:
        """True if the line just read announced the message of a panic."""
        panic = self._panic
        return panic is not None and not panic.held and panic.form is MessageForm.AFTER_FIRST_LINE

    def begin_file(self) -> None:
        """Prepare for the next file of the log. Lines that are held are read."""
        while self._panic is not None and self._panic.held:
            self._release()
        self._first_life, self._life_starts = self._lives.life, [0]

    def begin_log(self) -> None:
        """Prepare for another log; lives are counted from 0."""
        self._lives = Lives()

    def close_panic(self) -> None:
        """Read the lines that are held; no line that follows is the message of a panic."""
        while self._panic is not None:
            self._release()

    def add(self, each: PendingLine) -> bool:
        """Read a line; return whether it is known or held."""
        if (panic := self._panic) is not None:
            if (count := panic.lines_before(each)) is not None:
                self._read_message(panic, count)
                return self.add(each)
            if panic.may_hold(each):
                panic.hold(each)
                if panic.ends_with(each):
                    self._read_message(panic, len(panic.held))
                return True
            # The lines released may announce a message of their own.
            self._release()
            return self.add(each)
        return self._read(each)

    def settle(self, ref: Ref) -> None:
        """Read the lines that are held unless the line at `ref` may be the next one of them."""
        while self._panic is not None and not self._panic.directly_precedes(ref):
            self._release()

    def lives_of(self, lines: IntVector) -> IntVector:
        """Return the lives of lines of the current file; all singly parsed lines up to them must have been added."""
        lives: IntVector = np.searchsorted(np.asarray(self._life_starts), lines, side="right") - 1 + self._first_life
        return lives

    def add_groups(self, groups: Iterable[GroupSummary], file_no: int, first_line: int) -> None:
        """Add groups of lines that differ in numbers only, of a block that begins at line `first_line`."""
        for group in groups:
            first, last = (((file_no, first_line + index), text) for index, text in (group.first, group.last))
            record = self._result.names.record(group.record, group.count)
            self._result.facts.add_many(record, group.count, first, last)
            self._result.facts.add_sender(group.record.family, group.sender)
            if group.record.family == OTHER:
                self.other[file_no] += group.count
                for (_, line), text in (first, last):
                    self._unknown(file_no).add(line, text)

    def _unknown(self, file_no: int) -> LineExamples:
        return self._result.unknown.setdefault(file_no, LineExamples())

    def _release(self) -> None:
        """Read the lines that are held: no line shows where the message ends."""
        if (panic := self._panic) is not None:
            likely = panic.likely_lines()
            self._panic = None
            for each in panic.held[:likely]:
                if each is not panic.held[0] and each.is_unknown:
                    self._read(each)
                else:
                    self._read_as_message(each, panic)
            for each in panic.held[likely:]:
                self.add(each)

    def _read_message(self, panic: PanicMessage, count: int) -> None:
        """Read the lines that are held, the first `count` of them as the message."""
        self._panic = None
        for each in panic.held[:count]:
            self._read_as_message(each, panic)
        for each in panic.held[count:]:
            self.add(each)

    def _read_as_message(self, each: PendingLine, panic: PanicMessage) -> None:
        """Read a line of a panic's message: its records are not counted."""
        facts, line = self._result.facts, each.line
        if line.parsed.records[0].family == OTHER:
            facts.add(line.parsed.records[0], each.ref, each.text, line.sender)
            if each is panic.held[0] and panic.form is MessageForm.AFTER_FIRST_LINE and each.text.strip():
                facts.add_panic_message(panic.ref, each.text.strip())
        for record in (*line.parsed.records, *line.parsed.quoted):
            if record.family not in NOT_COUNTED:
                facts.add_quoted(record, each.ref, session_line(record, each.ref) is not None)

    def _read(self, each: PendingLine) -> bool:
        facts, line, ref, text = self._result.facts, each.line, each.ref, each.text
        for quoted in line.parsed.quoted:
            facts.add_quoted(quoted, ref, session_line(quoted, ref) is not None)
        self._panic = None
        for record in map(self._result.names.record, line.parsed.records):
            facts.add(record, ref, text, line.sender)
            if record.family == OTHER:
                continue
            self._panic = announced_message(record, each) or self._panic
            if record.family in PANICS:
                facts.add_panic(record, ref)
            self._add_record(record, each)
        if line.parsed.records[0].family != OTHER:
            return True
        self.other.update(each.files)
        if text.strip():
            self._unknown(ref[0]).add(ref[1], text)
        return False

    def _add_record(self, record: LogRecord, each: PendingLine) -> None:
        ref = each.ref
        if each.torn:
            self._result.torn.add(ref)
        life = self._lives.life if each.torn else self._lives.add(record)
        if self._lives.begins and not each.torn:
            self._result.facts.begin_life(ref)
            self._panic = None
        if life - self._first_life == len(self._life_starts):
            self._life_starts.append(ref[1])
        self.rows.add(record, ref, life, each.line.byte, each.line.parsed.stamped_ms, each.torn)
        event = session_line(record, ref)
        if event is not None and (event := self._result.names.session_line(event)) is not None:
            self.sessions.feed(life, event, self._lives.began)
