"""Outages, plateaus, local stalls and frozen mids: bounds, classes and flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_MS, analysed, figure, record
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import Episode, RunAnalysis

FRESH = (0, 0, 0)


def run_of(folder: Path, ages: list[tuple[int, int, int]], **more: object) -> RunAnalysis:
    """A run of one record per second with these ages (seconds) of hyperliquid, lighter and aster."""
    lines = [record(t, t, [1_000 * age if age >= 0 else -1 for age in each], **more) for t, each in enumerate(ages)]
    return analysed(folder, telemetry="".join(lines))


def episodes_of(run: RunAnalysis, kind: str) -> list[tuple[str, int, int, str | None]]:
    """Episodes of a kind: venue, begin and end in seconds of the run, class."""
    return [
        (each.venue, seconds(each.from_ms), seconds(each.to_ms), each.cls) for each in run.episodes if each.kind == kind
    ]


def seconds(at_ms: int | None) -> int:
    assert at_ms is not None
    return (at_ms - START_MS) // 1_000


def lighter(*ages: int) -> list[tuple[int, int, int]]:
    return [(0, age, 0) for age in ages]


def outages(run: RunAnalysis) -> list[Episode]:
    return [each for each in run.episodes if each.kind == "outage"]


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        (lighter(0, 1, 2, 3, 4, 0), [("lighter", 1, 5, "dead")]),
        (lighter(0, 1, 2, 3, 4), [("lighter", 1, 4, "dead")]),
        (lighter(0, 0, 2, 5, 2, 0), [("lighter", 1, 5, "unclassified")]),
        (lighter(-1, -1, 0, 0), [("lighter", 0, 2, "startup")]),
        (lighter(0, 1, 0, 1), []),
    ],
    ids=[
        "ages in step",
        "to the end of the life",
        "ages out of step",
        "before the first book",
        "at the limit is fresh",
    ],
)
def test_an_outage_lasts_from_the_last_fresh_tick_to_the_next(
    tmp_path: Path, ages: list[tuple[int, int, int]], expected: list[tuple[str, int, int, str]]
) -> None:
    assert episodes_of(run_of(tmp_path, ages), "outage") == expected


def test_a_book_with_an_empty_side_is_one_sided(tmp_path: Path) -> None:
    run = run_of(tmp_path, lighter(0, 0, 2, 3, 0), venue_depth_near_mid_usd=[9.0, 0.0, 9.0])
    assert episodes_of(run, "outage") == [("lighter", 1, 4, "one_sided")]


def test_three_outages_within_a_minute_are_flapping_and_two_are_not(tmp_path: Path) -> None:
    cycle = lighter(0, 0, 2, 3, *[0] * 16)
    thrice = outages(run_of(tmp_path, cycle * 3))
    assert [each.flags for each in thrice] == [("flapping",)] * 3
    (tmp_path / "twice").mkdir()
    twice = outages(run_of(tmp_path / "twice", cycle * 2))
    assert [each.flags for each in twice] == [()] * 2


@pytest.mark.parametrize(("together", "stalls"), [(3, 1), (2, 0)])
def test_three_venues_stale_within_a_second_are_a_local_stall(tmp_path: Path, together: int, stalls: int) -> None:
    ages = [FRESH, FRESH, *[tuple(age if venue < together else 0 for venue in range(3)) for age in (3, 4, 5)], FRESH]
    assert len(episodes_of(run_of(tmp_path, ages), "local_stall")) == stalls  # type: ignore[arg-type]


def frozen(folder: Path, step_usd: float) -> RunAnalysis:
    """Forty fresh seconds in which lighter's mid does not change and the others move."""
    lines = [
        record(t, t, FRESH, venue_mid_usd=[100 + t * step_usd, 100.0, 100 + t * step_usd]) for t in range(40)
    ]  # fmt: skip
    return analysed(folder, telemetry="".join(lines))


def test_an_unchanged_mid_is_frozen_if_others_move(tmp_path: Path) -> None:
    assert episodes_of(frozen(tmp_path, 0.01), "frozen_mid") == [("lighter", 0, 39, None)]


def test_an_unchanged_mid_is_not_frozen_if_others_do_not_move(tmp_path: Path) -> None:
    assert episodes_of(frozen(tmp_path, 0.0001), "frozen_mid") == []


@pytest.mark.parametrize(
    ("ages", "count", "total_s", "longest_s", "bound"),
    [
        (lighter(0, 11, 12, 0), 1, 13, 13, "exact"),
        (lighter(0, 11, 0, 12, 0), 2, 11 + 1 + 12 + 1, 13, "exact"),
        (lighter(0, 11, -1, 13, 0), 1, 14, 14, "exact"),
        (lighter(-1, -1, 0, 0), 0, 0, 0, "exact"),
        (lighter(0, 11, 12), 1, 12, 12, "exact"),
        (lighter(0, 10, 10, 0), 0, 0, 0, "exact"),
    ],
    ids=[
        "one",
        "two",
        "an unknown age ends none",
        "an unknown age begins none",
        "open at the end",
        "the limit is not above itself",
    ],
)
def test_a_plateau_begins_at_tick_time_minus_age_and_ends_at_the_first_tick_below(
    tmp_path: Path, ages: list[tuple[int, int, int]], count: int, total_s: int, longest_s: int, bound: str
) -> None:
    run = run_of(tmp_path, ages)
    found = [figure(run, f"lighter.plateau_10s.{stat}") for stat in ("count", "total_ms", "longest_ms")]
    assert [each.value for each in found] == [count, 1_000 * total_s, 1_000 * longest_s]
    assert {each.bound for each in found} == {bound}


def test_event_ages_have_plateaus_of_their_own(tmp_path: Path) -> None:
    events = [0, 11_000, 12_000, 1_790_000_000_000, 0]
    lines = [record(t, t, [0, 0, 0], venue_age_event_ms=[0, event, 0]) for t, event in enumerate(events)]
    run = analysed(tmp_path, telemetry="".join(lines))
    assert figure(run, "lighter.plateau_10s.count").value == 0
    assert figure(run, "lighter.plateau_event_10s.count").value == 1
    result = figure(run, "lighter.plateau_event_10s.longest_ms")
    assert (result.value, result.n) == (1_000 * (4 - (1 - 11)), 4)


def test_records_with_event_ages_only_have_event_plateaus_only(tmp_path: Path) -> None:
    ages = [0, 31, 0]
    lines = [record(t, t, [0, 1_000 * age, 0], venue_age_event_ms=None) for t, age in enumerate(ages)]
    run = analysed(tmp_path, telemetry="".join(lines))
    assert figure(run, "lighter.plateau_event_30s.longest_ms").value == 32_000
    unknown = figure(run, "lighter.plateau_30s.longest_ms")
    assert (unknown.value, unknown.note) == (None, "no apply age known")


@pytest.mark.parametrize(
    ("limit_ms", "name", "count"),
    [(2_000, "2s", 2), (2_500, "2500ms", 1), (10_000, "10s", 0)],
    ids=["2s", "2.5s", "10s"],
)
def test_a_plateau_limit_can_be_any_age(tmp_path: Path, limit_ms: int, name: str, count: int) -> None:
    lines = [record(t, t, [0, 1_000 * age, 0]) for t, age in enumerate([0, 3, 4, 0, 2, 2, 0])]
    lines[4] = record(4, 4, [0, 2_001, 0])
    (tmp_path / "telemetry.jsonl").write_text("".join(lines))
    run = analyze([str(tmp_path)], options=Options(plateau_limits_ms=(limit_ms,)))
    assert figure(run, f"lighter.plateau_{name}.count").value == count
    assert figure(run, "lighter.plateau_30s.count").value == 0
    assert not episodes_of(run, "plateau")


def test_a_hole_in_the_records_ends_a_plateau_and_makes_it_an_estimate(tmp_path: Path) -> None:
    at = [0, 1, 2, 3, 30, 31, 32]
    ages = [0, 11, 12, 13, 40, 41, 0]
    run = analysed(
        tmp_path,
        telemetry="".join(record(n, s, [0, 1_000 * a, 0]) for n, (s, a) in enumerate(zip(at, ages, strict=True))),
    )
    found = figure(run, "lighter.plateau_10s.count")
    assert (found.value, found.bound, found.low, found.high) == (2, "estimate", None, None)
    assert figure(run, "lighter.plateau_10s.total_ms").value == (3 - (1 - 11)) * 1_000 + (32 - 30) * 1_000
