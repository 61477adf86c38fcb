"""The store has complete runs only, also after kills and with concurrent writers, and explains what it cannot do."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from toolkit.analysis.pipeline import Options, analyze
from toolkit.db.store import connect, relabel, remove
from toolkit.model.errors import InputError, UsageError

RUNS = Path(__file__).parent.parent / "data" / "runs"
TABLES = ("file", "tick", "venue_tick", "venue", "log_event", "session", "counter", "rx_stat", "figure", "episode")


def counts(db: Path) -> dict[str, int]:
    with connect(str(db), read_only=True) as con:
        return {table: con.execute(f"select count(*) from {table}").fetchall()[0][0] for table in ("run", *TABLES)}


def start_analysis(db: Path, run: str = str(RUNS / "restart_head")) -> subprocess.Popen[bytes]:
    code = f"from toolkit.analysis.pipeline import analyze; analyze([{run!r}], {str(db)!r})"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.untraced
def test_a_store_killed_at_any_point_has_the_complete_run_or_none_of_it(tmp_path: Path) -> None:
    whole = tmp_path / "whole.duckdb"
    started_s = time.monotonic()
    assert start_analysis(whole).communicate()[1] == b""
    took_s = time.monotonic() - started_s
    expected = counts(whole)
    seen = set()
    points = 8
    first = tmp_path / "first.duckdb"
    analyze([str(RUNS / "clean_head")], str(first))
    before = counts(first)
    for point in range(points):
        db = Path(shutil.copy(first, tmp_path / f"{point}.duckdb"))
        process = start_analysis(db)
        time.sleep(took_s * (point + 1) / points)
        process.kill()
        process.communicate()
        found = counts(db)
        added = {table: found[table] - before[table] for table in found}
        assert added in (dict.fromkeys(added, 0), expected)
        seen.add(added["run"])
    assert 0 in seen


def test_two_processes_wait_for_each_other_and_both_runs_are_stored(tmp_path: Path) -> None:
    db = tmp_path / "store.duckdb"
    writers = [start_analysis(db, f"sample:{side}") for side in ("before", "after")]
    assert [writer.communicate()[1].decode() for writer in writers] == ["", ""]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert counts(db)["run"] == 2


def test_threads_wait_for_each_other_and_all_runs_are_stored(tmp_path: Path) -> None:
    db, names = str(tmp_path / "store.duckdb"), ("clean_head", "restart_head", "clean_head")
    with ThreadPoolExecutor(3) as pool:
        ids = {each.run.id for each in pool.map(lambda name: analyze([str(RUNS / name)], db), names)}
    with connect(db, read_only=True) as con:
        assert {run for (run,) in con.execute("select run from runs").fetchall()} == ids
        assert len(ids) == 2


def test_a_store_open_in_this_program_is_an_error_that_says_so(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    connect(db).close()
    with connect(db, read_only=True), pytest.raises(InputError, match="open in this program"):
        connect(db, lock_timeout_s=0.2)


def test_a_store_that_stays_locked_is_an_error_that_names_the_process(tmp_path: Path) -> None:
    db = tmp_path / "store.duckdb"
    code = f"import sys, toolkit.db.store; con = toolkit.db.store.connect({str(db)!r}); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(InputError, match=f"PID {holder.pid}"):
        connect(str(db), lock_timeout_s=0.2)
    holder.communicate(b"")


def test_the_same_content_is_not_stored_again_whatever_its_names_and_compression(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    first = analyze([str(RUNS / "restart_head")], db)
    before = counts(tmp_path / "store.duckdb")
    parts = sorted(str(path) for path in (RUNS / "restart_head").iterdir())
    again = analyze(parts[::-1], db)
    assert again.run.id == first.run.id
    assert again.figures == first.figures
    assert counts(tmp_path / "store.duckdb") == before


def test_a_run_is_labelled_and_removed_by_the_start_of_its_id(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    kept = analyze([str(RUNS / "clean_head")], db, Options(label="kept"))
    gone = analyze([str(RUNS / "restart_head")], db)
    with connect(db) as con:
        relabel(con, gone.run.id[:8], "renamed")
        with pytest.raises(UsageError, match="0 runs"):
            relabel(con, "nothing", "x")
        assert remove(con, "renamed") == 1
        assert remove(con, "nobody") == 0
        assert con.execute("select run, label from runs").fetchall() == [(kept.run.id, "kept")]
        assert con.execute("select count(distinct run_key) from tick").fetchall() == [(0,)]
        assert con.execute("select count(distinct run_key) from log_event").fetchall() == [(1,)]


@pytest.mark.parametrize(("name", "why"), [("", "an empty name"), ("a", "2 runs have an id that starts with it")])
def test_an_ambiguous_name_removes_no_run(tmp_path: Path, name: str, why: str) -> None:
    db = str(tmp_path / "store.duckdb")
    for run in ("clean_head", "restart_head"):
        analyze([str(RUNS / run)], db)
    with connect(db) as con:
        con.execute("update run set run = 'a' || run")
        with pytest.raises(UsageError, match=why):
            remove(con, name)
        assert con.execute("select count(*) from run").fetchall() == [(2,)]


def test_a_label_of_several_runs_removes_all_of_them(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    for name in ("clean_head", "restart_head"):
        analyze([str(RUNS / name)], db, Options(label="twice"))
    with connect(db) as con:
        assert remove(con, "twice") == 2


def test_a_damaged_store_is_refused_without_waiting(tmp_path: Path) -> None:
    db = tmp_path / "store.duckdb"
    analyze([str(RUNS / "clean_head")], str(db))
    content = bytearray(db.read_bytes())
    content[12_288:12_320] = bytes(32)
    db.write_bytes(content)
    with pytest.raises(InputError, match=r"is damaged, or is not a store of this toolkit: .*block"):
        connect(str(db), read_only=True, lock_timeout_s=600)


def test_a_file_that_is_not_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("not a database, but long enough to be read as the header of one " * 300)
    with pytest.raises(InputError, match="not a store"):
        connect(str(tmp_path / "x.duckdb"))


def test_reading_a_missing_store_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such store"):
        connect(str(tmp_path / "none.duckdb"), read_only=True)


@pytest.mark.parametrize(
    ("view", "columns"),
    {
        "runs": "run label kind simulated started_ms ended_ms lives ended",
        "files": "run file role bytes sha256 lines used",
        "set_aside": "run file line byte reason",
        "ticks": "run life t at_ms line",
        "venue_ticks": "run life t at_ms venue status age_apply_ms age_event_ms mid_usd spread_usd depth_usd toxicity",
        "log_events": "run file line family venue reason at_ms at_error_ms fields",
        "sessions": "run life venue session began_line ended_line reason reached began_ms ended_ms",
        "counters": "run life file line venue name value kind",
        "rx_stats": "run life tick raw_drained out_market cap_hits",
        "figures": "run figure value unit n bound low high note better",
        "episodes": "run venue kind from_ms to_ms class reason lines",
        "findings": "run code severity venue text figures lines",
    }.items(),
)
def test_a_public_view_has_its_documented_columns(view: str, columns: str) -> None:
    with connect(":memory:") as con:
        actual = {column[0] for column in con.execute(f"select * from {view}").description or []}
        assert set(columns.split()) <= actual
