"""The staging database of one run, and its commit to a store file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from tests.analysis.metrics.sample_runs import record
from toolkit.analysis.pipeline import analyze
from toolkit.db.staging import IN_MEMORY_BYTES, RUN_KEY, committing, open_in_background, staging_database
from toolkit.db.store import connect

MEMORY_MB = 200


def test_a_large_run_is_staged_on_disk_until_the_analysis_ends() -> None:
    with staging_database(MEMORY_MB, IN_MEMORY_BYTES + 1) as con:
        ((path,),) = con.execute(
            "select path from duckdb_databases() where database_name = current_database()"
        ).fetchall()
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        assert Path(path).is_file()
    assert not Path(path).parent.exists()


def test_a_database_opened_in_background_is_used_once_and_has_the_same_memory_limit() -> None:
    with staging_database(MEMORY_MB) as con:
        ((limit,),) = con.execute("select current_setting('memory_limit')").fetchall()
    open_in_background()
    for _ in range(2):
        with staging_database(MEMORY_MB) as con:
            assert con.execute("select current_setting('memory_limit')").fetchall() == [(limit,)]
            assert con.execute("select count(*) from venue").fetchall() == [(0,)]
            con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])


@pytest.mark.parametrize("fails", [False, True])
def test_a_commit_stores_copied_and_remaining_tables_or_nothing_after_an_error(fails: bool, tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    connect(db).close()
    with staging_database(MEMORY_MB) as con:
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        try:
            with committing(con, db, "a run") as copy_tables:
                copy_tables("venue")
                con.execute("insert into analysis values (?, 'added later')", [RUN_KEY])
                if fails:
                    raise LookupError
        except LookupError:
            pass
    expected = [] if fails else [("lighter", "added later")]
    with connect(db, read_only=True) as store:
        assert store.execute("select venue, json from venue join analysis using (run_key)").fetchall() == expected


def test_a_failed_copy_loses_no_table_copied_before_it(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    connect(db).close()
    with staging_database(MEMORY_MB) as con:
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        con.execute("alter table analysis rename to elsewhere")
        with committing(con, db, "a run") as copy_tables:
            copy_tables("venue")
            with pytest.raises(duckdb.Error):
                copy_tables("analysis")
            con.execute("alter table elsewhere rename to analysis")
    with connect(db, read_only=True) as store:
        assert store.execute("select venue from venue").fetchall() == [("lighter",)]


def test_a_failed_copy_of_tables_can_be_repeated(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    connect(db).close()
    with staging_database(MEMORY_MB) as con:
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        con.execute("alter table analysis rename to elsewhere")
        with committing(con, db, "a run") as copy_tables:
            with pytest.raises(duckdb.Error):
                copy_tables("venue", "analysis")
            con.execute("alter table elsewhere rename to analysis")
            copy_tables("venue", "analysis")
    with connect(db, read_only=True) as store:
        assert store.execute("select venue from venue").fetchall() == [("lighter",)]


def test_two_analyses_of_one_process_each_store_their_whole_run(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        records = (record(t, t / 4, [0, 0, ord(name)]) for t in range(50))
        (tmp_path / name / "telemetry.jsonl").write_text("".join(records))
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda name: analyze([str(tmp_path / name)], db), ("a", "b")))
    expected = sorted((each.run.id, 50, len(each.figures)) for each in runs)
    with connect(db, read_only=True) as store:
        counts = (
            "(select count(*) from ticks t where t.run = r.run), (select count(*) from figures f where f.run = r.run)"
        )
        assert store.execute(f"select run, {counts} from runs r order by run").fetchall() == expected
