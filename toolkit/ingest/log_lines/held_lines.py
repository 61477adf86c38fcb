"""Lines after the first line of a panic, held until it is certain which of them are the panic's message."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, get_args

from toolkit.ingest.log_lines.pending import PendingLine
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.panic_messages import (
    LIKELY_LINES,
    MAX_MESSAGE_LINES,
    ends_quoted_message,
    ends_supervised_message,
    follows_message,
)
from toolkit.runlog.parse import LogRecord

PANICS = ("panic", "panic_quoted")
_SUPERVISOR = "supervisor_panic"
ANNOUNCING = frozenset((*PANICS, _SUPERVISOR))
"""Families of lines after which the message of a panic may follow."""


_Kind = Literal["start", "panic", "supervisor", "note", "end of a quoted message", "end of a supervised message"]
"""Kind of a line that may decide where a message ends."""
_KINDS: Mapping[str, _Kind] = {
    "startup": "start",
    "startup_short": "start",
    **dict.fromkeys(PANICS, "panic"),
    _SUPERVISOR: "supervisor",
}
"""Kinds of lines by the families of their records."""
_LAST_LINES: Mapping[_Kind, Callable[[str], bool]] = {
    "end of a quoted message": ends_quoted_message,
    "end of a supervised message": ends_supervised_message,
}
"""Tests for the last lines of messages. Few messages have such a line: each line is tested when it is asked for."""


class MessageForm(Enum):
    """Form of a panic's message, which tells where it ends."""

    AFTER_FIRST_LINE = "after the first line, up to a note or to the line of the supervisor"
    QUOTED = "between quotation marks, up to the source position"
    SUPERVISED = "repeated by the supervisor, up to the time of the restart"


class LinesAfterPanic:
    """Lines that directly follow each other, with the kinds of each, by which the messages of panics are found."""

    def __init__(self) -> None:
        self.lines: deque[PendingLine] = deque()
        self._taken = 0
        """Lines taken so far: lines are numbered by it, so that the numbers noted stay valid."""
        self._noted: dict[_Kind, deque[int]] = {kind: deque() for kind in get_args(_Kind)}
        self._tested = dict.fromkeys(_LAST_LINES, 0)
        """Number of the first line that was not tested for being the last one of a message."""

    def add(self, each: PendingLine) -> None:
        """Hold a line, which directly follows the last one."""
        number = self._taken + len(self.lines)
        self.lines.append(each)
        for record in each.line.parsed.records:
            if (kind := _KINDS.get(record.family)) is not None:
                self._held_of(kind).append(number)
        if follows_message(each.line.text):
            self._held_of("note").append(number)

    def take(self) -> PendingLine:
        """Return the first line, which is held no longer."""
        self._taken += 1
        return self.lines.popleft()

    def places(self, kind: _Kind) -> Iterable[int]:
        """Return the places of the held lines of a kind, from 0."""
        noted, taken = self._held_of(kind), self._taken
        if (is_last := _LAST_LINES.get(kind)) is not None:
            for place in range(max(self._tested[kind] - taken, 0), len(self.lines)):
                if is_last(self.lines[place].text):
                    noted.append(taken + place)
            self._tested[kind] = taken + len(self.lines)
        return [number - taken for number in noted] if noted else ()

    def _held_of(self, kind: _Kind) -> deque[int]:
        """Return the numbers noted of a kind, without those of lines that were taken."""
        noted = self._noted[kind]
        while noted and noted[0] < self._taken:
            noted.popleft()
        return noted

    def first(self, kind: _Kind) -> int | None:
        """Return the place of the first held line of a kind; None if there is none."""
        return next(iter(self.places(kind)), None)

    @property
    def most_lines(self) -> int:
        """Number of lines that one message may have at most: no message goes on with a panic of the next life."""
        most = MAX_MESSAGE_LINES + 1
        if self._noted["start"] and (start := self.first("start")) is not None:
            return min(most, next((place for place in self.places("panic") if place > start), most))
        return most

    @property
    def has_note_or_supervisor(self) -> bool:
        """True unless certainly no line that is held follows a message or repeats one."""
        return bool(self._noted["note"] or self._noted["supervisor"])


class Message(NamedTuple):
    """The message of a panic: the first `lines` of those held; `is_certain` is true if a line shows where it ends."""

    lines: int
    is_certain: bool


@dataclass(frozen=True, slots=True)
class PanicMessage:
    """A panic's message, announced by a line at `ref` of `lines` physical lines; `form` tells where it ends."""

    ref: Ref
    lines: int
    form: MessageForm

    def directly_precedes(self, ref: Ref, held: LinesAfterPanic) -> bool:
        """Return whether no line stands between the last one held and another, which may begin the log's next part."""
        if not held.lines:
            return ref == (self.ref[0], self.ref[1] + self.lines) or ref[0] != self.ref[0]
        last = held.lines[-1]
        return ref == (last.ref[0], last.ref[1] + len(last.files))

    def among(self, held: LinesAfterPanic, no_more: bool) -> Message | None:
        """Return the message among the lines held; None if a further line may decide, unless there are `no_more`."""
        most = held.most_lines
        if self.form is MessageForm.AFTER_FIRST_LINE:
            if held.has_note_or_supervisor and (found := _before_note_or_supervisor(held, most)) is not None:
                return found
        elif (last := held.first(self._last_line)) is not None and last < most:
            return Message(last + 1, is_certain=True)
        if len(held.lines) <= most and not no_more:
            return None
        return Message(self._likely_lines(held, min(most, len(held.lines))), is_certain=False)

    @property
    def _last_line(self) -> _Kind:
        return "end of a quoted message" if self.form is MessageForm.QUOTED else "end of a supervised message"

    def _likely_lines(self, held: LinesAfterPanic, most: int) -> int:
        """Return the number of lines that are likely the message where no line shows its end.

        The first one is, and so are those up to a line of no known family, which is text of the message.
        """
        if self.form is not MessageForm.AFTER_FIRST_LINE or not most:
            return 0
        last = min(most, LIKELY_LINES) - 1
        while last > 0 and not (held.lines[last].is_unknown and held.lines[last].text.strip()):
            last -= 1
        return last + 1


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


def _before_note_or_supervisor(held: LinesAfterPanic, most: int) -> Message | None:
    """Return the message before a note, or before the supervisor's line that repeats it."""
    if (note := held.first("note")) is not None and note > most:
        note = None
    first = held.lines[0].text.strip() if held.lines else ""
    for place in held.places("supervisor") if first else ():
        if place > most or (note is not None and place >= note):
            break
        if place and (repeated := _supervised_message(held.lines[place])).startswith(first):
            return Message(1 if ends_supervised_message(repeated) else place, is_certain=True)
    return None if note is None else Message(note, is_certain=True)


def _supervised_message(each: PendingLine) -> str:
    """Return the message of a panic that a supervisor's line repeats."""
    return next(record.fields["error"] for record in each.line.parsed.records if record.family == _SUPERVISOR)
