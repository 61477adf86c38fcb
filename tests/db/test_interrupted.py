"""Ctrl-C while a run is analysed, as a terminal sends it: to the command and to the processes that help it."""

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
from toolkit.db.store import connect
from toolkit.model.errors import ExitCode

PATIENCE_S = 60


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that several processes read together."""
    file = tmp_path_factory.mktemp("large") / "telemetry.jsonl"
    telemetry.write(file, 60)
    return file


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="processes are listed under /proc on Linux alone"
)


def helpers(of: int) -> list[int]:
    """The processes that a process has started."""
    return [int(each) for each in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


def runs_still(process: int) -> bool:
    """Whether a process has not ended; one that nobody has asked for its end yet has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def at_work(large: Path, db: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """An analysis that others help by now, and these."""
    command = [sys.executable, "-m", "toolkit", "analyze", str(large), "--db", str(db)]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + PATIENCE_S
    while program.poll() is None and (len(helpers(program.pid)) < 2 or not db.exists()):
        assert time.monotonic() < until
    return program, helpers(program.pid)


def test_helpers_end_with_an_analysis_that_is_killed(large: Path, tmp_path: Path) -> None:
    program, others = at_work(large, tmp_path / "store.duckdb")
    assert others
    program.kill()
    program.communicate(timeout=PATIENCE_S)
    until = time.monotonic() + PATIENCE_S
    while any(map(runs_still, others)):
        assert time.monotonic() < until


def test_an_interrupted_analysis_ends_with_one_line_and_leaves_a_store_without_the_run(
    large: Path, tmp_path: Path
) -> None:
    db = tmp_path / "store.duckdb"
    program, _ = at_work(large, db)
    os.killpg(program.pid, signal.SIGINT)
    said = program.communicate(timeout=PATIENCE_S)
    assert said == ("", "toolkit: interrupted; nothing was stored\n")
    assert program.returncode == ExitCode.INTERRUPTED
    with connect(str(db), read_only=True) as con:
        assert con.execute("select count(*) from runs").fetchall() == [(0,)]


def interrupted(*argv: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_what_was_stored_before_the_interrupt_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def judged(*_sides: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.comparison.rows.compare", judged)
    db = str(tmp_path / "store.duckdb")
    assert interrupted("compare", "sample:before", "sample:after", "--db", db) == ExitCode.INTERRUPTED
    with connect(db, read_only=True) as con:
        runs = con.execute("select run from runs").fetchall()
    first, *said = capsys.readouterr().err.strip().split("; ")
    assert first == "toolkit: interrupted"
    assert sorted(said) == sorted(f"{db} holds the run {run}" for (run,) in runs) != []


def test_an_interrupt_after_a_smoke_run_says_where_the_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def analyse(*_what: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.analysis.pipeline.analyze", analyse)
    out = tmp_path / "run"
    assert interrupted("smoke", "--out", str(out), "-q", "--", "true") == ExitCode.INTERRUPTED
    assert f"the run is kept; `toolkit analyze {out}`" in capsys.readouterr().err


def test_an_error_that_follows_from_an_interrupt_is_the_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def analyse(*_what: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(PATIENCE_S)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            raise duckdb.CatalogException("no such table") from None

    monkeypatch.setattr("toolkit.analysis.pipeline.analyze", analyse)
    assert interrupted("analyze", "sample:after", "--db", ":memory:") == ExitCode.INTERRUPTED
    assert capsys.readouterr().err.startswith("toolkit: interrupted; ")


def test_an_interrupt_while_the_command_is_loaded_says_that_nothing_was_stored() -> None:
    program = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'toolkit.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from toolkit.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, "toolkit: interrupted; nothing was stored\n")
