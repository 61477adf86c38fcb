"""Apply ages by a wall clock that was set back: no figure that they change is exact, and its bounds hold the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import figure
from tests.analysis.test_clock_steps import analysed, stepped
from tests.ingest.test_stepped_records import made_ticks, written
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import RunAnalysis, Window

AGES = ("age_apply_ms.p50", "age_apply_ms.p95", "age_apply_ms.max", "age_apply_ms.mean", "fresh.share", "stale.ms")
SILENT_MS = 30_000


def runs(folder: Path, steps: dict[int, int], by_wall_clock: bool = True) -> tuple[RunAnalysis, RunAnalysis]:
    """Return a run without the steps and one with them; its venue `aster` is silent for 30 s around tick 200."""
    ticks, silent_from = made_ticks(400), 0
    for n, each in enumerate(ticks[160:280], 160):
        silent_from = silent_from or ticks[159].applied_ms[2]
        applied = (*each.applied_ms[:2], silent_from, each.applied_ms[3])
        ticks[n] = replace(each, applied_ms=applied)
    made = []
    for name, at in (("plain", {}), ("stepped", steps)):
        (folder / name).mkdir()
        made.append(analysed(folder / name, written(ticks, at, by_wall_clock)))
    return made[0], made[1]


@pytest.mark.parametrize("steps", [{200: -60_000}, {200: -5_000}, {10: -700}, {200: -3_000, 204: -3_000}], ids=str)
def test_bounds_of_ages_by_a_clock_set_back_hold_the_true_value(tmp_path: Path, steps: dict[int, int]) -> None:
    plain, run = runs(tmp_path, steps)
    assert len(stepped(run)) == len(steps)
    doubted = 0
    for venue in ("extended", "hyperliquid", "aster", "paradex"):
        for name in AGES:
            true, found = figure(plain, f"{venue}.{name}").value, figure(run, f"{venue}.{name}")
            assert true is not None
            assert found.low is not None
            assert found.high is not None
            assert found.low - 1e-9 <= true <= found.high + 1e-9, (found, true)
            if found.value != pytest.approx(true):
                assert str(found.bound) == "estimate"
                assert "set back" in (found.note or "")
            doubted += str(found.bound) == "estimate"
    assert doubted > 0


def test_a_venue_that_looked_fresh_after_a_step_has_no_exact_ages(tmp_path: Path) -> None:
    plain, run = runs(tmp_path, {200: -60_000})
    true, found = figure(plain, "aster.stale.ms").value, figure(run, "aster.stale.ms")
    assert true is not None
    assert found.value is not None
    assert found.high is not None
    assert true > 28_000
    assert found.value < true - 15_000
    assert found.high >= true
    assert str(figure(run, "aster.plateau_10s.longest_ms").bound) == "estimate"
    assert [e.kind for e in run.episodes if e.venue == "extended"] == [
        e.kind for e in plain.episodes if e.venue == "extended"
    ]


def test_a_window_after_the_step_has_exact_ages(tmp_path: Path) -> None:
    runs(tmp_path, {200: -3_000})
    for first, bounds in ((190, {"exact", "estimate"}), (300, {"exact"})):
        part = analyze([str(tmp_path / "stepped")], options=Options(window=Window(since_tick=first)))
        found = {str(each.bound) for each in part.figures if "age_apply" in each.metric and each.value is not None}
        assert found == bounds


def test_ages_by_a_clock_that_does_not_step_stay_exact(tmp_path: Path) -> None:
    plain, run = runs(tmp_path, {200: -60_000}, by_wall_clock=False)
    for name in AGES:
        assert figure(run, f"aster.{name}") == figure(plain, f"aster.{name}")


def lives(folder: Path, shift_ms: int, clamped: bool = False) -> RunAnalysis:
    """Return a run of two lives between which the clock was set by some ms; the events' clocks were not."""
    ticks = made_ticks(100, lives=2)
    if clamped:
        ticks = [replace(each, events_ms=each.applied_ms) for each in ticks]
    return analysed(folder, written(ticks, {100: shift_ms}))


@pytest.mark.parametrize(
    ("shift_ms", "clamped", "text"),
    [
        (3_600_000, False, "set forward by about 1 h 00 min between two lives, before tick 0 of the later"),
        (-3_600_000, False, "set back by at least 59 min"),
        (-3_600_000, True, "set back by at least 59 min"),
        (400, False, None),
    ],
)
def test_a_step_between_two_lives_is_named(tmp_path: Path, shift_ms: int, clamped: bool, text: str | None) -> None:
    found = stepped(run := lives(tmp_path, shift_ms, clamped))
    assert run.run.lives == 2
    assert figure(run, "run.span_ms").value == 2 * 99 * 250
    age = figure(run, "aster.age_event_ms.p50")
    if text is None:
        assert found == []
        assert str(age.bound) == "exact"
    else:
        assert len(found) == 1
        assert text in found[0][0]
        assert found[0][1] == 101
        assert str(age.bound) == "estimate"
