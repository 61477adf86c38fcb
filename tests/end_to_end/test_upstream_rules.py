"""Tests of our run directories against the rules of the producer's own tools: soak report, analyzer, verifier.

The rules are implemented here independently of the toolkit's readers, from what those tools check.
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

from tests.end_to_end.process import VENUES, SmokeResult
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
"""Fields that the analyzers read by venue index."""

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
"""The required fields of the contract, and the fields that the sections of the analyzer need."""

TIMING = ("total_us", "event_drain_us", "engine_us", "submit_us", "reconcile_us", "order_tx_pending")
NULL_BEFORE_FIRST_BOOK = ("fair_value",)
"""Fields that may be null before the first book."""


def log_lines(result: SmokeResult) -> list[str]:
    return (result.out / "run.log").read_text(encoding="utf-8").splitlines()


def numbers(value: Any) -> list[float]:
    """Return every number in a JSON value."""
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
def test_the_log_has_each_milestone_once_per_venue(any_smoke: SmokeResult, milestone: str) -> None:
    venues = [
        line.split("venue=")[1].split()[0] for line in log_lines(any_smoke) if line.startswith(f"{milestone} venue=")
    ]
    assert sorted(venues) == sorted(VENUES)


def test_the_venue_index_in_the_log_is_that_of_the_telemetry(quiet: SmokeResult) -> None:
    matches = [re.match(r"APPLIED_BOOK venue=(\w+) venue_index=(\d+) ", line) for line in log_lines(quiet)]
    index_in_log = {found[1]: int(found[2]) for found in matches if found}
    for record in quiet.telemetry:
        listed = record["treasury_guidance"]["venues"]
        assert {each["venue_id"]: each["venue_index"] for each in listed} == index_in_log


def test_every_venue_field_has_five_values_in_every_record(any_smoke: SmokeResult) -> None:
    assert {len(record[name]) for record in any_smoke.telemetry for name in VENUE_LISTS} == {len(VENUES)}


def test_the_healthy_venues_used_have_status_healthy_and_a_known_age(any_smoke: SmokeResult) -> None:
    for record in any_smoke.telemetry:
        pairs = zip(record["venue_status"], record["venue_age_ms"], strict=True)
        healthy = [index for index, (status, age_ms) in enumerate(pairs) if status == "Healthy" and age_ms >= 0]
        assert record["healthy_venues_used"] == healthy
        assert record["healthy_venues_used_count"] == len(healthy)


def test_ages_are_milliseconds_or_minus_one_before_the_first_book(any_smoke: SmokeResult) -> None:
    for name in ("venue_age_ms", "venue_age_event_ms"):
        assert all(type(age) is int and age >= -1 for record in any_smoke.telemetry for age in record[name])
        assert min(any_smoke.telemetry[-1][name]) >= 0


# --- the contract check -----------------------------------------------------------------------------------------------


def test_every_record_has_the_required_fields_with_their_types(any_smoke: SmokeResult) -> None:
    for record in any_smoke.telemetry:
        wrong = [name for name, kind in TYPES.items() if not isinstance(record.get(name, ...), kind)]
        assert wrong == []
        assert [name for name, value in record.items() if value is None and name not in NULL_BEFORE_FIRST_BOOK] == []
        assert record["schema_version"] == 1
        assert record["risk_regime"] in {"Normal", "Warning", "HardLimit"}
        assert set(record["venue_status"]) <= STATUSES


def test_every_number_is_finite_and_ticks_increase_by_one(any_smoke: SmokeResult) -> None:
    assert all(math.isfinite(number) for record in any_smoke.telemetry for number in numbers(record))
    assert [record["t"] for record in any_smoke.telemetry] == list(range(len(any_smoke.telemetry)))


def test_the_contract_check_of_the_toolkit_finds_no_violation(any_smoke: SmokeResult) -> None:
    argv = [sys.executable, "-m", "toolkit", "validate", str(any_smoke.out), "--format", "json", "--quiet"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# --- the telemetry analyzer -------------------------------------------------------------------------------------------


def test_each_tick_has_consistent_timings(quiet: SmokeResult) -> None:
    timings = [record["tick_timing"] for record in quiet.telemetry]
    assert all(type(timing[name]) is int and timing[name] >= 0 for timing in timings for name in TIMING)
    assert all(timing["total_us"] >= timing["engine_us"] >= timing["event_drain_us"] for timing in timings)
    assert any(timing["total_us"] > 0 for timing in timings)


def test_mids_do_not_jump_and_agree_between_venues_in_a_quiet_run(quiet: SmokeResult) -> None:
    mids = [[mid for mid in record["venue_mid_usd"] if mid > 0] for record in quiet.telemetry]
    assert max(max(row) - min(row) for row in mids if row) < 5
    for index in range(len(VENUES)):
        known = [record["venue_mid_usd"][index] for record in quiet.telemetry if record["venue_mid_usd"][index] > 0]
        assert max(abs(b / a - 1) * 10_000 for a, b in pairwise(known)) < 50


def test_a_shadow_run_has_no_orders_fills_or_kill_switch(any_smoke: SmokeResult) -> None:
    empty = ("orders", "fills", "exits", "hedges", "would_send_orders", "quote_levels")
    assert all(record[name] == [] for record in any_smoke.telemetry for name in empty)
    assert {record["kill_switch"] for record in any_smoke.telemetry} == {False}
    assert {record["execution_mode"] for record in any_smoke.telemetry} == {"shadow"}


# --- the soak report --------------------------------------------------------------------------------------------------


def audit_counts(result: SmokeResult) -> dict[tuple[str, str], int]:
    """Return the soak report's reconnect counts: the highest count in an audit line, by venue and reason."""
    highest: Counter[tuple[str, str]] = Counter()
    for line in log_lines(result):
        if line.startswith("WS_AUDIT"):
            keys = dict(part.split("=", 1) for part in line.split() if "=" in part)
            if "reconnect_reason" in keys:
                key = keys["venue"], keys["reconnect_reason"]
                highest[key] = max(highest[key], int(keys["count"]))
    return dict(highest)


def test_the_soak_reports_counts_equal_our_disconnects_and_failures(any_smoke: SmokeResult) -> None:
    ours = {
        (venue, reason.value): count
        for venue in VENUES
        for reason in Reason
        if (count := any_smoke.value(f"{venue}.disconnects.{reason}"))
        or (count := connect_failures(any_smoke, venue, reason))
    }
    assert audit_counts(any_smoke) == ours


def connect_failures(result: SmokeResult, venue: str, reason: Reason) -> int:
    figure = result.analysis.figure(f"{venue}.connect_failures.{reason}")
    return int(figure.value or 0) if figure is not None else 0


def test_the_reasons_of_the_soak_reports_gate_are_counted_once(dozen: SmokeResult, mute: SmokeResult) -> None:
    for result in (dozen, mute):
        rows = {row.name: row for row in result.analysis.compat if row.tool.startswith("ws_soak_report")}
        for venue in VENUES:
            for reason in GATED:
                if (row := rows.get(f"reconnects {venue} {reason}")) is not None:
                    assert int(str(row.upstream)) == result.value(f"{venue}.reconnects.{reason}")


def test_every_tick_has_a_market_statistics_line_without_cap_hits(any_smoke: SmokeResult) -> None:
    lines = (any_smoke.out / "market_rx_stats.log").read_text(encoding="utf-8").splitlines()
    keys = [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]
    assert [int(each["tick"]) for each in keys] == [record["t"] for record in any_smoke.telemetry]
    assert {each["cap_hits"] for each in keys} == {"0"}


def test_the_drained_events_of_a_tick_are_equal_in_both_files(quiet: SmokeResult) -> None:
    lines = (quiet.out / "market_rx_stats.log").read_text(encoding="utf-8").splitlines()
    drained = [int(found[1]) for line in lines if (found := re.search(r" raw_drained=(\d+) ", line))]
    assert drained == [record["market_rx_stats"]["drained"] for record in quiet.telemetry]
    assert sum(drained) > 0


def test_the_soak_reports_gate_passes_the_quiet_run_and_fails_the_mute_run(
    quiet: SmokeResult, mute: SmokeResult
) -> None:
    def gate(result: SmokeResult) -> str:
        return next(str(row.upstream) for row in result.analysis.compat if row.name == "gate")

    assert gate(quiet) == "PASS"
    assert gate(mute) == "FAIL"


def test_every_telemetry_line_is_complete_json(any_smoke: SmokeResult) -> None:
    text = (any_smoke.out / "telemetry.jsonl").read_bytes()
    assert text.endswith(b"\n")
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())
