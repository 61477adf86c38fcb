"""Lines of a log that are read once later lines have decided how they read."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from toolkit.ingest.log_lines.name_limits import MAX_TEXT_CHARS
from toolkit.runlog.bulk.single_lines import SingleLine
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.parse import OTHER


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

    @property
    def is_unknown(self) -> bool:
        """True if no grammar knows any of the line."""
        records = self.line.parsed.records
        return records[0].family == OTHER and (len(records) == 1 or all(each.family == OTHER for each in records))
