"""Share of a core that a run of `toolkit smoke` takes: `python -m tests.benchmarks.connectors.smoke_share --minutes 1`.

The simulated venues are served by one process and `toolkit smoke --feed live` is another one, so that each has its own
CPU time. The share while running is taken between a quarter and nine tenths of the run, without start and analysis.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOOLKIT = [sys.executable, "-m", "toolkit"]


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _environ(venues: subprocess.Popen[str]) -> dict[str, str]:
    """Return the environment that the output of `venues serve` sets."""
    environ = dict(os.environ)
    assert venues.stdout is not None
    for line in venues.stdout:
        if exported := re.match(r"export (\w+)=(.*)", line):
            environ[exported[1]] = exported[2]
        elif line.startswith("unset"):
            break
    return environ


def main() -> None:
    """Run once and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    run_s = parser.parse_args().minutes * 60
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([*TOOLKIT, "venues", "serve", "-q"], stdout=subprocess.PIPE, text=True) as venues,
    ):
        command = [*TOOLKIT, "smoke", "--feed", "live", "--minutes", str(run_s / 60), "--out", f"{folder}/run", "-q"]
        command += ["--db", f"{folder}/db"]
        smoke = subprocess.Popen(command, env=_environ(venues), stdout=subprocess.DEVNULL)
        pids = {"smoke": smoke.pid, "venues": venues.pid}
        time.sleep(run_s / 4)
        before, began = {name: _cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
        time.sleep(run_s * 0.65)
        shares = {name: (_cpu_s(pid) - before[name]) / (time.monotonic() - began) for name, pid in pids.items()}
        _, status, usage = os.wait4(smoke.pid, 0)
        venues.terminate()
    print(f"exit {os.waitstatus_to_exitcode(status)}; share of a core while running:")
    print(f"connectors, runner and files {shares['smoke']:.1%}, simulated venues {shares['venues']:.1%}")
    print(f"CPU of smoke with start and analysis: {usage.ru_utime + usage.ru_stime:.1f} s")


if __name__ == "__main__":
    main()
