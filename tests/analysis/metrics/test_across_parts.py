"""Sessions, logged causes and stale exits across two parts of a rotated log are those of the whole log."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, record, stamped
from tests.sampling import sampled
from toolkit.analysis.pipeline import Options, analyze
from toolkit.db.store import connect
from toolkit.model.runs import RunAnalysis, Window

LINES = [
    (0.0, START_LINE),
    (0.2, "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/"),
    (0.3, "INFO: Lighter public WS connected url=ws://127.0.0.1:1/"),
    (8.0, "WS_AUDIT venue=lighter component=bootstrap_timeout reason=bootstrap_control_frame_only reason_family=x"),
    (9.0, "INFO: Lighter public WS error (consecutive_failures=1): bootstrap failed"),
    (10.0, "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/"),
    (10.2, "INFO: Lighter public WS connected url=ws://127.0.0.1:1/"),
    (11.0, "INFO: Lighter public WS first book update"),
    (20.0, "WARN: Lighter core book update frozen: mid jump"),
    (21.0, "WS_AUDIT venue=lighter component=runner_apply_truth ext_apply_frozen_total=0 ext_future_total=0"
           " age_apply_ms=1500 age_event_ms=10 venue_state_stale_ms=1000"),
    (30.0, "WS_AUDIT venue=lighter component=ws_msg reason=stale_watchdog stale_ms=10000 age_ws_rx_ms=1"
           " age_data_rx_ms=1 age_book_event_ms=1 age_published_ms=1"),
    (40.0, "Lighter public WS closed frame=None"),
    (41.0, "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/"),
    (42.0, "INFO: Lighter public WS connected url=ws://127.0.0.1:1/"),
]  # fmt: skip
WINDOWS = (Window(), Window(until_tick=35), Window(since_tick=25))


def analysed(folder: Path, *parts: str, db: str = ":memory:", window: Window = WINDOWS[0]) -> RunAnalysis:
    folder.mkdir(exist_ok=True)
    for age, part in enumerate(reversed(parts)):
        (folder / (f"run.log.{age}" if age else "run.log")).write_text(part)
    (folder / "telemetry.jsonl").write_text("".join(record(t, t, (0, 0, 0)) for t in range(60)))
    return analyze([str(folder)], db, Options(window=window))


@pytest.fixture(scope="module", params=WINDOWS, ids=["whole", "until", "since"])
def single_log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Window, RunAnalysis]:
    return request.param, analysed(tmp_path_factory.mktemp("whole"), stamped(LINES), window=request.param)


def content_of(run: RunAnalysis) -> dict[str, object]:
    """All figures but those of how many lines were asked for the time, which differ at the edges of a part.

    A line that a note cites has another number in a part than in the whole log.
    """
    figures = (each for each in run.figures if not each.figure.startswith("run.log_time"))
    return {each.figure: replace(each, note=re.sub(r"line \d+ of \S+", "a line", each.note or "")) for each in figures}


@sampled("cut", [3, 4, 9, 10, 12], 3)
def test_a_log_split_before_any_line_has_the_figures_of_the_whole(
    tmp_path: Path, single_log: tuple[Window, RunAnalysis], cut: int
) -> None:
    window, whole = single_log
    parts = analysed(tmp_path / "cut", stamped(LINES[:cut]), stamped(LINES[cut:]), window=window)
    assert content_of(parts) == content_of(whole)


def test_the_sample_log_has_every_figure_that_a_split_could_change(tmp_path: Path) -> None:
    whole = analysed(tmp_path / "run", stamped(LINES))
    names = ("bootstrap.control_frame_only", "defects.runner_freeze_apply_gap", "disconnects.server_close")
    assert [each.value for name in names if (each := whole.figure(f"lighter.{name}"))] == [1, 1, 1]


@pytest.mark.parametrize("cut", [3, 9, 12])
def test_the_view_of_sessions_names_the_file_of_the_end_and_of_the_beginning(tmp_path: Path, cut: int) -> None:
    db = str(tmp_path / "store.duckdb")
    analysed(tmp_path / "run", stamped(LINES[:cut]), stamped(LINES[cut:]), db=db)
    spans = [(1, 4), (5, 11), (12, None)]

    def at(index: int | None) -> tuple[str | None, int | None]:
        if index is None:
            return None, None
        return ("run.log.1", index + 1) if index < cut else ("run.log", index - cut + 1)

    with connect(db, read_only=True) as con:
        asked = "select file, began_line, ended_file, ended_line from sessions order by session"
        assert con.execute(asked).fetchall() == [(*at(began), *at(ended)) for began, ended in spans]


def test_a_line_of_another_log_is_not_a_cause_in_this_log(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_text(stamped(LINES[:8]) + stamped(LINES[9:]))
    (tmp_path / "stderr.log").write_text(stamped(LINES[8:9]) + "job\n" * 9)
    found = analyze([str(tmp_path)]).figure("lighter.defects.runner_freeze_apply_gap")
    assert found is not None
    assert found.value == 0
