"""Steps of the wall clock between telemetry records: found with tick and size, and taken out of times, weights and ages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import telemetry

START_MS = 1_780_000_000_000
VENUES = ("extended", "hyperliquid", "aster", "paradex")


@dataclass(frozen=True, slots=True)
class Tick:
    """One record without steps: its time, and per venue the times of its last applied book and of its event (ms)."""

    t: int
    life: int
    at_ms: int
    applied_ms: tuple[int, ...]
    events_ms: tuple[int, ...]


def made_ticks(count: int = 120, lives: int = 1, cadence_ms: int = 250, seed: int = 1) -> list[Tick]:
    """Return ticks at a regular cadence: two venues with a book in most of them, and two with a book in some."""
    random, ticks, at_ms = Random(seed), list[Tick](), 0
    for life in range(lives):
        at_ms += 5_000
        applied, events = [at_ms] * 4, [at_ms - 60] * 4
        for t in range(count):
            for venue, share in enumerate((0.9, 0.7, 0.3, 0.1)):
                if random.random() < share:
                    applied[venue], events[venue] = at_ms, at_ms - (0 if venue == 3 else random.randint(20, 250))
            ticks.append(Tick(t, life, at_ms, tuple(applied), tuple(events)))
            at_ms += cadence_ms
    return ticks


def written(ticks: Sequence[Tick], steps: dict[int, int], by_wall_clock: bool = False, timed_every: int = 1) -> str:
    """Return the records of a producer whose clock steps before the records at some positions.

    The clocks of the venues do not step, but Paradex events carry the time of this host. `by_wall_clock` says that apply
    ages are differences of the wall clock, none below 0.
    """
    lines, offsets, offset_ms = list[str](), dict[int, int](), 0
    for position, each in enumerate(ticks):
        offset_ms += steps.get(position, 0)
        offsets[each.at_ms] = offset_ms
        was = [offsets.get(applied, 0) if by_wall_clock else offset_ms for applied in each.applied_ms]
        ages = [max(0, each.at_ms + offset_ms - a - o) for a, o in zip(each.applied_ms, was, strict=True)]
        now = [offset_ms, offset_ms, offset_ms, offset_ms - offsets.get(each.applied_ms[3], 0)]
        events = [max(0, each.at_ms - e + o) for e, o in zip(each.events_ms, now, strict=True)]
        guidance: dict[str, object] = {"venues": [{"venue_index": i, "venue_id": v} for i, v in enumerate(VENUES)]}
        if position % timed_every == 0:
            guidance["as_of_ms"] = START_MS + each.at_ms + offset_ms
        lines.append(
            json.dumps({"t": each.t, "treasury_guidance": guidance, "venue_age_ms": ages, "venue_age_event_ms": events})
        )
    return "\n".join(lines) + "\n"


def loaded(text: str, requested_ms: int | None = None):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "telemetry.jsonl"
        path.write_text(text)
        con = connect(":memory:")
        telemetry.load(con, 1, discover([str(path)]))
        telemetry.bound_tick_times(con, 1, requested_ms)
    steps = con.execute("select seq, t, step_ms, line from clock_step order by seq").fetchall()
    ticks = con.execute("select seq, life, at_ms, weight_ms, hole_ms from tick order by seq").fetchall()
    ages = con.execute("select seq, venue, age_apply_ms from venue_tick order by seq, venue").fetchall()
    return steps, ticks, ages


sizes = st.one_of(st.integers(-3 * 86_400_000, -250), st.integers(1_250, 60_000), st.integers(60_000, 3 * 86_400_000))


@settings(max_examples=15)
@given(
    st.dictionaries(st.integers(0, 17), sizes, min_size=1, max_size=4),
    st.integers(1, 2),
    st.integers(0, 9),
    st.sampled_from([40, 250, 1_000]),
    st.booleans(),
)
def test_steps_of_any_size_are_found_and_taken_out(
    by_part: dict[int, int], lives: int, seed: int, cadence_ms: int, by_wall_clock: bool
) -> None:
    ticks = made_ticks(120, lives, cadence_ms, seed)
    # Ages by the wall clock cannot be known after it was set back: they are at 0 for that long.
    sized = {
        13 * part + 6: size if size > 0 else size - cadence_ms
        for part, size in by_part.items()
        if 13 * part + 6 < len(ticks)
    }
    steps = {at: abs(size) + 1_250 if by_wall_clock else size for at, size in sized.items()}
    found, timed, ages = loaded(written(ticks, steps, by_wall_clock))
    assert found == [(at, ticks[at].t, size, at + 1) for at, size in sorted(steps.items())]
    assert (timed, ages) == loaded(written(ticks, {}))[1:]


def stalled(ticks: Sequence[Tick], at: int, stall_ms: int, lost: frozenset[int] = frozenset()) -> list[Tick]:
    """Return the run whose process stood still before a position: every clock goes on, and `lost` sockets are silent."""
    before, later = ticks[at - 1], list[Tick]()
    for each in ticks[at:]:
        new = [ms >= ticks[at].at_ms and venue not in lost for venue, ms in enumerate(each.applied_ms)]
        applied = [ms + stall_ms if n else b for ms, b, n in zip(each.applied_ms, before.applied_ms, new, strict=True)]
        events = [ms + stall_ms if n else b for ms, b, n in zip(each.events_ms, before.events_ms, new, strict=True)]
        later.append(Tick(each.t, each.life, each.at_ms + stall_ms, tuple(applied), tuple(events)))
    return [*ticks[:at], *later]


@pytest.mark.parametrize("by_wall_clock", [False, True])
@pytest.mark.parametrize("stall_ms", [2_000, 14_000, 120_000])
@pytest.mark.parametrize("lost", [frozenset(), frozenset({1}), frozenset({0, 1, 2, 3})], ids=str)
def test_a_stall_of_the_process_is_no_step(stall_ms: int, lost: frozenset[int], by_wall_clock: bool) -> None:
    ticks = stalled(made_ticks(), 60, stall_ms, lost)
    found, timed, _ = loaded(written(ticks, {}, by_wall_clock), requested_ms=30_000 + stall_ms)
    assert found == []
    assert sum(hole for *_, hole in timed) == stall_ms + 250 - 5 * 250


@pytest.mark.parametrize("lost", [frozenset({1}), frozenset({0, 1, 2, 3})], ids=str)
def test_a_stall_beside_a_step_is_kept(lost: frozenset[int]) -> None:
    ticks = stalled(made_ticks(), 60, 14_000, lost)
    found, timed, _ = loaded(written(ticks, {30: 3_600_000, 90: -7_200_000}))
    assert [(seq, size) for seq, _, size, _ in found] == [(30, 3_600_000), (90, -7_200_000)]
    assert timed == loaded(written(ticks, {}))[1]


def always_fresh(steps: dict[int, int], apply_ages: bool = True, tick_us: int = 300) -> str:
    """Return 100 records with a book of each venue in each tick, by venues whose clocks step with this host's."""
    ages = {
        "tick_timing": {"total_us": tick_us},
        "venue_age_ms": [0, 0],
        **({"venue_age_event_ms": [60, 60]} if apply_ages else {}),
    }
    offsets_ms = [sum(size for at, size in steps.items() if at <= t) for t in range(100)]
    guidance = [{"as_of_ms": START_MS + 250 * t + offset} for t, offset in enumerate(offsets_ms)]
    return "".join(json.dumps({"t": t, "treasury_guidance": each, **ages}) + "\n" for t, each in enumerate(guidance))


@pytest.mark.parametrize("apply_ages", [True, False])
@pytest.mark.parametrize(
    ("steps", "requested_ms", "found"),
    [
        ({50: 60_000}, 25_000, [50]),
        ({50: 60_000}, 85_000, []),
        ({50: 60_000}, None, []),
        ({50: 20_000}, 25_000, []),
        ({20: 5_000, 50: 90_000, 70: 80_000}, 25_000, [50, 70]),
        ({50: 3_600_000}, None, [50]),
    ],
)
def test_a_step_that_no_age_shows_is_found_by_the_requested_time_or_its_size(
    steps: dict[int, int], requested_ms: int | None, found: list[int], apply_ages: bool
) -> None:
    steps_found, timed, _ = loaded(always_fresh(steps, apply_ages), requested_ms)
    assert [(seq, size) for seq, _, size, _ in steps_found] == [(at, steps[at]) for at in found]
    kept = sum(size for at, size in steps.items() if at not in found)
    assert timed[-1][2] - timed[0][2] == 99 * 250 + kept


def test_a_gap_in_which_the_program_worked_is_no_step() -> None:
    assert loaded(always_fresh({50: 3_600_000}), 25_000)[0] != []
    assert loaded(always_fresh({50: 3_600_000}, tick_us=3_599_000_000), 25_000)[0] == []


def plain(times_ms: Sequence[int | None], ticks: Sequence[int] | None = None) -> str:
    rows = zip(ticks or range(len(times_ms)), times_ms, strict=True)
    return "".join(
        json.dumps({"t": t, "treasury_guidance": {"as_of_ms": ms}, "venue_age_ms": [0], "venue_age_event_ms": [0]})
        + "\n"
        for t, ms in rows
    )


@pytest.mark.parametrize(
    ("times_ms", "ticks", "steps", "at_ms"),
    [
        ([1_000, 1_250, 1_247, 1_497], None, [(2, -253)], [1_000, 1_250, 1_500, 1_750]),
        ([1_000, 1_250, 1_500, 900, 1_150], [0, 1, 2, 2, 3], [(3, -600)], [1_000, 1_250, 1_500, 1_500, 1_750]),
        ([1_000, 1_250, 1_500, 600, 850], [0, 1, 2, 5, 6], [(3, -1_650)], [1_000, 1_250, 1_500, 2_250, 2_500]),
        (
            [1_000, None, 1_500, None, 100, None, 600],
            None,
            [(4, -1_900)],
            [1_000, 1_250, 1_500, 1_750, 2_000, 2_250, 2_500],
        ),
        (
            [9_000, 9_250, 9_500, 0, 250, 500, 0],
            [0, 1, 2, 0, 1, 2, 3],
            [(6, -750)],
            [9_000, 9_250, 9_500, 0, 250, 500, 750],
        ),
        ([1_000, 1_249, 1_501, 1_750, 1_998], None, [], [1_000, 1_249, 1_501, 1_750, 1_998]),
    ],
    ids=[
        "milliseconds",
        "a duplicate",
        "dropped records",
        "records without a time",
        "after a restart",
        "a slewed clock",
    ],
)
def test_a_clock_set_back_costs_no_time(
    times_ms: list[int | None], ticks: list[int] | None, steps: list[tuple[int, int]], at_ms: list[int]
) -> None:
    found, timed, _ = loaded(plain(times_ms, ticks))
    assert [(seq, size) for seq, _, size, _ in found] == steps
    assert [ms for _, _, ms, _, _ in timed] == at_ms
