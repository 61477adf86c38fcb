"""Memory and processor time of a process, from the files that only Linux has."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ProcessLoad:
    """Measures one process."""

    def __init__(self, pid: int) -> None:
        self._proc = Path("/proc") / str(pid)

    async def measure(self, for_s: float) -> tuple[float, float]:
        """Return the peak memory (MB) and the share of a core over this time."""
        (self._proc / "clear_refs").write_text("5")
        cpu_s = self._cpu_s()
        await asyncio.sleep(for_s)
        peak = next(line for line in (self._proc / "status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1_000, (self._cpu_s() - cpu_s) / for_s

    def open_files(self) -> int:
        """Return the number of files and sockets that the process has open."""
        return sum(1 for _ in (self._proc / "fd").iterdir())

    def _cpu_s(self) -> float:
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
