"""A store of another version is migrated, or refused with a message and left unchanged."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from toolkit.analysis.pipeline import analyze
from toolkit.cli import main
from toolkit.db.migrations import VERSION
from toolkit.db.store import connect
from toolkit.model.errors import InputError

DATA = Path(__file__).parent.parent / "data"
RUN = str(DATA / "runs" / "killed_head")
OLD_SCHEMA = (DATA / "store" / "layout_1.sql").read_text()
"""Tables of a store without a version: no anchors, time errors, quotes, margins or filter."""
INSERT_RUN = "insert into run values (7, 'abcd', 'kept', 'unknown', false, 1, 2, 3, 4, 1, 'killed', 'apply')"
INSERT_TICK = "insert into tick (run_key, seq, life, t, at_is_estimate, line, file_no) values (7, 0, 0, 5, false, 1, 0)"


def with_statements(db: Path, *statements: str) -> Path:
    with duckdb.connect(str(db)) as con:
        for statement in statements:
            con.execute(statement)
    return db


def store_without_version(db: Path) -> Path:
    analyze([RUN], str(db))
    return with_statements(db, "drop table store_version")


def columns(db: Path) -> set[tuple[object, ...]]:
    with duckdb.connect(str(db), read_only=True) as con:
        return set(con.execute("select table_name, column_name, data_type from duckdb_columns()").fetchall())


def test_an_old_store_keeps_its_runs_and_accepts_new_ones(tmp_path: Path) -> None:
    db = with_statements(tmp_path / "old.duckdb", OLD_SCHEMA, INSERT_RUN, INSERT_TICK)
    analysis = analyze([RUN], str(db))
    with connect(str(db), read_only=True) as con:
        assert con.execute("select run, label from runs order by run = 'abcd'").fetchall() == [
            (analysis.run.id, None),
            ("abcd", "kept"),
        ]
        assert con.execute("select t, kf_p, line from ticks where run = 'abcd'").fetchall() == [(5, None, 1)]
    analyze([RUN], str(new := tmp_path / "new.duckdb"))
    assert columns(db) == columns(new)


INSERT_SESSION = (
    "insert into session values (7, 0, 'lighter', {}, 0, 5, {}, 'x', 'connected', null, null, null, null, [])"
)
INSERT_FILE = "insert into file values (7, 0, 'run.log', 'log', 1, 'x', 9, 9)"


def test_a_session_of_an_old_store_ends_in_its_first_file_unless_its_end_line_is_lower(tmp_path: Path) -> None:
    end_lines = ["9", "null", "2"]
    old = [INSERT_SESSION.format(number, end) for number, end in enumerate(end_lines)]
    db = with_statements(tmp_path / "old.duckdb", OLD_SCHEMA, INSERT_RUN, INSERT_FILE, *old)
    with connect(str(db)) as con:
        ends = con.execute("select file, ended_line, ended_file from sessions order by session").fetchall()
    assert ends == [("run.log", 9, "run.log"), ("run.log", None, None), ("run.log", 2, None)]


def run(*argv: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(list(argv))
    assert isinstance(exited.value.code, int)
    return exited.value.code


@pytest.mark.parametrize("command", [["runs"], ["sql", "select run, label from runs"]])
def test_a_read_only_command_migrates_an_old_store(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    db = with_statements(tmp_path / "old.duckdb", OLD_SCHEMA, INSERT_RUN)
    assert run(*command, "--db", str(db)) == 0
    assert "kept" in capsys.readouterr().out
    with duckdb.connect(str(db)) as con:
        assert con.execute("select version from store_version").fetchall() == [(VERSION,)]


def test_a_store_without_a_version_but_with_current_tables_is_read_and_written(tmp_path: Path) -> None:
    db = store_without_version(tmp_path / "field.duckdb")
    with connect(str(db), read_only=True) as con:
        assert con.execute("select count(*) from runs").fetchall() == [(1,)]
    analyze([str(DATA / "runs" / "panic_run")], str(db))
    with connect(str(db), read_only=True) as con:
        assert con.execute("select count(*) from runs").fetchall() == [(2,)]
        assert con.execute("select version from store_version").fetchall() == [(VERSION,)]


REFUSED = {
    "newer": (("update store_version set version = 99",), "newer version.*store version 99.*update the toolkit"),
    "another type": (
        ("drop table store_version", "alter table anchor alter column line type varchar"),
        r"cannot be brought up to date \(anchor.line is VARCHAR, not BIGINT\); analyse its runs again",
    ),
    "an unknown column without nulls": (
        ("drop table store_version", "drop table anchor", "create table anchor (local boolean not null)"),
        r"anchor\.local is unknown to this version",
    ),
    "not a store": (("drop table run cascade", "drop table store_version"), "not a store; name another file"),
    "no row": (("delete from store_version", "alter table anchor alter column line type varchar"), "not BIGINT"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("command", ["runs", "analyze"])
def test_an_incompatible_store_is_bad_input_and_stays_unchanged(tmp_path: Path, case: str, command: str) -> None:
    db, (statements, message) = tmp_path / "store.duckdb", REFUSED[case]
    connect(str(db)).close()
    with_statements(db, *statements)
    before = columns(db)
    with pytest.raises(InputError, match=message):
        connect(str(db), read_only=command == "runs")
    assert run(command, *([RUN] if command == "analyze" else []), "--db", str(db)) == 3
    assert columns(db) == before


def test_a_changed_schema_of_the_same_version_is_migrated(tmp_path: Path) -> None:
    db = tmp_path / "store.duckdb"
    connect(str(db)).close()
    with_statements(db, "update store_version set layout = 'another'", "alter table finding drop column lines")
    connect(str(db)).close()
    with connect(str(db), read_only=True) as con:
        assert con.execute("select lines from findings").fetchall() == []
