"""A run directory of ours under the rules that the producer's own tools apply to one: soak report, analyzer, verifier.

The rules are written here anew, from what those tools check, and know nothing of the toolkit's readers.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.end_to_end.process import VENUES, Left
from toolkit.model.vocabulary import ReconnectReason as Reason

GATED = (Reason.STALE_WATCHDOG, Reason.READ_TIMEOUT, Reason.PING_SEND_FAIL, Reason.SESSION_TIMEOUT)
STATUSES = {"Healthy", "Stale", "Disabled"}

VENUE_LISTS = (
    "venue_status",
    "venue_age_ms",
    "venue_age_event_ms",
    "venue_mid_usd",
    "venue_spread_usd",
    "venue_depth_near_mid_usd",
    "venue_toxicity",
    "venue_position_tao",
    "venue_funding_8h",
    "venue_funding_age_ms",
    "venue_funding_status",
    "venue_funding_settlement_price_kind",
)
"""What the analyzers read by a venue's index."""

TYPES: dict[str, type | tuple[type, ...]] = {
    "schema_version": int,
    "t": int,
    "pnl_realised": float,
    "pnl_unrealised": float,
    "pnl_total": float,
    "risk_regime": str,
    "kill_switch": bool,
    "kill_reason": str,
    "q_global_tao": float,
    "dollar_delta_usd": float,
    "basis_usd": float,
    "fv_available": bool,
    "fair_value": (float, type(None)),
    "healthy_venues_used": list,
    "healthy_venues_used_count": int,
    "would_send_orders": list,
    "would_send_orders_count": int,
    "quote_levels": list,
    "orders": list,
    "fills": list,
    "exits": list,
    "hedges": list,
    "tick_timing": dict,
}
"""The contract's required fields and what the analyzer's sections need beside them."""

TIMING = ("total_us", "event_drain_us", "engine_us", "submit_us", "reconcile_us", "order_tx_pending")
LATE = ("fair_value",)
"""Fields that may be null, before the first book."""


def log(left: Left) -> list[str]:
    return (left.out / "run.log").read_text(encoding="utf-8").splitlines()


def numbers(value: Any) -> list[float]:
    """Every number in a JSON value."""
    match value:
        case dict():
            return [each for inner in value.values() for each in numbers(inner)]
        case list():
            return [each for inner in value for each in numbers(inner)]
        case bool() | str() | None:
            return []
    return [value]


# --- the verifier of a live shadow directory --------------------------------------------------------------------------


@pytest.mark.parametrize("milestone", ["APPLIED_BOOK", "FIRST_BOOK_UPDATE"])
def test_the_log_has_each_milestone_exactly_once_a_venue(any_smoke: Left, milestone: str) -> None:
    venues = [line.split("venue=")[1].split()[0] for line in log(any_smoke) if line.startswith(f"{milestone} venue=")]
    assert sorted(venues) == sorted(VENUES)


def test_an_applied_book_names_the_index_that_the_telemetry_has_for_its_venue(quiet: Left) -> None:
    said = [re.match(r"APPLIED_BOOK venue=(\w+) venue_index=(\d+) ", line) for line in log(quiet)]
    map_of_log = {found[1]: int(found[2]) for found in said if found}
    for record in quiet.telemetry:
        told = record["treasury_guidance"]["venues"]
        assert {each["venue_id"]: each["venue_index"] for each in told} == map_of_log


def test_every_record_has_five_of_each_venue_field(any_smoke: Left) -> None:
    assert {len(record[name]) for record in any_smoke.telemetry for name in VENUE_LISTS} == {len(VENUES)}


def test_the_healthy_venues_used_are_those_with_status_healthy_and_a_known_age(any_smoke: Left) -> None:
    for record in any_smoke.telemetry:
        pairs = zip(record["venue_status"], record["venue_age_ms"], strict=True)
        healthy = [index for index, (status, age_ms) in enumerate(pairs) if status == "Healthy" and age_ms >= 0]
        assert record["healthy_venues_used"] == healthy
        assert record["healthy_venues_used_count"] == len(healthy)


def test_ages_are_milliseconds_or_minus_one_where_nothing_came_yet(any_smoke: Left) -> None:
    for name in ("venue_age_ms", "venue_age_event_ms"):
        assert all(type(age) is int and age >= -1 for record in any_smoke.telemetry for age in record[name])
        assert min(any_smoke.telemetry[-1][name]) >= 0


# --- the contract check -----------------------------------------------------------------------------------------------


def test_every_record_has_the_fields_of_the_contract_and_of_the_analyzer_in_their_types(any_smoke: Left) -> None:
    for record in any_smoke.telemetry:
        wrong = [name for name, kind in TYPES.items() if not isinstance(record.get(name, ...), kind)]
        assert wrong == []
        assert [name for name, value in record.items() if value is None and name not in LATE] == []
        assert record["schema_version"] == 1
        assert record["risk_regime"] in {"Normal", "Warning", "HardLimit"}
        assert set(record["venue_status"]) <= STATUSES


def test_every_number_is_finite_and_ticks_increase_by_one(any_smoke: Left) -> None:
    assert all(math.isfinite(number) for record in any_smoke.telemetry for number in numbers(record))
    assert [record["t"] for record in any_smoke.telemetry] == list(range(len(any_smoke.telemetry)))


def test_the_toolkits_own_contract_check_finds_nothing(any_smoke: Left) -> None:
    argv = [sys.executable, "-m", "toolkit", "validate", str(any_smoke.out), "--format", "json", "--quiet"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# --- the telemetry analyzer -------------------------------------------------------------------------------------------


def test_each_tick_says_how_its_time_was_spent(quiet: Left) -> None:
    timings = [record["tick_timing"] for record in quiet.telemetry]
    assert all(type(timing[name]) is int and timing[name] >= 0 for timing in timings for name in TIMING)
    assert all(timing["total_us"] >= timing["engine_us"] >= timing["event_drain_us"] for timing in timings)
    assert any(timing["total_us"] > 0 for timing in timings)


def test_no_mid_jumps_and_no_venue_is_far_from_the_others_on_a_quiet_day(quiet: Left) -> None:
    mids = [[mid for mid in record["venue_mid_usd"] if mid > 0] for record in quiet.telemetry]
    assert max(max(row) - min(row) for row in mids if row) < 5
    for index in range(len(VENUES)):
        known = [record["venue_mid_usd"][index] for record in quiet.telemetry if record["venue_mid_usd"][index] > 0]
        assert max(abs(b / a - 1) * 10_000 for a, b in pairwise(known)) < 50


def test_nothing_that_a_shadow_run_cannot_have_is_in_it(any_smoke: Left) -> None:
    empty = ("orders", "fills", "exits", "hedges", "would_send_orders", "quote_levels")
    assert all(record[name] == [] for record in any_smoke.telemetry for name in empty)
    assert {record["kill_switch"] for record in any_smoke.telemetry} == {False}
    assert {record["execution_mode"] for record in any_smoke.telemetry} == {"shadow"}


# --- the soak report --------------------------------------------------------------------------------------------------


def audited(left: Left) -> dict[tuple[str, str], int]:
    """Its count of reconnects: the highest that an audit line gives, by venue and reason."""
    highest: Counter[tuple[str, str]] = Counter()
    for line in log(left):
        if line.startswith("WS_AUDIT"):
            keys = dict(part.split("=", 1) for part in line.split() if "=" in part)
            if "reconnect_reason" in keys:
                each = keys["venue"], keys["reconnect_reason"]
                highest[each] = max(highest[each], int(keys["count"]))
    return dict(highest)


def test_its_count_of_audit_lines_is_our_count_of_ended_attempts_and_sessions(any_smoke: Left) -> None:
    ours = {
        (venue, reason.value): count
        for venue in VENUES
        for reason in Reason
        if (count := any_smoke.value(f"{venue}.disconnects.{reason}")) or (count := failed(any_smoke, venue, reason))
    }
    assert audited(any_smoke) == ours


def failed(left: Left, venue: str, reason: Reason) -> int:
    figure = left.analysis.figure(f"{venue}.connect_failures.{reason}")
    return int(figure.value or 0) if figure is not None else 0


def test_the_reasons_that_its_gate_holds_are_told_once_in_words_that_it_counts(dozen: Left, mute: Left) -> None:
    for left in (dozen, mute):
        rows = {row.name: row for row in left.analysis.compat if row.tool.startswith("ws_soak_report")}
        for venue in VENUES:
            for reason in GATED:
                if (row := rows.get(f"reconnects {venue} {reason}")) is not None:
                    assert int(str(row.upstream)) == left.value(f"{venue}.reconnects.{reason}")


def test_it_finds_a_line_of_market_statistics_for_every_tick_and_no_cap_hit(any_smoke: Left) -> None:
    lines = (any_smoke.out / "market_rx_stats.log").read_text(encoding="utf-8").splitlines()
    keys = [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]
    assert [int(each["tick"]) for each in keys] == [record["t"] for record in any_smoke.telemetry]
    assert {each["cap_hits"] for each in keys} == {"0"}


def test_what_a_tick_says_it_drained_is_the_same_in_both_files(quiet: Left) -> None:
    lines = (quiet.out / "market_rx_stats.log").read_text(encoding="utf-8").splitlines()
    drained = [int(found[1]) for line in lines if (found := re.search(r" raw_drained=(\d+) ", line))]
    assert drained == [record["market_rx_stats"]["drained"] for record in quiet.telemetry]
    assert sum(drained) > 0


def test_its_gate_passes_the_quiet_run_and_fails_the_one_with_a_mute_venue(quiet: Left, mute: Left) -> None:
    def gate(left: Left) -> str:
        return next(str(row.upstream) for row in left.analysis.compat if row.name == "gate")

    assert gate(quiet) == "PASS"
    assert gate(mute) == "FAIL"


def test_every_line_of_its_input_is_whole_json(any_smoke: Left) -> None:
    text = (any_smoke.out / "telemetry.jsonl").read_bytes()
    assert text.endswith(b"\n")
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())
