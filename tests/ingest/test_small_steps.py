"""Steps of the wall clock smaller than a second, and those that leave no gap going back."""

from __future__ import annotations

import pytest

from tests.ingest.test_stepped_records import loaded, made_ticks, plain, stalled, written


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("size_ms", "by_wall_clock"),
    # Ages by the wall clock that are not below 0 do not show a step back of less than a tick.
    [(-200, False), (300, False), (450, False), (900, False), (300, True), (450, True), (900, True)],
)
def test_a_small_step_is_found_and_taken_out(size_ms: int, by_wall_clock: bool, seed: int) -> None:
    ticks = made_ticks(300, seed=seed)
    # The last venue has a book in one of ten ticks, so its age is mostly larger than the gap.
    at = next(i for i in range(150, 250) if ticks[i].at_ms - ticks[i].applied_ms[3] >= 1_500)
    found, timed, ages = loaded(written(ticks, {at: size_ms}, by_wall_clock))
    assert found == [(at, ticks[at].t, size_ms, at + 1)]
    assert (timed, ages) == loaded(written(ticks, {}))[1:]


@pytest.mark.parametrize("stall_ms", [120, 350, 900])
@pytest.mark.parametrize("by_wall_clock", [False, True])
@pytest.mark.parametrize("at", [30, 61, 95])
def test_a_slow_tick_is_no_step(stall_ms: int, by_wall_clock: bool, at: int) -> None:
    ticks = stalled(made_ticks(), at, stall_ms)
    found, timed, _ = loaded(written(ticks, {}, by_wall_clock), requested_ms=30_000)
    assert found == []
    assert timed[-1][2] - timed[0][2] == 119 * 250 + stall_ms


def test_ticks_at_irregular_times_are_no_steps() -> None:
    ticks = made_ticks(400)
    late = [(37 * n * n) % 700 for n in range(400)]
    moved = [
        type(each)(each.t, each.life, each.at_ms + 500 * n + late[n], each.applied_ms, each.events_ms)
        for n, each in enumerate(ticks)
    ]
    assert loaded(written(moved, {}))[0] == []
    assert loaded(written(moved, {}, by_wall_clock=True))[0] == []


def test_each_of_many_late_ticks_is_looked_at_once() -> None:
    """A comparison of each late tick with all others takes minutes here."""
    times_ms = [0]
    for n in range(40_000):
        times_ms.append(times_ms[-1] + (100, 120, 250, 250, 400, 700)[n * n % 31 % 6])
    found, timed, _ = loaded(plain(times_ms))
    assert found == []
    assert timed[-1][2] - timed[0][2] == times_ms[-1]
