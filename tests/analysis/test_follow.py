"""`analyze --follow` shows a growing run again and again, and stores it at its end or on an interrupt."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import duckdb

VENUES = [{"venue_index": 0, "venue_id": "lighter"}]
PATIENCE_S = 120


def write(run: Path, t: int, at_ms: int) -> None:
    record = {"t": t, "treasury_guidance": {"as_of_ms": at_ms, "venues": VENUES}, "venue_age_ms": [5]}
    with (run / "telemetry.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")


@contextmanager
def growing(run: Path) -> Iterator[None]:
    """Append a record to the run every 0.1 s."""
    done = Event()

    def grow() -> None:
        t = 1
        while not done.wait(0.1):
            write(run, t, time.time_ns() // 1_000_000)
            t += 1

    writer = Thread(target=grow)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def following(run: Path, db: Path, figure: str = "run.ticks") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "toolkit", "analyze", str(run), "--follow", "--db", str(db)]
    return subprocess.Popen([*command, "--figures", figure], stdout=subprocess.PIPE, text=True)


def next_ticks(program: subprocess.Popen[str]) -> int:
    return next_number(program, "run.ticks")


def last_ticks(program: subprocess.Popen[str]) -> int:
    """Return the last number of ticks that the program prints: an update may still be on its way at an interrupt."""
    assert program.stdout is not None
    return [int(words[1]) for line in program.stdout if (words := line.split())[:1] == ["run.ticks"]][-1]


def next_number(program: subprocess.Popen[str], figure: str) -> int:
    assert program.stdout is not None
    return next(int(words[1]) for line in program.stdout if (words := line.split())[:1] == [figure])


def stored_counts(db: Path) -> list[tuple[int, ...]]:
    with duckdb.connect(str(db), read_only=True) as con:
        return con.execute("select (select count(*) from runs), (select count(*) from ticks)").fetchall()


def test_a_growing_run_is_shown_repeatedly_and_stored_on_an_interrupt(tmp_path: Path) -> None:
    run, db = tmp_path / "run", tmp_path / "store.duckdb"
    run.mkdir()
    write(run, 0, time.time_ns() // 1_000_000)
    with growing(run), following(run, db) as program:
        first = next_ticks(program)
        assert 0 < first < next_ticks(program)
        program.send_signal(signal.SIGINT)
        last = last_ticks(program)
        assert program.wait(timeout=PATIENCE_S) == 130
    assert stored_counts(db) == [(1, last)]


def test_a_growing_log_is_followed_without_telemetry(tmp_path: Path) -> None:
    run, db = tmp_path / "run", tmp_path / "store.duckdb"
    run.mkdir()
    with following(run, db, "lighter.connects") as program:
        assert program.wait(timeout=PATIENCE_S) == 3
    line = "INFO: Lighter public WS connecting url=ws://h\nINFO: Lighter public WS connected url=ws://h\n"
    (run / "run.log").write_text(line)
    with following(run, db, "lighter.connects") as program:
        assert next_number(program, "lighter.connects") == 1
        (run / "run.log").write_text(line * 3)
        assert next_number(program, "lighter.connects") == 3
        assert program.wait(timeout=PATIENCE_S) == 0


def test_a_run_that_no_longer_grows_is_stored_at_once(tmp_path: Path) -> None:
    run, db = tmp_path / "run", tmp_path / "store.duckdb"
    run.mkdir()
    for t in range(3):
        write(run, t, 1_700_000_000_000 + 250 * t)
    with following(run, db) as program:
        assert next_ticks(program) == 3
        assert program.wait(timeout=PATIENCE_S) == 0
    assert stored_counts(db) == [(1, 3)]
