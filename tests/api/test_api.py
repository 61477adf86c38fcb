"""Tests of the Python interface."""

from __future__ import annotations

import doctest
import subprocess
import sys
from types import ModuleType

import polars
import pytest

import toolkit
import toolkit.api
import toolkit.packs.calls
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import Window
from toolkit.model.vocabulary import Segment


@pytest.mark.parametrize(("module", "examples"), [(toolkit.api, 9), (toolkit.packs.calls, 3)])
def test_every_documented_example_prints_its_documented_output(module: ModuleType, examples: int) -> None:
    result = doctest.testmod(module)
    assert result.attempted >= examples
    assert result.failed == 0


def test_importing_the_toolkit_loads_no_heavy_library() -> None:
    heavy = ("duckdb", "polars", "pyarrow", "numpy", "jinja2")
    code = f"import sys, toolkit; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_path_raises_an_error_with_file_and_reason() -> None:
    with pytest.raises(toolkit.InputError) as caught:
        toolkit.analyze("no/such/run")
    assert (caught.value.file, caught.value.line) == ("no/such/run", None)
    assert "no such file" in caught.value.why


def test_the_connection_is_read_only() -> None:
    run = toolkit.analyze("sample:after")
    with pytest.raises(Exception, match="read-only"):
        run.connection().execute("delete from run")


def test_two_runs_in_one_store_have_separate_tables(tmp_path) -> None:
    store = tmp_path / "store.duckdb"
    before, after = (toolkit.analyze(f"sample:{side}", db=store, label=side) for side in ("before", "after"))
    assert before.run.id != after.run.id
    assert before.table("ticks")["run"].unique().to_list() == [before.run.id]
    assert sorted(after.connection().execute("select label from runs").fetchall()) == [("after",), ("before",)]


def test_the_tables_of_a_run_that_is_kept_nowhere_are_full(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    kept, private = (toolkit.analyze("sample:after", db=db) for db in (":memory:", None))
    assert kept.figures().equals(private.figures()) and kept.figures().height > 100
    assert [kept.table(view).height for view in toolkit.api.VIEWS] == [
        private.table(view).height for view in toolkit.api.VIEWS
    ]
    assert not list(tmp_path.iterdir())


def test_a_window_has_the_figures_of_the_analysis_pipeline(tmp_path) -> None:
    part = toolkit.analyze("sample:after", segment="steady", last_ms=120_000, until_tick=2_300)
    options = Options(window=Window(Segment.STEADY, 120_000, None, 2_300))
    same = analyze(["sample:after"], options=options)
    assert part.analysis == same
    frame, whole = part.figures(), part.table("figures")
    assert (frame.columns, frame.dtypes) == (whole.columns, whole.dtypes)
    ticks = frame.row(by_predicate=polars.col("figure") == "run.ticks", named=True)["value"]
    assert 0 < ticks == part.figure("run.ticks").value < 2_399
    assert part.table("ticks").height == 2_399
    assert toolkit.analyze("sample:after").windows().height == 0


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"segment": "middle"}, "startup, steady, tail"),
        ({"last_ms": 0}, "at least 1"),
        ({"since_tick": -1}, "at least 0"),
        ({"since_tick": 9, "until_tick": 3}, "no tick"),
        ({"until_tick": -1}, "no tick"),
        ({"every": 0}, "at least 1"),
        ({"since_tick": 5_000}, "ticks 0 to 2398"),
    ],
)
def test_an_invalid_window_is_a_usage_error(window, message) -> None:
    with pytest.raises(toolkit.UsageError, match=message):
        toolkit.analyze("sample:after", **window)


def test_several_runs_a_side_have_a_row_with_the_value_of_each() -> None:
    pair = toolkit.compare(["sample:before", "sample:after"], ["sample:after"])
    row = pair.rows().filter(figure="lighter.reconnects")
    assert row["values_before"].item().to_list() == [10, 1]
    assert pair.comparison.method["design"] == "several runs a side"
