"""Tests of the contract check: every rule, every notice, and files cut at any byte."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.telemetry.contract import RULES, FileCheck, FileReport
from toolkit.telemetry.contract.fields import REQUIRED, ContractRecord

DATA = Path(__file__).parent.parent / "data" / "contract"
RESTART, TORN_TAIL = (gzip.decompress((DATA / f"{name}.jsonl.gz").read_bytes()) for name in ("restart", "torn_tail"))
RECORDED = json.loads(RESTART.split(b"\n")[0])
Record = dict[str, Any]


def records(count: int) -> list[Record]:
    """Records of one life from tick 0, a quarter of a second apart."""
    copies = []
    for t in range(count):
        record = copy.deepcopy(RECORDED)
        record["t"] = record["treasury_guidance"]["as_of_tick"] = t
        record["treasury_guidance"]["as_of_ms"] += 250 * t
        copies.append(record)
    return copies


def encode(items: list[Record]) -> bytes:
    return b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in items)


def check_file(data: bytes) -> FileReport:
    check = FileCheck("telemetry.jsonl")
    *lines, tail = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        check.check_line(number, line)
    if tail:
        check.check_line(len(lines) + 1, tail, last=True)
    return check.report()


def violations(report: FileReport) -> dict[str, tuple[int, ...]]:
    return {tally.rule: tally.lines for tally in report.violations}


def notices(report: FileReport) -> dict[str, tuple[int, ...]]:
    return {tally.rule: tally.lines for tally in report.notices}


def test_recorded_telemetry_with_a_restart_violates_no_rule() -> None:
    report = check_file(RESTART)
    assert (report.lines, report.records, report.lives, violations(report)) == (3, 4, 2, {})
    assert notices(report) == {"restart": (2,), "glued": (2,)}


def test_a_torn_tail_is_a_notice_and_no_violation() -> None:
    report = check_file(TORN_TAIL)
    assert (report.lines, report.records, violations(report), notices(report)) == (2, 1, {}, {"torn_tail": (2,)})


def set_field(path: str, value: Any) -> Callable[[list[Record]], None]:
    """Set a field of the third of five records; `path` is written as in `venue_age_ms.0`."""

    def change(altered: list[Record]) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        target: Any = altered[2]
        for parent in parents:
            target = target[parent]
        target[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "rule", "example"),
    [
        (set_field("schema_version", 2), "schema_version", "schema_version is 2"),
        (set_field("t", 1), "t", "t is 1 after 1"),
        (set_field("t", 2.0), "type", "Expected `int`, got `float` - at `$.t`"),
        (set_field("t", -3), "type", "Expected `int` >= 0 - at `$.t`"),
        (set_field("kill_switch", "false"), "type", "Expected `bool`, got `str`"),
        (set_field("pnl_total", None), "type", "Expected `float`, got `null`"),
        (set_field("venue_mid_usd.1", None), "type", "at `$.venue_mid_usd[1]`"),
        (set_field("venue_toxicity.0", 1.5), "type", "Expected `float` <= 1.0"),
        (set_field("healthy_venues_used.0", "0"), "type", "at `$.healthy_venues_used[0]`"),
        (set_field("market_rx_stats.drained", -1), "type", "Expected `int` >= 0"),
        (set_field("risk_regime", "Calm"), "word", "Invalid enum value 'Calm' - at `$.risk_regime`"),
        (set_field("venue_status.3", "healthy"), "word", "at `$.venue_status[3]`"),
        (set_field("execution_mode", "dry"), "word", "Invalid enum value 'dry'"),
        (set_field("kill_reason", "Because"), "word", "Invalid enum value 'Because'"),
        (set_field("venue_funding_source.0", "Guess"), "word", "Invalid enum value 'Guess'"),
        (set_field("pnl_total", 7.5), "pnl", "pnl_total is 7.5, realised + unrealised is 0"),
        (set_field("kill_switch", True), "kill", "kill_switch is true, kill_reason is None"),
        (set_field("fair_value", None), "fair_value", "fv_available is true, fair_value is null"),
        (set_field("would_send_orders_count", 99), "orders", "would_send_orders_count is 99"),
        (set_field("venue_age_ms", [0, 0, 0]), "length", "venue_age_ms has 3 elements for 5 venues"),
        (set_field("venue_some_later_field", [0]), "length", "venue_some_later_field has 1 elements for 5 venues"),
        (set_field("treasury_guidance.venues.1.venue_index", 2), "venue_order", "are numbered 0, 2, 2, 3, 4"),
        (set_field("treasury_guidance.venues.1.venue_id", "lighter"), "venue_order", "names a venue twice"),
        (
            set_field("treasury_guidance.venues.1.venue_id", "dydx"),
            "venue_order",
            "quote_levels has hyperliquid at index 1",
        ),
        (set_field("quote_levels.0.venue_id", "aster"), "venue_order", "quote_levels has aster at index 0"),
        (set_field("treasury_guidance.as_of_ms", 5), "as_of", "as_of_ms goes back by"),
        (set_field("treasury_guidance.as_of_tick", 9), "as_of", "as_of_tick is 9, t is 2"),
        (set_field("venue_age_ms.0", -2), "age", "venue_age_ms[0] is -2"),
        (set_field("venue_age_ms.0", -1), "age", "venue 0 has apply age -1 and event age"),
        (set_field("venue_age_ms.0", -1), "status", "venue 0 is Healthy, but never had a book"),
        (set_field("venue_toxicity.0", 1.0), "status", "venue 0 is Healthy at toxicity 1, which means Disabled"),
        (
            set_field("venue_status.0", "Stale"),
            "healthy_used",
            "healthy_venues_used is [0, 1, 2, 3, 4], Healthy are [1, 2, 3, 4]",
        ),
        (set_field("healthy_venues_used", [1, 0, 2, 3, 4]), "healthy_used", "Healthy are [0, 1, 2, 3, 4]"),
        (set_field("healthy_venues_used_count", 4), "healthy_used", "healthy_venues_used_count is 4"),
        (set_field("venue_depth_near_mid_usd.0", -1.0), "market", "venue_depth_near_mid_usd[0] is -1"),
        (set_field("venue_mid_usd.0", -1.0), "market", "venue_mid_usd[0] is -1"),
        (set_field("venue_funding_status.0", "Unknown"), "funding", "venue 0 has funding status Unknown and rate 0"),
        (set_field("fair_value", float("nan")), "finite", "fair_value is nan"),
        (set_field("venue_mid_usd.2", float("inf")), "finite", "venue_mid_usd[2] is inf"),
    ],
)
def test_a_wrong_field_violates_its_rule(change: Callable[[list[Record]], None], rule: str, example: str) -> None:
    altered = records(5)
    change(altered)
    report = check_file(encode(altered))
    assert report.records == 5
    tally = next(tally for tally in report.violations if tally.rule == rule)
    assert tally.lines[0] in (3, 4)
    assert example in tally.example


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_required_field_is_a_violation(name: str) -> None:
    altered = records(3)
    del altered[1][name]
    report = check_file(encode(altered))
    assert violations(report)["required"] == (2,)
    assert report.violations[0].example == f"missing: {name}"


@pytest.mark.parametrize("name", [name for name in RECORDED if name in ContractRecord.__struct_fields__])
def test_a_known_field_of_another_type_is_a_violation(name: str) -> None:
    altered = records(2)
    altered[1][name] = {"another": "type"} if not isinstance(altered[1][name], dict) else "text"
    assert set(violations(check_file(encode(altered)))) & {"type", "word"}


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("venue_")])
def test_a_venue_list_that_is_too_short_is_a_violation(name: str) -> None:
    altered = records(2)
    altered[1][name].pop()
    assert "length" in violations(check_file(encode(altered)))


def test_an_undeclared_field_is_allowed() -> None:
    altered = records(2)
    altered[1]["later_field"] = {"anything": None}
    assert violations(check_file(encode(altered))) == {}


def test_null_is_allowed_where_the_producer_writes_it() -> None:
    altered = records(1)
    for name in ("venue_dist_liq_sigma", "venue_local_vol_short", "venue_funding_interval_sec"):
        altered[0][name][0] = None
    altered[0]["fv_available"], altered[0]["fair_value"] = False, None
    assert violations(check_file(encode(altered))) == {}


def statuses(*seen: tuple[str, int]) -> list[Record]:
    """Records whose first venue has these statuses and ages."""
    altered = records(len(seen))
    for record, (status, age) in zip(altered, seen, strict=True):
        record["venue_status"][0], record["venue_age_ms"][0] = status, age
        used = [index for index, each in enumerate(record["venue_status"]) if each == "Healthy"]
        record["healthy_venues_used"], record["healthy_venues_used_count"] = used, len(used)
    return altered


@pytest.mark.parametrize(
    ("seen", "lines"),
    [
        ([("Healthy", 1000), ("Stale", 1001), ("Healthy", 0), ("Stale", 5000)], None),
        ([("Healthy", 3000), ("Stale", 3250), ("Warning", 2999)], None),
        ([("Stale", 1250), ("Healthy", 1250)], (2,)),
        ([("Healthy", 1500), ("Stale", 1250), ("Stale", 2000)], (2,)),
        ([("Healthy", 0), ("Disabled", 0), ("Stale", 90_000), ("Disabled", 130_000)], None),
    ],
)
def test_one_age_limit_separates_stale_from_fresh(seen: list[tuple[str, int]], lines: tuple[int, ...] | None) -> None:
    assert violations(check_file(encode(statuses(*seen)))).get("stale_limit") == lines


def test_without_event_ages_the_status_is_not_checked_against_the_age() -> None:
    altered = statuses(("Stale", 1250), ("Healthy", 60_000))
    for record in altered:
        del record["venue_age_event_ms"]
    assert violations(check_file(encode(altered))) == {}


@pytest.mark.parametrize(("ticks", "lines"), [(3, None), (4, (4,)), (6, (4, 5, 6))])
def test_a_venue_may_be_healthy_without_depth_for_half_a_second(ticks: int, lines: tuple[int, ...] | None) -> None:
    altered = records(ticks)
    for record in altered:
        record["venue_depth_near_mid_usd"][0] = 0.0
    assert violations(check_file(encode(altered))).get("depth") == lines


def test_a_venue_order_that_changes_within_a_life_is_a_violation() -> None:
    altered = records(2)
    guidance = altered[1]["treasury_guidance"]
    for index, venue in enumerate(reversed(guidance["venues"])):
        venue["venue_index"] = index
    guidance["venues"].reverse()
    altered[1]["quote_levels"] = []
    assert violations(check_file(encode(altered))) == {"venue_order": (2,)}


@pytest.mark.parametrize(
    ("line", "example"),
    [
        (b"thread 'main' panicked at src/main.rs:1", "is not JSON"),
        (b"[1, 2]", "is JSON, but not an object"),
        (b'"t"', "is JSON, but not an object"),
        (b'{"t":1,"pnl', "is not JSON"),
    ],
)
def test_a_line_in_the_middle_that_is_no_record_is_a_violation(line: bytes, example: str) -> None:
    first, second = records(2)
    report = check_file(encode([first]) + line + b"\n" + encode([second]))
    assert (report.records, violations(report)) == (2, {"line": (2,)})
    assert report.violations[0].example == example


def test_two_records_on_a_line_without_a_restart_are_a_violation() -> None:
    report = check_file(encode(records(2)).replace(b"\n", b"", 1))
    assert (report.records, violations(report)) == (2, {"line": (1,)})


def test_bytes_that_are_not_utf8_are_a_violation() -> None:
    report = check_file(encode(records(1)).replace(b'"shadow"', b'"shad\xffw"'))
    assert report.violations[0].example == "is not UTF-8"


def test_blank_lines_and_runs_of_nul_bytes_are_notices() -> None:
    report = check_file(encode(records(1)) + b"\n\x00\x00\x00\n")
    assert (report.records, violations(report), notices(report)) == (1, {}, {"blank": (2, 3)})


def test_a_tally_counts_every_case_and_names_the_first_lines() -> None:
    altered = records(9)
    for record in altered:
        record["risk_regime"] = "Calm"
    (tally,) = check_file(encode(altered)).violations
    assert (tally.count, tally.lines) == (9, (1, 2, 3, 4, 5))


WHOLE = encode(records(3))


@given(st.integers(0, len(WHOLE)))
def test_a_kill_at_any_byte_is_no_violation(cut: int) -> None:
    report = check_file(WHOLE[:cut])
    assert violations(report) == {}
    assert set(notices(report)) <= {"torn_tail"}
    assert report.records >= WHOLE[:cut].count(b"\n")


@given(st.integers(0, len(WHOLE)))
def test_a_restart_after_a_kill_at_any_byte_is_no_violation_and_loses_no_record(cut: int) -> None:
    report = check_file(WHOLE[:cut] + WHOLE)
    assert violations(report) == {}
    assert report.records >= 3 + WHOLE[:cut].count(b"\n")
    assert report.lives == (1 if report.records == 3 else 2)


@given(st.binary(max_size=200))
def test_the_check_survives_any_bytes(data: bytes) -> None:
    report = check_file(data)
    assert report.records + len(report.violations) + len(report.notices) > 0 or not data
    assert {tally.rule for tally in report.violations} <= set(RULES)
