"""Recorder of a supervised program's output, byte for byte, with the arrival time of each piece."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from toolkit.model.recorded.arrivals import FILE_NAME, Arrival, header, line

LOG_NAME = "run.log"
RESOLUTION_MS = 10
"""Pieces that arrive within this time share one arrival row."""


class OutputRecorder:
    """Writes `run.log` and `run.log.times.jsonl` into `directory`; a piece is in the file when `write` returns.

    `bytes` and `lines` count what was written to the log.

    Raises `FileExistsError` if either file exists.
    """

    def __init__(self, directory: Path) -> None:
        self._log = (directory / LOG_NAME).open("xb")
        self._times = (directory / FILE_NAME).open("xb")
        self._digest = hashlib.sha256()
        self._arrival_ms: int | None = None
        self.bytes = 0
        self.lines = 0
        self._write_time(header(LOG_NAME))

    def write(self, piece: bytes, at_ms: int, late_ms: int) -> None:
        """Append a piece that was read at `at_ms` (epoch) and may have arrived up to `late_ms` earlier."""
        if self._arrival_ms is None or not 0 <= at_ms - self._arrival_ms < RESOLUTION_MS:
            # The time is written first: if killed in between, a time without bytes is harmless.
            self._write_time(line(Arrival(self.bytes, at_ms, max(RESOLUTION_MS, late_ms))))
            self._arrival_ms = at_ms
        self._log.write(piece)
        self._log.flush()
        self._digest.update(piece)
        self.bytes += len(piece)
        self.lines += piece.count(b"\n")

    def _write_time(self, row: bytes) -> None:
        self._times.write(row)
        self._times.flush()

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of everything written to the log."""
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        """Return the recorder."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close both files."""
        self._log.close()
        self._times.close()
