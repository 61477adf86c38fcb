"""Lines of a log that are read once later lines have decided how they read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from toolkit.runlog.bulk.block import SingleLine
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.panic_messages import MAX_MESSAGE_LINES, ends_quoted_message, follows_message
from toolkit.runlog.sanitize import strip_decoration

_STARTS = ("startup", "startup_short")
PANICS = ("panic", "panic_quoted")


@dataclass(frozen=True, slots=True)
class PendingLine:
    """A line with its place; `torn` is true if it has no end, `files` are the files that hold its physical lines."""

    line: SingleLine
    ref: Ref
    torn: bool
    files: tuple[int, ...]

    @property
    def text(self) -> str:
        """The line without its decoration."""
        return strip_decoration(self.line.text)[0]

    @property
    def if_alone(self) -> PendingLine:
        """The line as it reads if the next line does not complete it."""
        return replace(self, line=replace(self.line, parsed=self.line.parsed.if_alone))

    @property
    def families(self) -> set[str]:
        """The families of the line's records."""
        return {each.family for each in self.line.parsed.records}


@dataclass
class PanicMessage:
    """Lines that may be the message of the panic at `ref`, held until a line shows where the message ends.

    `lines` is the number of physical lines of the panic's first line. `quoted` is true for a message between quotation
    marks, which began on that line.
    """

    ref: Ref
    lines: int
    quoted: bool
    held: list[PendingLine] = field(default_factory=list)
    _started: bool = False

    def may_hold(self, each: PendingLine) -> bool:
        """Return whether a line may belong to the message."""
        if len(self.held) > MAX_MESSAGE_LINES or (self._started and each.families & set(PANICS)):
            return False
        return self.directly_precedes(each.ref)

    def directly_precedes(self, ref: Ref) -> bool:
        """Return whether no line stands between the last line held and another, which may begin the log's next part."""
        (file_no, line), lines = (self.held[-1].ref, len(self.held[-1].files)) if self.held else (self.ref, self.lines)
        return ref == (file_no, line + lines) or (ref[0] != file_no and not self.held)

    def hold(self, each: PendingLine) -> None:
        """Hold a line that may belong to the message."""
        self._started = self._started or not each.families.isdisjoint(_STARTS)
        self.held.append(each)

    def ends_before(self, each: PendingLine) -> bool:
        """Return whether a line shows that the message has ended before it."""
        return not self.quoted and follows_message(each.text)

    def ends_with(self, each: PendingLine) -> bool:
        """Return whether a line is the last one of the message."""
        return self.quoted and ends_quoted_message(each.text)
