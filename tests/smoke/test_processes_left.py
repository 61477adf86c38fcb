"""No process of a supervised program is left, however the run or its supervisor ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.smoke.producer_plans import PATIENCE_S, plan
from toolkit.host import guard
from toolkit.smoke import producer_env
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.supervisor import supervise

TELEMETRY = """printf '{"t":0,"venue_age_ms":[]}\\n' > {out}/telemetry.jsonl"""
COMMANDS = {
    "program": ("sleep", "600"),
    "shell": ("sh", "-c", f"{TELEMETRY}; sleep 600; true"),
    "own group": ("sh", "-c", f"{TELEMETRY}; timeout 500 sleep 600; true"),
    "own session": ("sh", "-c", f"{TELEMETRY}; setsid sleep 600; true"),
    "orphan": ("sh", "-c", f"{TELEMETRY}; (setsid sleep 600 &) ; sleep 600"),
    "ignores signals": ("sh", "-c", f"trap '' TERM INT HUP; {TELEMETRY}; sleep 600; true"),
}


def left(out: Path) -> list[int]:
    mark = os.fsencode(f"{producer_env.RUN_DIR_VARIABLE}={out.resolve()}")
    return list(guard.processes(None, mark))


def wait_until(true: Callable[[], bool]) -> bool:
    never = threading.Event()
    return any(true() or never.wait(0.02) for _ in range(PATIENCE_S * 50))


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_killed_supervisor_leaves_no_process_of_the_program(tmp_path: Path, command: tuple[str, ...]) -> None:
    out = tmp_path / "run"
    smoke = [sys.executable, "-m", "toolkit", "smoke", "--db", ":memory:", "--out", str(out), "--", *command]
    processes = sum(word in " ".join(command) for word in ("sh", "timeout", "sleep"))
    with subprocess.Popen(smoke, stderr=subprocess.DEVNULL) as supervisor:
        assert wait_until(lambda: len(left(out)) >= processes)
        supervisor.kill()
    assert wait_until(lambda: not left(out))


@pytest.mark.parametrize("command", [COMMANDS["own group"], COMMANDS["own session"]], ids=["own group", "own session"])
def test_processes_that_left_the_group_are_asked_to_stop_at_the_end_of_the_time(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    out = tmp_path / "run"
    meta = supervise(plan(out, argv=command), os.environ)
    assert (meta.stopped_by, meta.killed, left(out)) == (StoppedBy.TIME, False, [])


def test_the_guard_of_a_run_that_ended_kills_nothing(tmp_path: Path) -> None:
    supervise(plan(tmp_path / "run", "--ticks", "3"), os.environ)
    mark = f"{producer_env.RUN_DIR_VARIABLE}={tmp_path}"
    with subprocess.Popen(["sleep", "600"], env={**os.environ, producer_env.RUN_DIR_VARIABLE: str(tmp_path)}) as other:
        subprocess.run([sys.executable, guard.__file__, mark], input=guard.END, check=True)
        assert other.poll() is None
        subprocess.run([sys.executable, guard.__file__, mark], input=b"", check=True)
        assert other.wait(PATIENCE_S) == -signal.SIGKILL
