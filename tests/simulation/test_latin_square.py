"""Tests of the fault matrix at five venues: the analysis of each run agrees with the ground truth of the venues."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from connectors.simulator.faults.spec import Need
from connectors.simulator.protocols import protocols
from connectors.venues import venues
from tests.sampling import some
from tests.simulation.fault_rows import SQUARE_ROWS
from tests.simulation.latin_square import VENUES, SquareRun, latin_square, simulate_square_run
from tests.simulation.table import describe_cell, recognition_times_ms, resyncs
from tests.simulation.truth import mid_range_bps, percentile, stale_intervals
from tests.simulation.whole_run import LATENCY_MS, START_UNIX_MS
from toolkit.model.vocabulary import GateVerdict
from toolkit.telemetry.contract.check import FileCheck

TICK_MS = 250
RECOVERY_MS = 1_000
"""Time allowed from the first frame after a fault to a complete book; a REST snapshot needs a response first."""

FROZEN_MS, MOVES_BPS = 30_000, 5
MARGIN = 0.2
WITHOUT = {
    Need.ACK: (("extended", "lighter"), ("acked_mute",)),
    Need.TOPICS: (("extended",), ("topic_mute",)),
    Need.CHAIN: (("hyperliquid", "paradex"), ("seq_gap",)),
    Need.NUMBERS: (("hyperliquid",), ("seq_backwards", "seq_reset")),
    Need.TEXT: (("paradex",), ("text_numbers",)),
    Need.MARKET_ERROR: (("aster",), ("unknown_market",)),
    Need.RATE_ERROR: (("aster", "extended", "paradex"), ("rate_limited",)),
    Need.BRIDGE: (
        ("extended", "hyperliquid", "lighter", "paradex"),
        ("stale_snapshot", "snapshot_http", "snapshot_timeout", "snapshot_garbage"),
    ),
}
"""What venues lack, and the faults that need it."""

NOT_APPLICABLE = {
    (venue, kind): need for need, (without, kinds) in WITHOUT.items() for venue in without for kind in kinds
}
"""Cells without a mechanism, each with its reason."""

AGE_LIMITS_MS = {"age_apply_ms.p95": 10_000, "age_event_ms.p95": 12_000}
"""Limits of the gate `frontier` that a silence of some seconds can exceed in a run of some minutes."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], SquareRun]:
    """Return the function of the runs; each run is simulated when first requested."""
    folder = tmp_path_factory.mktemp("square")
    return cache(lambda number: simulate_square_run(number, folder))


pytestmark = pytest.mark.sampled
RUNS = some(range(len(SQUARE_ROWS)), len(VENUES))
"""The runs of the square that are made: all of them, or as many as have each fault at one venue at least."""


@pytest.fixture(scope="module", params=RUNS, ids=lambda number: f"run {number}")
def run(request: pytest.FixtureRequest, runs: Callable[[int], SquareRun]) -> SquareRun:
    """Return one run of the square."""
    return runs(request.param)


def test_each_pair_of_fault_and_venue_occurs_once() -> None:
    every = [(cell.venue, cell.row.name) for cells in latin_square() for cell in cells]
    assert Counter(every) == Counter({(venue, row.name): 1 for venue in VENUES for row in SQUARE_ROWS})


def test_the_runs_that_are_made_have_each_fault_and_each_venue() -> None:
    made = [cell for number, cells in enumerate(latin_square()) if number in RUNS for cell in cells]
    assert {cell.row.name for cell in made} == {row.name for row in SQUARE_ROWS}
    assert {cell.venue for cell in made} == set(VENUES)


def test_only_these_faults_are_not_applicable() -> None:
    not_applicable = {
        (cell.venue, cell.fault.kind): cell.missing_need
        for cells in latin_square()
        for cell in cells
        if cell.missing_need
    }
    assert not_applicable == NOT_APPLICABLE


def test_each_planned_fault_occurred_at_its_time(run: SquareRun) -> None:
    for cell in run.cells:
        started = [
            (row["kind"], row["t_unix_ms"] - START_UNIX_MS) for row in run.truth(cell.venue).events("fault_start")
        ]
        assert started == ([] if cell.missing_need else [(cell.fault.kind, cell.starts_ms)])


# --- the connectors ---------------------------------------------------------------------------------------------------


def test_no_wrong_book_is_published_and_the_last_book_is_true(run: SquareRun) -> None:
    for cell in run.cells:
        simulation = run.simulations[cell.venue]
        assert simulation.record.wrong_books_ms == []
        assert simulation.record.books > 50
        assert simulation.has_true_book, cell
        assert run.telemetry[-1]["venue_status"] == ["Healthy"] * len(VENUES)


def test_no_book_is_lost_between_the_connectors_and_the_runner(run: SquareRun) -> None:
    received = [record["market_rx_stats"] for record in run.telemetry]
    published = sum(simulation.record.books for simulation in run.simulations.values())
    assert sum(each["l2_delta"] + each["l2_snapshot"] for each in received) == published
    burst = any(cell.fault.kind == "burst" for cell in run.cells)
    assert bool(run.figures["run.publisher.lossless_wait"]) == burst


def test_a_fault_is_recognised_within_its_limit(run: SquareRun) -> None:
    for cell in run.cells:
        expects = cell.fault.expects
        if expects.reason is None or cell.missing_need:
            continue
        assert 0 < recognition_times_ms(run, cell)[0] <= expects.within_ms(run.simulations[cell.venue].machine.limits)


def test_each_silence_is_classified_as_its_kind(run: SquareRun) -> None:
    for cell in run.cells:
        silences = {
            row["fields"]["silence"] for row in run.events if row["venue"] == cell.venue and "silence" in row["fields"]
        }
        expected = cell.fault.expects.silence_at(acks=protocols()[cell.venue].acks)
        assert silences == (set() if cell.missing_need else {expected} - {None})


# --- the analysis -----------------------------------------------------------------------------------------------------


def test_connects_and_failures_agree_with_the_truth(run: SquareRun) -> None:
    for cell in run.cells:
        truth, venue = run.truth(cell.venue), cell.venue
        accepted, refused = len(truth.events("accept")), len(truth.events("door"))
        assert run.figures[f"{venue}.connects"] == accepted > 0
        assert run.figures[f"{venue}.reconnects"] == accepted - 1
        assert run.figures[f"{venue}.connect_failures"] == refused
        assert run.figures_of(venue, "connect_failures") == (
            {str(cell.fault.expects.reason): refused} if refused else {}
        )


def test_every_disconnect_has_the_reason_of_the_venue_or_of_the_fault(run: SquareRun) -> None:
    for cell in run.cells:
        expected = run.truth(cell.venue).disconnects(None if resyncs(cell) else cell.fault.expects.reason)
        assert run.figures_of(cell.venue, "disconnects") == expected
        assert run.figures_of(cell.venue, "reconnects") == expected


def test_a_resync_is_counted_once_and_not_as_a_reconnect(run: SquareRun) -> None:
    for cell in run.cells:
        expected = {str(cell.fault.expects.reason): 1} if resyncs(cell) and not cell.missing_need else {}
        assert run.figures_of(cell.venue, "resyncs") == expected
        assert len(run.episodes(cell.venue, "resync")) == sum(expected.values())


def test_each_reconnect_has_the_time_of_the_truth(run: SquareRun) -> None:
    for cell in run.cells:
        truth, client_reason = run.truth(cell.venue), cell.fault.expects.reason
        reconnects = [(each.from_ms, each.reason) for each in run.episodes(cell.venue, "reconnect")]
        # The notice of an end travels one way: from the venue to the client, or from the client to the venue.
        expected = [
            (at_ms + (LATENCY_MS if reason else -LATENCY_MS), reason or client_reason) for at_ms, reason in truth.ends
        ]
        assert reconnects == expected


def test_outages_are_exactly_the_intervals_without_a_book_beyond_the_limit(
    run: SquareRun,
) -> None:
    for cell in run.cells:
        limit_ms = venues()[cell.venue].fresh_ms
        episodes = run.episodes(cell.venue, "outage")
        expected = stale_intervals(run.ages(cell.venue), limit_ms)
        assert len(episodes) == len(expected), cell
        for each, (from_ms, to_ms) in zip(episodes, expected, strict=True):
            assert each.from_ms is not None and each.to_ms is not None
            # An outage begins at the last fresh tick.
            assert 0 < from_ms - each.from_ms <= TICK_MS
            assert 0 <= each.to_ms - to_ms <= RECOVERY_MS


def test_ages_agree_with_the_frames_of_the_truth(run: SquareRun) -> None:
    for cell in run.cells:
        ages = [age for _, age in run.ages(cell.venue)]
        for figure, true_age_ms in (("p95", percentile(ages, 0.95)), ("max", max(ages))):
            assert 0 <= run.figures[f"{cell.venue}.age_apply_ms.{figure}"] - true_age_ms <= RECOVERY_MS, (cell, figure)


def test_plateaus_agree_with_the_silences_of_the_truth(run: SquareRun) -> None:
    for cell in run.cells:
        ages = run.ages(cell.venue)
        assert run.figures[f"{cell.venue}.plateau_10s.count"] == len(stale_intervals(ages, 10_000))
        assert run.figures[f"{cell.venue}.plateau_30s.count"] == 0


def test_a_frozen_book_is_found_if_the_other_venues_show_that_the_market_moved(run: SquareRun) -> None:
    for cell in run.cells:
        episodes = run.episodes(cell.venue, "frozen_mid")
        if cell.fault.kind != "frozen_book":
            assert episodes == []
            continue
        starts_ms = START_UNIX_MS + cell.starts_ms
        interval = starts_ms, starts_ms + max(FROZEN_MS, cell.ends_ms - cell.starts_ms)
        moved = sorted(mid_range_bps(run.truth(other).books, interval) for other in VENUES if other != cell.venue)
        if abs(moved[-2] / MOVES_BPS - 1) > MARGIN:
            assert len(episodes) == (moved[-2] > MOVES_BPS), moved
        for each in episodes:
            assert each.from_ms is not None and each.to_ms is not None
            assert abs(each.from_ms - interval[0]) <= 2 * TICK_MS and each.to_ms <= interval[1] + TICK_MS


def test_no_other_episode_or_finding_is_reported(run: SquareRun) -> None:
    known = {"outage", "reconnect", "resync", "plateau", "frozen_mid", "one_sided", "crossed", "locked", "off_market"}
    assert {each.kind for each in run.analysis.episodes} <= known
    expected = {(code, cell.venue) for cell in run.cells for code in cell.row.findings}
    # A frozen book of a market that moves is off the market after a while.
    kinds = ("frozen_mid", "off_market")
    frozen = {(each.kind, each.venue) for each in run.analysis.episodes if each.kind in kinds}
    findings = {(each.code, each.venue) for each in run.analysis.findings}
    assert findings == expected | frozen


def test_a_flawed_book_is_marked_while_the_venue_shows_it(run: SquareRun) -> None:
    for cell in run.cells:
        marked = [
            (at_ms - START_UNIX_MS - cell.starts_ms, tuple(each["flaws"]))
            for at_ms, record in zip(run.ticks, run.telemetry, strict=True)
            for each in record["toolkit"]["venues"]
            if each["venue_id"] == cell.venue and "flaws" in each
        ]
        assert {flaws for _, flaws in marked} == ({(cell.row.flaw,)} if cell.row.flaw else set())
        if marked:
            lasts_ms, update_ms = cell.ends_ms - cell.starts_ms, protocols()[cell.venue].update_ms
            assert 0 < marked[0][0] <= update_ms + TICK_MS
            assert lasts_ms - TICK_MS <= marked[-1][0] <= lasts_ms + update_ms + TICK_MS


def test_an_event_age_that_is_not_of_the_venues_clock_is_marked_while_the_fault_lasts(run: SquareRun) -> None:
    for cell in run.cells:
        marked = [
            (at_ms - START_UNIX_MS - cell.starts_ms, each["event_time"])
            for at_ms, record in zip(run.ticks, run.telemetry, strict=True)
            for each in record["toolkit"]["venues"]
            if each["venue_id"] == cell.venue and "event_time" in each
        ]
        assert {mark for _, mark in marked} == ({cell.row.event_time} if cell.row.event_time else set())
        if marked:
            assert marked[0][0] > 0 and marked[-1][0] <= cell.ends_ms - cell.starts_ms + RECOVERY_MS


# --- the files --------------------------------------------------------------------------------------------------------


def test_every_line_of_every_file_is_used(run: SquareRun) -> None:
    assert all(each.lines == each.used > 0 for each in run.analysis.ledger)
    assert {each.file for each in run.analysis.ledger} == {each.name for each in run.out.iterdir()}


def test_every_record_satisfies_the_contract(run: SquareRun) -> None:
    check = FileCheck("telemetry.jsonl")
    for number, line in enumerate((run.out / "telemetry.jsonl").read_bytes().splitlines(), start=1):
        check.check_line(number, line)
    assert check.report().violations == ()


def test_the_run_is_complete_simulated_and_has_the_requested_duration(run: SquareRun) -> None:
    info = run.analysis.run
    assert (info.kind, info.simulated, info.lives, str(info.ended)) == ("toolkit", True, 1, "timeout")
    assert (info.started_ms, info.requested_ms, info.observed_ms) == (START_UNIX_MS, run.length_ms, run.length_ms)


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_the_gate_fails_only_for_the_effects_of_the_faults(run: SquareRun) -> None:
    failed = {row.figure for row in run.gate.rules if row.verdict not in (GateVerdict.PASS, GateVerdict.NOT_APPLICABLE)}
    certain, possible = set(), set()
    for cell in run.cells:
        true_age_ms = run.true_age_ms(cell.venue, 0.95)
        for figure, limit_ms in AGE_LIMITS_MS.items():
            certain |= {f"{cell.venue}.{figure}"} if true_age_ms > limit_ms else set()
            possible |= {f"{cell.venue}.{figure}"} if true_age_ms > limit_ms - RECOVERY_MS - TICK_MS else set()
    rejected = sum(each["mp_try_send_full_count"] for each in run.telemetry[-1]["toolkit"]["venues"])
    full = {"run.publisher.try_send_full"} if rejected else set()
    assert certain | full <= failed <= possible | full
    assert not rejected or "burst" in {cell.fault.kind for cell in run.cells}
    assert run.figures["run.publisher.try_send_full"] == rejected
    assert run.gate.verdict is (GateVerdict.FAIL if failed else GateVerdict.PASS)


# --- the document -----------------------------------------------------------------------------------------------------


def test_the_runbook_shows_the_current_table_except_for_digits(runs: Callable[[int], SquareRun]) -> None:
    runbook = (Path(__file__).parents[2] / "runbooks" / "faults.md").read_text(encoding="utf-8")
    rows = [line[2:-2].split(" | ") for line in runbook.splitlines() if line.startswith("| ")]
    head, shown = rows[0], {row[1]: row for row in rows[2 : len(SQUARE_ROWS) + 2]}
    assert list(shown) == [f"`{row.name}`" for row in SQUARE_ROWS]
    for number in RUNS:
        for cell in runs(number).cells:
            in_runbook = shown[f"`{cell.row.name}`"][head.index(cell.venue)]
            assert _without_digits(in_runbook) == _without_digits(describe_cell(runs(number), cell)), cell


def _without_digits(text: str) -> str:
    return re.sub(r"[0-9.]+", "#", text)
