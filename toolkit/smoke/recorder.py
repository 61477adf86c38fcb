"""What a supervised program prints, kept byte for byte, with the time at which each piece arrived beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from toolkit.model.arrivals import FILE_NAME, Arrival, header, line

LOG_NAME = "run.log"
RESOLUTION_MS = 10
"""Pieces that arrive closer together than this share one arrival."""


class OutputRecorder:
    """Writes `run.log` and `run.log.times.jsonl` into `directory`; each piece is in the file when `write` returns.

    Raises `FileExistsError` where either is there already.
    """

    def __init__(self, directory: Path) -> None:
        self._log = (directory / LOG_NAME).open("xb")
        self._times = (directory / FILE_NAME).open("xb")
        self._digest = hashlib.sha256()
        self._arrival_ms: int | None = None
        self.bytes = 0
        self.lines = 0
        self._put_time(header(LOG_NAME))

    def write(self, piece: bytes, at_ms: int, late_ms: int) -> None:
        """Keep a piece that was read at the epoch time `at_ms` and may have come up to `late_ms` before."""
        if self._arrival_ms is None or not 0 <= at_ms - self._arrival_ms < RESOLUTION_MS:
            # The time goes first: killed in between, a time without its bytes misleads nobody.
            self._put_time(line(Arrival(self.bytes, at_ms, max(RESOLUTION_MS, late_ms))))
            self._arrival_ms = at_ms
        self._log.write(piece)
        self._log.flush()
        self._digest.update(piece)
        self.bytes += len(piece)
        self.lines += piece.count(b"\n")

    def _put_time(self, text: bytes) -> None:
        self._times.write(text)
        self._times.flush()

    @property
    def sha256(self) -> str:
        """The digest of all that was written to the log."""
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        """Give the recorder."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close both files."""
        self._log.close()
        self._times.close()
