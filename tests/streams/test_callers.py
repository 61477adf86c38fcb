"""Large files are read by worker processes whoever calls `toolkit.analyze`, and the caller's program runs only once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import toolkit
from tests.benchmarks import telemetry as generator
from tests.environments import unmeasured
from toolkit.ingest import telemetry
from toolkit.streams.parallel import sha256_of
from toolkit.streams.worker_pool import WorkerPool

TIMEOUT_S = 120
ANALYZE = """
print("program runs")
import toolkit
from toolkit.ingest import telemetry
telemetry.PARALLEL_FROM_BYTES = 1
def ticks(path):
    return toolkit.analyze(path).figure("run.ticks").value
"""
CALLERS = {
    "script": "print(ticks(PATH))",
    "notebook": "exec(compile('print(ticks(PATH))', '<cell 1>', 'exec'), {'ticks': ticks, 'PATH': PATH})",
    "thread": "import threading\nthread = threading.Thread(target=lambda: print(ticks(PATH)))\nthread.start()\nthread.join()",
    "forked pool": "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(1) as pool:\n"
    "    print(pool.apply(ticks, [PATH]))",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """A telemetry file of several spans, and the number of its ticks."""
    file = tmp_path_factory.mktemp("run") / "telemetry.jsonl"
    return str(file), generator.write(file, 10)


def output(argv: list[str], folder: Path, program: str | None = None) -> list[str]:
    environment = unmeasured() | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, *argv]
    done = subprocess.run(
        command,
        input=program,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("argv", "caller"), [*((["run_it.py"], caller) for caller in CALLERS), (["-"], "script")], ids=[*CALLERS, "stdin"]
)
def test_a_program_without_a_main_guard_reads_a_large_file(
    argv: list[str], caller: str, run: tuple[str, int], tmp_path: Path
) -> None:
    path, ticks = run
    program = ANALYZE + f"PATH = {path!r}\n" + CALLERS[caller]
    (tmp_path / "run_it.py").write_text(program)
    assert output(argv, tmp_path, program) == ["program runs", str(ticks)]


def test_a_pool_of_spawned_processes_reads_a_large_file(run: tuple[str, int], tmp_path: Path) -> None:
    path, ticks = run
    (tmp_path / "own.py").write_text(ANALYZE.replace('print("program runs")', ""))
    program = (
        "import concurrent.futures, multiprocessing, own\nif __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    with concurrent.futures.ProcessPoolExecutor(2, context) as pool:\n"
        f"        print(*pool.map(own.ticks, [{path!r}] * 2))\n"
    )
    (tmp_path / "run_it.py").write_text(program)
    assert output(["run_it.py"], tmp_path) == [f"{ticks} {ticks}"]


def test_a_test_reads_a_large_file(run: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "PARALLEL_FROM_BYTES", 1)
    path, ticks = run
    figure = toolkit.analyze(path).figure("run.ticks")
    assert figure is not None and figure.value == ticks


def test_ctrl_c_raises_keyboard_interrupt_in_a_script_and_no_worker_prints(
    run: tuple[str, int], tmp_path: Path
) -> None:
    path, _ = run
    loop = f"while True:\n        ticks({path!r})\n        print('again', flush=True)\n"
    program = ANALYZE + f"try:\n    {loop}except KeyboardInterrupt:\n    print('interrupted')\n"
    (tmp_path / "run_it.py").write_text(program)
    with subprocess.Popen(
        [sys.executable, "run_it.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=unmeasured() | {"PYTHONPATH": os.pathsep.join(sys.path)}, start_new_session=True,
    ) as started:  # fmt: skip
        assert started.stdout is not None
        assert [started.stdout.readline() for _ in range(2)] == ["program runs\n", "again\n"]
        os.killpg(started.pid, signal.SIGINT)
        out, err = started.communicate(timeout=TIMEOUT_S)
    assert (out.splitlines()[-1:], err, started.returncode) == (["interrupted"], "", 0)


def test_an_error_in_a_worker_is_raised_by_its_future() -> None:
    with WorkerPool(1) as pool, pytest.raises(FileNotFoundError):
        pool.submit(sha256_of, Path("no/such/file"), 1).result(TIMEOUT_S)


def test_a_worker_that_ends_during_a_call_is_an_error() -> None:
    with WorkerPool(1) as pool, pytest.raises(RuntimeError, match=r"worker process \d+ ended"):
        pool.submit(os._exit, 3).result(TIMEOUT_S)


def test_closing_a_pool_ends_a_call_that_still_runs() -> None:
    began = time.monotonic()
    with WorkerPool(1) as pool:
        pool.submit(time.sleep, 0).result(TIMEOUT_S)
        call = pool.submit(time.sleep, TIMEOUT_S)
        while not call.running():
            assert time.monotonic() - began < TIMEOUT_S / 2
    assert time.monotonic() - began < TIMEOUT_S / 2
    assert isinstance(call.exception(), RuntimeError)
