"""Per-file line ledger, built while a file is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from toolkit.files.run_file import RunFile
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.set_aside import SetAsideLines
from toolkit.model.vocabulary import SetAside
from toolkit.streams.blocks import DecompressedStream

_REASONS_WITHOUT_LINE = (SetAside.TORN_INSIDE, SetAside.DAMAGED)
"""Reasons in `where` that count no line: the rest of the line was used, or the lost bytes never were a line."""


@dataclass
class LedgerBuilder:
    """Mutable counts of a file's lines; a reader updates them and then calls `ledger`."""

    lines: int = 0
    used: int = 0
    other: int = 0
    bytes: int = 0
    sha256: str = ""
    damaged: bool = False
    where: SetAsideLines = field(default_factory=SetAsideLines)
    cut_arrays: int = 0

    def record_end(self, stream: DecompressedStream) -> None:
        """Record size, digest and damage of a file whose stream was read to its end."""
        self.bytes, self.sha256, self.damaged = stream.size, stream.sha256, stream.damage is not None

    def ledger(self, file: RunFile) -> FileLedger:
        """Return the ledger of a file that was read completely."""
        if self.damaged:
            self.where.add(SetAsideLine(self.lines + 1, self.bytes, SetAside.DAMAGED))
        set_aside = {reason: n for reason, n in self.where.counts.items() if reason not in _REASONS_WITHOUT_LINE}
        where = tuple(self.where)
        unlisted = dict(self.where.counts - Counter(each.reason for each in where))
        counts = self.lines, self.used, set_aside, where, self.other
        return FileLedger(
            file.name, file.role, self.bytes, self.sha256, *counts, unlisted=unlisted, cut_arrays=self.cut_arrays
        )
