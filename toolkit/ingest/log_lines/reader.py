"""Reader of the parsed lines of a run's logs, in order: facts, lives, sessions, panics and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from toolkit.ingest.log_lines.held_lines import (
    ANNOUNCING,
    PANICS,
    LinesAfterPanic,
    MessageForm,
    PanicMessage,
    announced_message,
)
from toolkit.ingest.log_lines.life_cycle_lines import LifeCycleLine
from toolkit.ingest.log_lines.name_limits import MAX_TEXT_CHARS, NameLimits
from toolkit.ingest.log_lines.pending import PendingLine
from toolkit.ingest.log_lines.rows import LogRows
from toolkit.model.runs import FileLedger, Session
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.summaries import BlockLine, LinesSummary, Named
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.facts import LogFacts
from toolkit.runlog.lives import Lives
from toolkit.runlog.parse import NOT_COUNTED, OTHER, LogRecord
from toolkit.runlog.session_lines import SessionLine
from toolkit.runlog.wrapping.common import LineExamples
from toolkit.sessions.by_life import Sessions
from toolkit.sessions.machine import SessionIncident
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
    further_counters: int = 0
    """Lines of the publisher that report counters beyond the limit."""
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
        self._further_counters = 0
        self._first_life, self._life_starts = 0, [0]
        self._panic: PanicMessage | None = None
        """The panic whose message may be among the lines that are held, or may follow."""
        self._held = LinesAfterPanic()

    @property
    def lives(self) -> int:
        """Number of lives so far in the current log."""
        return self._lives.count

    @property
    def awaits_message(self) -> bool:
        """True if the line just read announced the message of a panic."""
        panic = self._panic
        return panic is not None and not self._held.lines and panic.form is MessageForm.AFTER_FIRST_LINE

    def begin_file(self) -> None:
        """Prepare for the next file of the log. Lines that are held are read."""
        self._read_held(no_more=True)

    def begin_block(self) -> None:
        """Prepare for the next block of the file."""
        self._first_life, self._life_starts = self._lives.life, [0]

    def begin_log(self, is_last: bool) -> None:
        """Prepare for another log; lives are counted from 0."""
        self._further_counters = self.further_counters
        self._lives = Lives()
        self.sessions.begin_log(is_last)

    @property
    def further_counters(self) -> int:
        """Lines of all logs that report counters beyond the limit, of which no fall is seen."""
        return self._further_counters + self._lives.further_counters

    def close_panic(self) -> None:
        """Read the lines that are held; no line that follows is the message of a panic."""
        self._read_held(no_more=True)
        self._panic = None

    def add(self, each: PendingLine) -> None:
        """Read a line, or hold it."""
        self.settle(each.ref)
        if self._panic is None:
            self._read(each)
        else:
            self._held.add(each)
            self._read_held()

    def settle(self, ref: Ref) -> None:
        """Read the lines that are held unless the line at `ref` may be the next one of them."""
        if self._panic is not None and not self._panic.directly_precedes(ref, self._held):
            self.close_panic()

    def lives_of(self, lines: IntVector) -> IntVector:
        """Return the lives of lines of the current block; all singly parsed lines up to them must have been added."""
        lives: IntVector = np.searchsorted(np.asarray(self._life_starts), lines, side="right") - 1 + self._first_life
        return lives

    def add_life_cycle(self, line: LifeCycleLine) -> None:
        """Read a life-cycle line; rows and other facts are added for all such lines of its block at once."""
        if self._panic is not None:
            self.close_panic()
        if not line.single:
            self._add_to_life(line.record, line.ref, line.session_line)
            return
        names, ref = self._result.names, line.ref
        record = names.record(line.record)
        self._result.facts.add_life_cycle(record, ref)
        self._add_to_life(record, ref, names.session_line(record, ref))

    def add_summaries(
        self, summaries: Iterable[tuple[LinesSummary, Sequence[Named]]], file_no: int, first_line: int
    ) -> None:
        """Add the summaries of a block that begins at line `first_line`, each with its names within the limits."""
        facts = self._result.facts
        for each, names in summaries:

            def placed(line: BlockLine) -> tuple[Ref, str]:
                return (file_no, first_line + line[0]), line[1]

            facts.add_many(each.family, each.count, placed(each.first), placed(each.last))
            facts.add_names(each.family, names, file_no, first_line)
            facts.add_sockets(each.loopback)
            for sender, lines in each.senders.items():
                facts.add_sender(each.family, sender, lines)
            for shown in each.shown:
                facts.note_cause(each.family, *placed(shown))
            if each.family == OTHER:
                self.other[file_no] += each.count
                self._unknown(file_no).add_all(each.examples, first_line)

    def count_panics(self, file_no: int, lines: IntVector) -> None:
        """Count panics of the current block of which no more is kept."""
        self._result.facts.count_panics(file_no, int(np.count_nonzero(self.lives_of(lines) == self._lives.life)))

    def _unknown(self, file_no: int) -> LineExamples:
        unknown = self._result.unknown
        return unknown[file_no] if file_no in unknown else unknown.setdefault(file_no, LineExamples())

    def _read_held(self, no_more: bool = False) -> None:
        """Read the lines that are held up to a panic of which a line that follows may show the message.

        If `no_more` follow, all are read. The lines after a message may announce one of their own.
        """
        held = self._held
        while held.lines and (panic := self._panic) is not None:
            if (message := panic.among(held, no_more)) is None:
                return
            self._panic = None
            for place in range(message.lines):
                each = held.take()
                if place and not message.is_certain and each.is_unknown:
                    self._read(each)
                else:
                    self._read_as_message(each, panic, is_first=not place)
            while held.lines and self._panic is None:
                self._read(held.take())

    def _read_as_message(self, each: PendingLine, panic: PanicMessage, is_first: bool) -> None:
        """Read a line of a panic's message: its records are not counted."""
        facts, line = self._result.facts, each.line
        if line.parsed.records[0].family == OTHER:
            facts.add(line.parsed.records[0], each.ref, each.text, line.sender)
            if is_first and panic.form is MessageForm.AFTER_FIRST_LINE and each.text.strip():
                facts.add_panic_message(panic.ref, each.text.strip())
        for record in (*line.parsed.records, *line.parsed.quoted):
            if record.family not in NOT_COUNTED:
                facts.add_quoted(record, each.ref)

    def _read(self, each: PendingLine) -> None:
        facts, names, line, ref, text = self._result.facts, self._result.names, each.line, each.ref, each.text
        for quoted in line.parsed.quoted:
            facts.add_quoted(quoted, ref)
        self._panic, is_long = None, len(line.text) > MAX_TEXT_CHARS
        for read in line.parsed.records:
            record = names.record(names.cut(read) if is_long else read)
            facts.add(record, ref, text, line.sender)
            if record.family == OTHER:
                continue
            if record.family in ANNOUNCING:
                self._panic = announced_message(record, each) or self._panic
                if record.family in PANICS:
                    facts.add_panic(record, ref)
            # The numbers of a torn line may be cut short, and counters of several venues do not add up to one.
            self._add_record(record, each, is_counted=not each.torn and record.venue == read.venue)
        if line.parsed.records[0].family == OTHER:
            for file_no in each.files:
                self.other[file_no] += 1
            unknown = self._unknown(ref[0])
            if text.strip():
                unknown.add(ref[1], text)
            elif unknown.first is None:
                unknown.first = ref[1], text

    def _add_record(self, record: LogRecord, each: PendingLine, is_counted: bool) -> None:
        ref = each.ref
        event = self._result.names.session_line(record, ref)
        if each.torn:
            self._result.torn.add(ref)
            life = self._lives.life
            if event is not None:
                self.sessions.feed(life, event, self._lives.began)
        else:
            life = self._add_to_life(record, ref, event)
        self.rows.add(record, ref, life, each.line.byte, each.line.parsed.stamped_ms, is_counted)

    def _add_to_life(self, record: LogRecord, ref: Ref, event: SessionLine | None) -> int:
        """Add a record to its life and to the sessions of that; return the number of the life."""
        life = self._lives.add(record)
        if self._lives.begins:
            self._result.facts.begin_life(ref)
            self.sessions.begin_life(life)
            self._panic = None
            if life - self._first_life == len(self._life_starts):
                self._life_starts.append(ref[1])
        if event is not None:
            self.sessions.feed(life, event, self._lives.began)
        return life
