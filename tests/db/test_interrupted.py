"""Ctrl-C during an analysis ends the command and its worker processes, and stores no partial run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.benchmarks import telemetry
from toolkit.cli import main
from toolkit.db.interrupts import interrupts_raised
from toolkit.db.store import connect
from toolkit.model.errors import ExitCode

TIMEOUT_S = 60


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A telemetry file that is large enough for parallel reading."""
    file = tmp_path_factory.mktemp("large") / "telemetry.jsonl"
    telemetry.write(file, 60)
    return file


pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux lists processes under /proc")


def children(pid: int) -> list[int]:
    """Return the child processes of all threads of a process."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in listed for child in each.read_text().split()]


def is_running(process: int) -> bool:
    """Return whether a process has not exited; a zombie has exited."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def started_analysis(large: Path, db: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """Start an analysis, wait for its worker processes, and return it with them."""
    command = [sys.executable, "-m", "toolkit", "analyze", str(large), "--db", str(db)]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + TIMEOUT_S
    while program.poll() is None and (not children(program.pid) or not db.exists()):
        assert time.monotonic() < deadline
    return program, children(program.pid)


def test_workers_end_when_the_analysis_is_killed(large: Path, tmp_path: Path) -> None:
    program, workers = started_analysis(large, tmp_path / "store.duckdb")
    assert workers
    program.kill()
    program.communicate(timeout=TIMEOUT_S)
    deadline = time.monotonic() + TIMEOUT_S
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline


def test_an_interrupted_analysis_prints_one_line_and_stores_no_run(large: Path, tmp_path: Path) -> None:
    db = tmp_path / "store.duckdb"
    program, _ = started_analysis(large, db)
    os.killpg(program.pid, signal.SIGINT)
    output = program.communicate(timeout=TIMEOUT_S)
    assert output == ("", "toolkit: interrupted; nothing was stored\n")
    assert program.returncode == ExitCode.INTERRUPTED
    with connect(str(db), read_only=True) as con:
        assert con.execute("select count(*) from runs").fetchall() == [(0,)]


def interrupted(*argv: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(list(argv))
    assert isinstance(exited.value.code, int)
    return exited.value.code


def test_runs_stored_before_the_interrupt_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_sides: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.comparison.rows.compare_runs", interrupt)
    # A process runs one command; earlier tests in this one stored runs elsewhere.
    monkeypatch.setattr("toolkit.db.staging.started_commits", [])
    db = str(tmp_path / "store.duckdb")
    assert interrupted("compare", "sample:before", "sample:after", "--db", db) == ExitCode.INTERRUPTED
    with connect(db, read_only=True) as con:
        runs = con.execute("select run from runs").fetchall()
    first, *stored = capsys.readouterr().err.strip().split("; ")
    assert first == "toolkit: interrupted"
    assert sorted(stored) == sorted(f"{db} holds the run {run}" for (run,) in runs) != []


def test_an_interrupt_after_a_smoke_run_names_the_run_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def analyse(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.analysis.pipeline.analyze", analyse)
    out = tmp_path / "run"
    assert interrupted("smoke", "--out", str(out), "-q", "--", "true") == ExitCode.INTERRUPTED
    assert f"the run is kept; `toolkit analyze {out}`" in capsys.readouterr().err


def test_an_error_caused_by_an_interrupt_is_reported_as_the_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def analyse(*_arguments: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(TIMEOUT_S)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            raise duckdb.CatalogException("no such table") from None

    monkeypatch.setattr("toolkit.analysis.pipeline.analyze", analyse)
    assert interrupted("analyze", "sample:after", "--db", ":memory:") == ExitCode.INTERRUPTED
    assert capsys.readouterr().err.startswith("toolkit: interrupted; ")


def test_an_interrupt_while_modules_load_says_that_nothing_was_stored() -> None:
    program = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'toolkit.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from toolkit.__main__ import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (ExitCode.INTERRUPTED, "toolkit: interrupted; nothing was stored\n")


def test_ctrl_c_within_a_query_is_a_keyboard_interrupt() -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        # DuckDB looks for signals only while the calling thread works on the query.
        with duckdb.connect(config={"threads": 1}) as con, pytest.raises(KeyboardInterrupt), interrupts_raised():
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            con.execute("select count(*) from range(10000000000) where range % 7 = 3")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
