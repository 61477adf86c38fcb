"""What is put down of a file while it is read, and the ledger that comes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from toolkit.files.discovery import RunFile
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import SetAside
from toolkit.streams.blocks import DecompressedStream

_NO_LINE_UNUSED = (SetAside.TORN_INSIDE, SetAside.DAMAGED)
"""Reasons in `where` that count no line: the rest of the line was used, or what is lost was never a line."""


@dataclass
class LedgerBuilder:
    """A ledger in the making."""

    lines: int = 0
    used: int = 0
    bytes: int = 0
    sha256: str = ""
    damaged: bool = False
    where: list[SetAsideLine] = field(default_factory=list)

    def record_end(self, stream: DecompressedStream) -> None:
        """Put down what a stream that was read to its end says of its file."""
        self.bytes, self.sha256, self.damaged = stream.size, stream.sha256, stream.damage is not None

    def ledger(self, source: RunFile) -> FileLedger:
        """The file's ledger, once all of it is read."""
        if self.damaged:
            self.where.append(SetAsideLine(self.lines + 1, self.bytes, SetAside.DAMAGED))
        aside = dict(Counter(each.reason for each in self.where if each.reason not in _NO_LINE_UNUSED))
        where = tuple(self.where)
        return FileLedger(source.name, source.role, self.bytes, self.sha256, self.lines, self.used, aside, where)
