"""Stores that are damaged, full, write-protected, held by another process, or no stores: one message, exit 3."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.boundary.bad_places import largest_file, run, without_override
from tests.sampling import sampled
from toolkit.analysis.pipeline import analyze
from toolkit.cli import main
from toolkit.db.store import connect

RUNS = Path(__file__).parent.parent / "data" / "runs"
HELD, OTHER = str(RUNS / "clean_head"), str(RUNS / "restart_head")


@pytest.fixture(scope="module")
def good_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("good") / "store.duckdb"
    analyze([HELD], str(store))
    return store


def held_run(store: Path) -> str:
    with connect(str(store), read_only=True) as con:
        return str(con.execute("select run from runs").fetchall()[0][0])


def code_of(*argv: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(list(argv))
    assert isinstance(exited.value.code, int)
    return exited.value.code


INCONCLUSIVE = 4
"""Verdict on the run `HELD`: it is short."""
COMMANDS = (("analyze", OTHER), ("gate", HELD), ("runs",), ("sql", "select * from figures"))


def damaged(content: bytes, how: str) -> bytes:
    if how.startswith("cut"):
        return content[: len(content) * int(how.removeprefix("cut ")) // 100]
    places, changed = random.Random(how), bytearray(content)
    for _ in range(int(how.partition(" ")[0])):
        at = places.randrange(12, len(content) - 16)
        changed[at : at + 16] = places.randbytes(16)
    return bytes(changed)


@sampled("how", ["cut 30", "cut 60", *(f"{count} places, try {each}" for count in (1, 5, 50) for each in range(4))], 2)
def test_a_damaged_store_ends_no_command_in_a_fault_or_a_verdict(
    how: str, good_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv in COMMANDS:
        db = tmp_path / f"{argv[0]}.duckdb"
        db.write_bytes(damaged(good_store.read_bytes(), how))
        code, error = code_of(*argv, "--db", str(db), "-q"), capsys.readouterr().err
        assert code in ((INCONCLUSIVE, 3) if argv[0] == "gate" else (0, 3)), error
        assert code != 3 or (str(db) in error and error.count("\n") == 1 and "--db" in error)
        assert code == 3 or not how.startswith("cut")


@pytest.mark.parametrize("kind", ["SQLite", "telemetry", "pipe", "folder", "text"])
@pytest.mark.parametrize("argv", COMMANDS, ids=lambda argv: argv[0])
def test_what_is_no_store_is_left_alone_without_a_look_at_the_network(
    argv: tuple[str, ...],
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    db = tmp_path / "db"
    if kind == "SQLite":
        con = sqlite3.connect(db)
        con.execute("create table t (a)")
        con.commit()
        con.close()
    elif kind == "pipe":
        os.mkfifo(db)
    elif kind == "folder":
        db.mkdir()
    else:
        db.write_bytes(b"no store\n" if kind == "text" else b'{"schema_version":1,"t":1}\n' * 99)
    before = db.read_bytes() if db.is_file() else None
    assert code_of(*argv, "--db", str(db)) == 3
    assert capsys.readouterr().err.startswith(f"toolkit: {db}: is ")
    assert (db.read_bytes() if db.is_file() else None) == before
    assert list(tmp_path.iterdir()) == [db]


def test_no_store_looks_for_extensions() -> None:
    names = ("autoinstall_known_extensions", "autoload_known_extensions")
    with connect(":memory:") as con:
        settings = [con.execute(f"select current_setting('{name}')").fetchall() for name in names]
    assert settings == [[(False,)], [(False,)]]


@sampled("protected", ["file", "folder", "both"], 2)
def test_a_write_protected_store_serves_the_runs_that_it_holds(
    protected: str, good_store: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stores"
    folder.mkdir()
    db = Path(shutil.copy(good_store, folder))
    db.chmod(0o644 if protected == "folder" else 0o444)
    folder.chmod(0o755 if protected == "file" else 0o555)
    before = db.read_bytes()
    gated = run("gate", HELD, "--db", str(db), preexec_fn=without_override)
    assert (gated.returncode, gated.stderr) == (run("gate", HELD).returncode, b"")
    added = run("analyze", OTHER, "--db", str(db), preexec_fn=without_override)
    assert added.returncode == 3
    assert added.stderr.startswith(f"toolkit: {db}: no permission to write to it".encode())
    assert db.read_bytes() == before


def test_a_full_disk_keeps_the_earlier_runs(good_store: Path, tmp_path: Path) -> None:
    for size in (good_store.stat().st_size + 100_000, good_store.stat().st_size + 600_000):
        db = Path(shutil.copy(good_store, tmp_path / "store.duckdb"))
        with largest_file(size):
            done = run("analyze", OTHER, "--db", str(db), "-q")
        assert done.returncode in (0, 3)
        assert done.returncode == 0 or done.stderr.startswith(f"toolkit: {db}: no space is left".encode())
        # What was committed before the disk was full is complete.
        with connect(str(db), read_only=True) as con:
            assert held_run(good_store) in {run for (run,) in con.execute("select run from runs").fetchall()}
            ((kept, measured),) = con.execute(
                "select count(*), (select count(distinct run_key) from figure) from runs"
            ).fetchall()
        assert kept == measured


def test_the_holder_of_a_store_is_named_at_once(good_store: Path, tmp_path: Path) -> None:
    db = shutil.copy(good_store, tmp_path)
    code = f"import toolkit.db.store, sys; con = toolkit.db.store.connect({str(db)!r}); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    done = run("runs", "--db", str(db))
    holder.communicate(b"")
    first, last = done.stderr.decode().splitlines()
    assert first == f"toolkit: {db}: is locked by another process (PID {holder.pid}); waiting for at most 10 s"
    assert (done.returncode, f"(PID {holder.pid}); close it there, or try again" in last) == (3, True)


def test_a_label_for_a_run_that_is_already_stored_is_refused_with_a_word(
    good_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = str(shutil.copy(good_store, tmp_path))
    assert code_of("analyze", HELD, "--db", db, "--label", "later") == 0
    with connect(db, read_only=True) as con:
        ((stored,),) = con.execute("select run from runs").fetchall()
    told = f"toolkit: {db} already holds this run without a label; to label it later: toolkit runs --label {stored} later\n"
    assert capsys.readouterr().err == told


def test_of_labels_given_at_the_same_time_one_is_stored_and_the_others_are_told(tmp_path: Path) -> None:
    db, labels = tmp_path / "store.duckdb", ("first", "second", "third")
    connect(str(db)).close()
    command = [sys.executable, "-m", "toolkit", "analyze", HELD, "--db", str(db), "-q", "--label"]
    started = [
        subprocess.Popen([*command, label], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for label in labels
    ]
    told = [each.communicate()[1].decode() for each in started]
    with connect(str(db), read_only=True) as con:
        ((stored,),) = con.execute("select label from runs").fetchall()
    assert [label for label, text in zip(labels, told, strict=True) if not text] == [stored]
    assert sum(f"already holds this run as {stored}; to label it" in text for text in told) == 2
