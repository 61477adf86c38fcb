"""Known faults of the producer's own tools: for each a small run, their number, our number, and the true one.

The numbers of the soak report come from the compat rows. The rules of the other tools are implemented in each case.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import sampled
from tests.upstream.made_run import age_records, analyzed_run, lines, record, row, rx, startup_line, upstream, value
from toolkit.analysis.metrics import catalogue, matches
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.gates import GateRule
from toolkit.model.runs import RunAnalysis
from toolkit.streams.blocks import blocks

Numbers = tuple[object, object]
"""The tool's number and ours."""

FIVE = ("extended", "hyperliquid", "aster", "lighter", "paradex")
CONNECTED = [
    "INFO: {} public WS connecting url=ws://127.0.0.1:9/ws",
    "INFO: {} public WS connected url=ws://127.0.0.1:9/ws",
    "INFO: {} public WS first message received",
]


def connected(venue: str) -> list[str]:
    return [line.format(venue) for line in CONNECTED]


def ours(analysis: RunAnalysis, figure: str) -> object:
    """Return our figure; skip the case if the catalogue does not have the figure."""
    if not any(matches(spec.name, figure) for spec in catalogue()):
        pytest.skip(f"the catalogue has no {figure}")
    return value(analysis, figure)


def two_lines_of_one_event(folder: Path) -> Numbers:
    def watchdog(count: int) -> list[str]:
        return [
            f"WS_AUDIT venue=hyperliquid reconnect_reason=stale_watchdog count={count}",
            "WARN: Hyperliquid public WS watchdog: no publishable book update for 10000ms — reconnecting",
            "INFO: Hyperliquid public WS error (consecutive_failures=1): Hyperliquid public WS stale",
            *connected("Hyperliquid"),
        ]

    log = [startup_line("hyperliquid"), *connected("Hyperliquid"), *watchdog(1), *watchdog(2)]
    analysis = analyzed_run(folder, lines(age_records(0, 0, venues=("hyperliquid",))), log, rx([0]))
    failed = "reconnect threshold exceeded for venue 'hyperliquid', reason 'stale_watchdog' (combined=4 > 3)"
    assert upstream(analysis, "gate reconnects hyperliquid stale_watchdog") == failed
    compat_row = row(analysis, "reconnects hyperliquid stale_watchdog")
    return compat_row.upstream, compat_row.ours


def counts_of_each_interval(folder: Path) -> Numbers:
    periodic = (
        "WS_AUDIT component=market_publisher reason=periodic interval_ms=1000 queue_cap=256 drain_max=64 queued_len=0"
        " queued_hiwater=3 pending_latest_present=0 pending_overwrite=0 mp_pending_latest_replaced_count=0"
        " lossless_send_count=41 lossless_send_wait_ms_max=0 try_send_ok=1 try_send_full=5 mp_try_send_full_count=5"
        " out_send_ok=42 out_send_err=0 emit_since_ms=1003 venue=all"
    )
    analysis = analyzed_run(folder, lines(age_records(0, 0)), [startup_line("lighter"), *[periodic] * 3])
    compat_row = row(analysis, "publisher mp_try_send_full_count")
    return compat_row.upstream, compat_row.ours


def cap_hits_of_each_tick(folder: Path) -> Numbers:
    compat_row = row(
        analyzed_run(folder, lines(age_records(0, 0)), [startup_line("lighter")], rx([1, 1, 1, 1])),
        "cap_hits estimated total",
    )
    return compat_row.upstream, compat_row.ours


def nothing_at_all(folder: Path) -> Numbers:
    analysis = analyzed_run(folder, "", ["INFO: Lighter resolving market id attempt url=http://127.0.0.1:9/api"], "")
    gate = load_gate("frontier", catalogue())
    return upstream(analysis, "gate"), evaluate(gate.rules, analysis, never_seen=gate.never_seen).verdict


def a_torn_last_line(folder: Path) -> Numbers:
    analysis = analyzed_run(folder, lines(age_records(0, 0, 250)) + '{"t":3,"venue_age', [startup_line("lighter")])
    compat_row = row(analysis, "telemetry rows")
    return compat_row.upstream, compat_row.ours


def a_venue_silent_for_half_the_run(folder: Path) -> Numbers:
    analysis = analyzed_run(folder, lines(age_records(-1, -1, -1, 0, 0, 0)), [startup_line("lighter")])
    return upstream(analysis, "ages lighter apply_p99"), value(analysis, "lighter.age_apply_unknown.share")


def books_that_only_rest_brings(folder: Path) -> Numbers:
    audit = (
        "WS_AUDIT subsystem=rest_monitor venue=lighter rest_check_count={0} rest_attempt_count={1}"
        " rest_success_count={1} rest_fail_count=0 rest_inject_count={1} age_ms=20250 threshold_ms=20000"
    )
    alive_then_dead = [0] * 2_600 + [age for _ in range(3) for age in range(0, 20_250, 250)]
    log = [startup_line("lighter"), *connected("Lighter"), *(audit.format(4 * n, n) for n in (1, 2, 3))]
    analysis = analyzed_run(folder, lines(age_records(*alive_then_dead)), log, rx([0]))
    assert upstream(analysis, "gate") == "PASS"
    injection_rows = [each.name for each in analysis.compat if "inject" in each.name]
    return len(injection_rows), value(analysis, "lighter.rest.injections")


def a_subset_of_the_connectors(folder: Path) -> Numbers:
    stale = [
        record(t, venues=("paradex", "lighter"), venue_age_ms=[9_000, 0], venue_age_event_ms=[9_000, 0]) for t in (0, 1)
    ]
    analysis = analyzed_run(folder, lines(stale), [startup_line("paradex", "lighter")])
    index = stale[0]["venue_age_ms"].index(9_000)
    slow = [venue for venue in analysis.run.venues if value(analysis, f"{venue}.age_apply_ms.p95") == 9_000]
    return FIVE[index], slow[0]


def four_records_a_second(folder: Path) -> Numbers:
    statuses = ["Healthy"] * 10 + ["Stale"] * 10 + ["Healthy"] * 10 + ["Stale"] * 5 + ["Healthy"] * 6
    records = [record(t, venue_status=[status]) for t, status in enumerate(statuses)]
    analysis = analyzed_run(folder, lines(records), [startup_line("lighter")])
    flips = sum(one != other for one, other in pairwise(statuses))
    hours = float(str(value(analysis, "run.span_ms"))) / 3_600_000
    return round(flips / (len(records) / 3_600)), round(float(str(value(analysis, "lighter.status_flips"))) / hours)


def a_profit_that_was_lost_again(folder: Path) -> Numbers:
    series = [0.0, 12.5, 40.0, -3.0]
    analysis = analyzed_run(
        folder, lines([record(t, pnl_total=pnl) for t, pnl in enumerate(series)]), [startup_line("lighter")]
    )
    sorted_in_place = sorted(series)
    return sorted_in_place[-1], ours(analysis, "run.pnl_total.final")


def a_file_larger_than_memory_should_hold(folder: Path) -> Numbers:
    line = b"x" * 1_023 + b"\n"
    text = line * 64
    return len(text), max(len(block.data) for block in blocks(io.BytesIO(text), size=4_096))


def phases_measured_from_the_start_of_the_tick(folder: Path) -> Numbers:
    timing = {"reconcile_us": 0, "event_drain_us": 900, "engine_us": 1_000, "submit_us": 0, "total_us": 1_000}
    analysis = analyzed_run(folder, lines([record(t, tick_timing=timing) for t in range(3)]), [startup_line("lighter")])
    return timing["engine_us"], ours(analysis, "run.phase.engine_us.p99")


def more_anomalies_than_a_list_may_hold(folder: Path) -> Numbers:
    records = [record(t, kill_switch=True) for t in range(5_001)]
    analysis = analyzed_run(folder, lines(records), [startup_line("lighter")])
    return len([each for each in records if each["kill_switch"]][:5_000]), ours(analysis, "run.anomalies.total")


def a_restart_where_five_first_books_are_asked_for(folder: Path) -> Numbers:
    life = [startup_line(*FIVE)]
    for index, venue in enumerate(FIVE):
        life += [*connected(venue.capitalize()), f"FIRST_BOOK_UPDATE venue={venue} symbol=ETH mid=1.0 spread=0.1 ts=1"]
        life += [f"APPLIED_BOOK venue={venue} venue_index={index} mid=1.0 spread=0.1 depth_usd=1.0"]
    analysis = analyzed_run(folder, None, [*life, *life])
    assert analysis.run.lives == 2
    first_books = sum("FIRST_BOOK_UPDATE venue=" in line for line in [*life, *life])
    return first_books, sum(value(analysis, f"{venue}.connects") == 2 for venue in FIVE)


def a_freeze_warning_without_the_word_audit(folder: Path) -> Numbers:
    warning = "WARN: Extended core book update frozen: mid jump"
    log = [startup_line("extended"), *connected("Extended"), warning]
    analysis = analyzed_run(folder, lines(age_records(0, 0, venues=("extended",))), log)
    counted = "WS_AUDIT" in warning and "core book update frozen" in warning
    return int(counted), value(analysis, "extended.core_freezes")


def the_same_limit_for_ten_minutes_and_for_ninety(folder: Path) -> Numbers:
    rule = GateRule("*.reconnects.read_timeout", max=1, per_10_min=True)
    timed_out = "WARN: Lighter public WS read timeout (30s) — no frame received, reconnecting"
    theirs, verdicts = [], []
    for minutes in (10, 90):
        log = [startup_line("lighter"), *connected("Lighter")]
        for count in (1, 2, 3):
            log += [
                f"WS_AUDIT venue=lighter reconnect_reason=read_timeout count={count}",
                timed_out,
                *connected("Lighter"),
            ]
        records = age_records(*[0] * (minutes + 1), step_ms=60_000)
        analysis = analyzed_run(folder / str(minutes), lines(records), log, rx([0]))
        assert value(analysis, "lighter.reconnects") == 3
        theirs.append(str(upstream(analysis, "gate")))
        verdicts.append(str(evaluate([rule], analysis).verdict))
    return theirs, verdicts


def counts_that_begin_again_with_the_process(folder: Path) -> Numbers:
    audit = "WS_AUDIT venue=aster reconnect_reason=read_timeout count={}"
    log = [audit.format(count) for count in (1, 2, 3, 1)]
    compat_row = row(
        analyzed_run(folder, lines(age_records(0, 0, venues=("aster",))), log), "reconnects aster read_timeout"
    )
    return compat_row.upstream, compat_row.ours


def ages_of_the_vintage_before_apply_ages(folder: Path) -> Numbers:
    analysis = analyzed_run(folder, lines([record(t, venue_age_ms=[480]) for t in range(4)]), [startup_line("lighter")])
    compat_row = row(analysis, "ages lighter apply_p95")
    assert value(analysis, "lighter.age_event_ms.p95") == 480
    return compat_row.upstream, compat_row.ours


def endings_that_match_no_words(folder: Path) -> Numbers:
    closed = 'Lighter public WS closed frame=Some(CloseFrame { code: Normal, reason: "idle" })'
    log = [startup_line("lighter"), *connected("Lighter"), closed, *connected("Lighter"), closed, *connected("Lighter")]
    compat_row = row(analyzed_run(folder, lines(age_records(0, 0)), log), "reconnects lighter ws_closed")
    return compat_row.upstream, compat_row.ours


FAULTS: list[tuple[str, Callable[[Path], Numbers], Any, Any]] = [
    ("1 an event is counted in its audit line and in its log line", two_lines_of_one_event, 4, 2),
    ("2 counts of each interval are read as a total", counts_of_each_interval, 5, 15),
    ("3 counts of each tick are read as a total", cap_hits_of_each_tick, 1, 4),
    ("4 an empty run passes", nothing_at_all, "PASS", "INCONCLUSIVE"),
    ("5 a torn last line leaves no report", a_torn_last_line, "no report (exit 2)", 3),
    ("6 a venue without a book looks fresh", a_venue_silent_for_half_the_run, 0.0, 0.5),
    ("7 REST hides a dead socket", books_that_only_rest_brings, 0, 3),
    ("8 venues are named by position", a_subset_of_the_connectors, "extended", "paradex"),
    ("9 each record is taken for one second", four_records_a_second, 351, 1_440),
    ("10 the final profit is shown as the largest", a_profit_that_was_lost_again, 40.0, -3.0),
    ("11 the whole file is kept in memory", a_file_larger_than_memory_should_hold, 65_536, 4_096),
    (
        "12 phases that include earlier ones are read as separate",
        phases_measured_from_the_start_of_the_tick,
        1_000,
        100,
    ),
    ("13 anomalies are cut at five thousand", more_anomalies_than_a_list_may_hold, 5_000, 5_001),
    ("14 first books of a restart are counted again", a_restart_where_five_first_books_are_asked_for, 10, 5),
    ("15 a freeze warning is not counted", a_freeze_warning_without_the_word_audit, 0, 1),
    (
        "16 limits ignore the length of the run",
        the_same_limit_for_ten_minutes_and_for_ninety,
        ["PASS", "PASS"],
        ["FAIL", "PASS"],
    ),
    ("17 a restart hides earlier counts", counts_that_begin_again_with_the_process, 3, 4),
    ("18 event ages are shown as apply ages", ages_of_the_vintage_before_apply_ages, 480.0, None),
    ("19 endings without a signature are not counted", endings_that_match_no_words, 0, 2),
]


@sampled(
    ("build", "theirs", "truth"),
    [pytest.param(*each[1:], id=each[0]) for each in FAULTS],
    2,
)
def test_the_number_of_the_tool_is_wrong_and_ours_is_true(
    tmp_path: Path, build: Callable[[Path], Numbers], theirs: object, truth: object
) -> None:
    upstream_number, our_number = build(tmp_path)
    assert upstream_number == theirs
    assert theirs != truth
    assert our_number == truth
