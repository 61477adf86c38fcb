"""Lines of a log that are read once later lines have decided how they read."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from enum import Enum

import msgspec
from msgspec.structs import replace

from toolkit.ingest.log_lines.name_limits import MAX_TEXT_CHARS
from toolkit.runlog.bulk.single_lines import SingleLine
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.panic_messages import (
    LIKELY_LINES,
    MAX_MESSAGE_LINES,
    ends_quoted_message,
    ends_supervised_message,
    follows_message,
)
from toolkit.runlog.parse import OTHER, LogRecord

_STARTS = ("startup", "startup_short")
PANICS = ("panic", "panic_quoted")
_SUPERVISORS = ("supervisor_panic",)
_NOT_PLAIN = frozenset((*_STARTS, *_SUPERVISORS))
ANNOUNCING = frozenset((*PANICS, *_SUPERVISORS))
"""Families of lines after which the message of a panic may follow."""


class PendingLine(msgspec.Struct, frozen=True, gc=False):
    """A line with its place; `torn` is true if it has no end, `files` are the files that hold its physical lines."""

    line: SingleLine
    ref: Ref
    torn: bool
    files: tuple[int, ...]

    @property
    def text(self) -> str:
        """The beginning of the line without its decoration: all of any line that a program writes."""
        return self.line.text[:MAX_TEXT_CHARS]

    @property
    def if_alone(self) -> PendingLine:
        """The line as it reads if the next line does not complete it."""
        return replace(self, line=replace(self.line, parsed=self.line.parsed.if_alone))

    def is_of(self, families: Container[str]) -> bool:
        """Return whether a record of the line is of one of the families."""
        records = self.line.parsed.records
        return records[0].family in families or (len(records) > 1 and any(each.family in families for each in records))

    @property
    def is_unknown(self) -> bool:
        """True if no grammar knows any of the line."""
        records = self.line.parsed.records
        return records[0].family == OTHER and (len(records) == 1 or all(each.family == OTHER for each in records))


class MessageForm(Enum):
    """Form of a panic's message, which tells where it ends."""

    AFTER_FIRST_LINE = "after the first line, up to a note or to the line of the supervisor"
    QUOTED = "between quotation marks, up to the source position"
    SUPERVISED = "repeated by the supervisor, up to the time of the restart"


@dataclass
class PanicMessage:
    """Lines that may be the message of the panic at `ref`, held until a line shows where the message ends.

    `lines` is the number of physical lines of the panic's first line.
    """

    ref: Ref
    lines: int
    form: MessageForm
    held: list[PendingLine] = field(default_factory=list)
    _started: bool = False
    _all_plain: bool = True
    """True if no line of a start or of a supervisor is held."""
    _looked_at: dict[MessageForm, tuple[int, int]] = field(default_factory=dict)
    """Held lines that were looked at for the end of a message of a form, and the first one after the last such line."""

    def continues_with(self, each: PendingLine) -> bool:
        """Return whether a line may belong to the message and tells nothing of its end, as most lines do."""
        records, held = each.line.parsed.records, self.held
        if self.form is not MessageForm.AFTER_FIRST_LINE or self._started or len(records) > 1 or not held:
            return False
        if records[0].family in _NOT_PLAIN or len(held) > MAX_MESSAGE_LINES or follows_message(each.line.text):
            return False
        (file_no, line), last = each.ref, held[-1]
        return line == last.ref[1] + len(last.files) and file_no == last.ref[0]

    def may_hold(self, each: PendingLine) -> bool:
        """Return whether a line may belong to the message."""
        if len(self.held) > MAX_MESSAGE_LINES or (self._started and each.is_of(PANICS)):
            return False
        return self.directly_precedes(each.ref)

    def directly_precedes(self, ref: Ref) -> bool:
        """Return whether no line stands between the last line held and another, which may begin the log's next part."""
        (file_no, line), lines = (self.held[-1].ref, len(self.held[-1].files)) if self.held else (self.ref, self.lines)
        return ref == (file_no, line + lines) or (ref[0] != file_no and not self.held)

    def hold(self, each: PendingLine) -> None:
        """Hold a line that may belong to the message."""
        self.held.append(each)
        if each.is_of(_NOT_PLAIN):
            self._started = self._started or each.is_of(_STARTS)
            self._all_plain = False

    def passes_to(self, begun: PanicMessage, place: int) -> bool:
        """Let a panic that the held line before `place` announced hold the lines from there on, if it would hold all.

        Those directly precede each other. It would unless one of them may end its message.
        """
        # Nearly all panics are of this form, and no line that they hold needs to be looked at.
        if self.form is begun.form is MessageForm.AFTER_FIRST_LINE and self._all_plain:
            begun.held += self.held[place:]
            return True
        if place < self._plain_from(begun.form):
            return False
        begun.held += self.held[place:]
        begun._all_plain = self._all_plain
        for form, (looked_at, plain_from) in self._looked_at.items():
            begun._looked_at[form] = max(looked_at - place, 0), max(plain_from - place, 0)
        return True

    def _plain_from(self, form: MessageForm) -> int:
        """Return the number of the first held line after those that may end a message of a form, or begin a life."""
        looked_at, plain_from = self._looked_at.get(form, (0, 0))
        for place, each in enumerate(self.held[looked_at:], looked_at + 1):
            if each.is_of(_STARTS) or _may_end(each, form):
                plain_from = place
        self._looked_at[form] = len(self.held), plain_from
        return plain_from

    def lines_before(self, each: PendingLine) -> int | None:
        """Return the number of held lines that are the message if a line shows that it has ended; else None."""
        if self.form is not MessageForm.AFTER_FIRST_LINE:
            return None
        if follows_message(each.text):
            return len(self.held)
        if not self.held or not each.is_of(_SUPERVISORS):
            return None
        first, repeated = self.held[0].text.strip(), _supervised_message(each)
        if not first or not repeated.startswith(first):
            return None
        return 1 if ends_supervised_message(repeated) else len(self.held)

    def ends_with(self, each: PendingLine) -> bool:
        """Return whether a line is the last one of the message."""
        return self.form is not MessageForm.AFTER_FIRST_LINE and _may_end(each, self.form)

    def likely_lines(self) -> int:
        """Return the number of held lines that are likely the message where no line shows its end.

        The first one is, and so are those up to a line of no known family, which is text of the message.
        """
        if self.form is not MessageForm.AFTER_FIRST_LINE:
            return 0
        last = min(len(self.held), LIKELY_LINES) - 1
        while last > 0 and not (self.held[last].is_unknown and self.held[last].text.strip()):
            last -= 1
        return max(last, 0) + 1


def announced_message(record: LogRecord, each: PendingLine) -> PanicMessage | None:
    """Return the message that follows a line about a panic; None if the line holds all of it."""
    match record.family:
        case "panic":
            form = MessageForm.AFTER_FIRST_LINE
        case "panic_quoted" if "place" not in record.fields:
            form = MessageForm.QUOTED
        case "supervisor_panic" if not ends_supervised_message(record.fields["error"]):
            form = MessageForm.SUPERVISED
        case _:
            return None
    return PanicMessage(each.ref, len(each.files), form)


def _may_end(each: PendingLine, form: MessageForm) -> bool:
    """Return whether a line may show the end of a message of a form."""
    if form is MessageForm.QUOTED:
        return ends_quoted_message(each.text)
    if form is MessageForm.SUPERVISED:
        return ends_supervised_message(each.text)
    return each.is_of(_SUPERVISORS) or follows_message(each.text)


def _supervised_message(each: PendingLine) -> str:
    """Return the message of a panic that a supervisor's line repeats."""
    return next(record.fields["error"] for record in each.line.parsed.records if record.family in _SUPERVISORS)
