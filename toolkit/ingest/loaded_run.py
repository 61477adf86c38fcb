"""What reading the files of a run gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.ingest.log import LogLoad
from toolkit.model.run_meta import RunMeta
from toolkit.model.runs import FileLedger
from toolkit.runlog.facts import Ref


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """Ledgers and names of the files in the order of their file numbers, the facts of the logs, the metadata."""

    ledgers: list[FileLedger]
    log: LogLoad
    meta: RunMeta | None
    names: Sequence[str]

    def file_and_line(self, ref: Ref) -> tuple[str, int]:
        """A line reference with the name of its file in place of the number."""
        return self.names[ref[0]], ref[1]
