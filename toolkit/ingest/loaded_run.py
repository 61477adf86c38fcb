"""Result of reading a run's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.files.copies import Overlap
from toolkit.ingest.log_lines.reader import LogLoad
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.runs import BuildFact, FileLedger, SettingSource
from toolkit.runlog.ending_lines import Ref


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """The ledgers and names of the files by file number, the result of reading the logs, and the run's metadata.

    `meta_lines` gives the file and line of each setting in the metadata; `resolved` are the settings of the resolved
    configuration. `overlaps` are between files that were all read, the first ones if `more_overlap`. `build` is
    what `build_info.json` states.
    """

    ledgers: list[FileLedger]
    log: LogLoad
    meta: RunMeta | None
    names: Sequence[str]
    meta_lines: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    resolved: tuple[SettingSource, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    more_overlap: bool = False
    build: tuple[BuildFact, ...] = ()

    def file_and_line(self, ref: Ref) -> tuple[str, int]:
        """Return the file name and line of a line reference."""
        return self.names[ref[0]], ref[1]
