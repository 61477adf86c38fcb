"""The command line without the modules, functions and signals that Windows lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host import other_system
from tests.sampling import sampled

ROOT = Path(__file__).parents[2]


def run(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TOOLKIT_DB": ":memory:"}
    command = [sys.executable, str(Path(other_system.__file__)), *argv]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)


def test_each_module_can_be_imported(tmp_path: Path) -> None:
    done = run("import-all", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.untraced
@sampled(
    ("argv", "code"),
    [
        (("--help",), 0),
        (("smoke", "--help"), 0),
        (("analyze", "sample:before"), 0),
        (("gate", "sample:after"), 1),
        (("report", "sample:before", "sample:after", "-o", "page.md"), 0),
    ],
    2,
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_an_analysis_needs_nothing_that_windows_lacks(argv: tuple[str, ...], code: int, tmp_path: Path) -> None:
    for _ in range(2):
        # The second time, the page is replaced.
        done = run(*argv, cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr, "fault" in done.stderr) == (code, False, False), (
            done.stderr
        )


@pytest.mark.parametrize(
    "argv",
    [
        ("smoke", "--minutes", "0.02", "--out", "run"),
        ("smoke", "--minutes", "0.02", "--out", "run", "--", sys.executable, "-c", "print(1)"),
        ("record", "--", sys.executable, "-c", "print(1)"),
        (
            "ab",
            "--minutes",
            "0.02",
            "--out",
            "pair",
            "--a",
            "PARAPHINA_HL_STALE_MS=4000",
            "--b",
            "PARAPHINA_HL_STALE_MS=5000",
        ),
    ],
    ids=["smoke", "smoke with a command", "record", "ab"],
)
def test_a_command_that_supervises_programs_says_where_it_runs(argv: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*argv, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1), done.stderr
    assert done.stderr.startswith("toolkit: Windows: cannot supervise programs: ")
    assert list(tmp_path.iterdir()) == []
