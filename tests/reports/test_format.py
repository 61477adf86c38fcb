from __future__ import annotations

from typing import Any

import pytest

from reports.format import change, number, overlap, per_hour, shown
from reports.sections import SECTIONS, arrange, place
from tests.reports.made_pair import figure
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.figures import Number
from toolkit.model.vocabulary import Bound, Verdict

LOWER, UPPER, ESTIMATE = Bound.LOWER, Bound.UPPER, Bound.ESTIMATE


def ascii_text(text: str) -> str:
    """Return the text with plain spaces and an ASCII minus."""
    return text.replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((700, 60_000), (800, 120_000), True),
        ((700, 800), (800, 900), True),
        ((700, 799), (800, 900), False),
        ((None, None), (800, 900), False),
    ],
)
def test_estimates_overlap_if_their_ranges_do(
    before: tuple[Number, Number], after: tuple[Number, Number], expected: bool
) -> None:
    sides = [figure("x.downtime_ms.max", 1, "ms", bound=ESTIMATE, low=low, high=high) for low, high in (before, after)]
    assert overlap(*sides) is expected


def test_exact_values_never_overlap() -> None:
    assert not overlap(figure("x.downtime_ms.max", 1, "ms"), figure("x.downtime_ms.max", 1, "ms"))


@pytest.mark.parametrize(
    ("name", "value", "unit", "other", "expected"),
    [
        ("lighter.reconnects", 10, "count", {}, "10"),
        ("lighter.reconnects", 0, "count", {}, "0"),
        ("run.rx.drained", 33870, "count", {}, "33 870"),
        ("run.publisher.lossless_wait", 1000, "count", {"bound": LOWER}, "≥ 1 000"),
        ("lighter.masked.ms", 1500, "ms", {"bound": ESTIMATE}, "≈ 1.5 s"),
        ("lighter.masked.ms", 1500, "ms", {"bound": UPPER}, "≤ 1.5 s"),
        # a wide range is shown as a range
        (
            "lighter.downtime_ms.max",
            57224,
            "ms",
            {"bound": ESTIMATE, "low": 757, "high": 114_448},
            "757 ms to 1 min 54.4 s",
        ),
        ("lighter.downtime_ms.max", 1350, "ms", {"bound": ESTIMATE, "low": 0, "high": 2699}, "≤ 2.7 s"),
        ("lighter.downtime_ms.max", 1350, "ms", {"bound": ESTIMATE, "low": 1340, "high": 1370}, "≈ 1.4 s"),
        ("lighter.downtime_ms.max", 1350, "ms", {"bound": ESTIMATE, "low": None, "high": None}, "≈ 1.4 s"),
        ("lighter.rest.checks", None, "count", {"note": "not instrumented"}, "not instrumented"),
        ("run.coverage.share", None, "share", {"note": "the requested time is not known"}, "unknown"),
        # ages sampled at ticks are multiples of the tick: 0 means less than one tick
        ("lighter.age_apply_ms.p95", 0, "ms", {}, "< 250 ms"),
        ("lighter.age_apply_ms.max", 0, "ms", {}, "< 250 ms"),
        ("lighter.age_apply_tw_ms.p95", 0, "ms", {}, "< 250 ms"),
        ("lighter.age_apply_ms.mean", 0, "ms", {}, "0 ms"),
        ("lighter.age_event_ms.p50", 0, "ms", {}, "0 ms"),
        ("lighter.age_apply_ms.p95", 11249, "ms", {}, "11 249 ms"),
        ("lighter.age_event_ms.p95", 546.2, "ms", {}, "546.2 ms"),
        ("run.tick_gap_ms.p50", 250, "ms", {}, "250 ms"),
        # durations that are not ages
        ("run.span_ms", 599_499, "ms", {}, "9 min 59.5 s"),
        ("lighter.plateau_10s.longest_ms", 20_200, "ms", {}, "20.2 s"),
        ("lighter.fresh.share", 0.99709, "share", {}, "99.7 %"),
        ("lighter.age_apply_unknown.share", 0.0004, "share", {}, "< 0.1 %"),
        ("lighter.age_apply_unknown.share", 0.0004, "share", {"bound": LOWER}, "< 0.1 %"),
        ("run.phase.engine_us.p50", 1234.5, "us", {}, "1 234.5 µs"),
        ("lighter.mid_jump.p99", 1.25, "bps", {}, "1.25 bps"),
        ("run.pnl_total.final", -12.5, "usd", {}, "-12.5 USD"),
        ("run.rx.out_per_s", 37.34, "1/s", {}, "37.3 per s"),
        ("run.sigma.final", 0.0001234, "number", {}, "0.000123"),
        ("run.odd", 3, "furlongs", {}, "3 furlongs"),
    ],
)
def test_a_figure_is_shown_with_its_unit_and_bound(
    name: str, value: Number | None, unit: str, other: dict[str, Any], expected: str
) -> None:
    assert ascii_text(shown(figure(name, value, unit, **other), resolution_ms=250)) == expected


def test_an_age_of_zero_is_zero_where_the_time_between_ticks_is_not_known() -> None:
    assert ascii_text(shown(figure("lighter.age_apply_ms.p95", 0, "ms"))) == "0 ms"


def test_a_figure_that_the_run_lacks_is_unknown() -> None:
    assert shown(None, 250) == "unknown"


def row(before: Number | None, after: Number | None, unit: str = "count") -> ComparisonRow:
    delta = None if before is None or after is None else after - before
    ratio = after / before if before and after is not None else None
    return ComparisonRow("x.y", unit, before, after, delta, ratio, None, None, None, Verdict.DESCRIPTIVE, "", None)


@pytest.mark.parametrize(
    ("before", "after", "unit", "metric", "expected"),
    [
        (10, 1, "count", "reconnects", "-9 (× 0.10)"),
        (0, 3, "count", "reconnects", "+3"),
        (3, 0, "count", "reconnects", "-3"),
        (5, 5, "count", "reconnects", "0"),
        (None, 5, "count", "reconnects", "–"),
        (0.5, 0.521, "share", "fresh.share", "+2.1 points"),
        (0.5, 0.5002, "share", "fresh.share", "< 0.1 points"),
        (11249, 11250, "ms", "age_apply_ms.p95", "within a tick"),
        (500, 0, "ms", "age_apply_ms.p99", "–"),
        (45, 27, "ms", "age_event_ms.p50", "-18 ms, within a tick"),
        (450, 27, "ms", "age_event_ms.p50", "-423 ms (× 0.06)"),
        (1269.17, 1269.2, "ms", "age_event_ms.mean", "< 0.1 %"),
        (10_000, 10_001, "count", "rx.out", "+1"),
        (81_500, 80_744, "ms", "stale.ms", "-756 ms (× 0.99)"),
        (1, 1000, "count", "reconnects", "+999 (× 1000.00)"),
    ],
)
def test_a_difference_has_its_sign_and_only_significant_digits(
    before: Number | None, after: Number | None, unit: str, metric: str, expected: str
) -> None:
    assert ascii_text(change(row(before, after, unit), metric, 250)) == expected


@pytest.mark.parametrize(
    ("rate", "other", "expected"),
    [(60.06, {}, " (60.1 per h)"), (6005.1, {"bound": LOWER}, " (≥ 6 005.1 per h)"), (None, {}, "")],
)
def test_a_rate_is_in_brackets_with_the_sign_of_its_bound(
    rate: float | None, other: dict[str, Any], expected: str
) -> None:
    assert ascii_text(per_hour(rate, figure("x.y", 1, **other))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (2399, "2 399"), (250.0, "250"), (546.24, "546.2"), (2.0876, "2.088"), (0.5, "0.5"), (-3.25, "-3.25")],
)
def test_the_number_of_decimals_depends_on_the_size_of_a_number(value: Number, expected: str) -> None:
    assert ascii_text(number(value)) == expected


def test_every_metric_is_named_once_in_all_sections() -> None:
    named = [name for names in SECTIONS.values() for name in names]
    assert sorted(set(named)) == sorted(named)


@pytest.mark.parametrize(
    ("metric", "section"),
    [
        ("reconnects", "reconnects"),
        ("reconnects.a_reason_of_a_later_build", "reconnects"),
        ("age_apply_ms.p95", "ages"),
        ("plateau_30s.count", "plateaus"),
        ("cap_hits", "pressure"),
        ("read_timeouts_kept", "recovery"),
        ("tick_gap_ms.p50", "sampling"),
        ("anomalies.mid_jump", "engine"),
        ("phase.rest_us.max", "other"),
        ("a_metric_of_a_later_version", "other"),
    ],
)
def test_a_metric_belongs_to_a_section(metric: str, section: str) -> None:
    assert place(metric)[0] == section


def test_a_section_keeps_the_order_of_its_list() -> None:
    arranged = arrange(["age_event_ms.p50", "age_apply_ms.p99", "age_apply_ms.p50", "connects"])
    assert arranged["ages"] == ["age_apply_ms.p50", "age_apply_ms.p99", "age_event_ms.p50"]


def test_every_figure_of_the_catalogue_is_shown_in_exactly_one_section() -> None:
    from toolkit.analysis.metrics import catalogue

    metrics = {spec.name.split(".", 1)[1] for spec in catalogue()}
    arranged = arrange(metrics)
    assert sorted(metric for names in arranged.values() for metric in names) == sorted(metrics)
    assert all(arranged[section] for section in ("reconnects", "ages", "freshness", "plateaus", "sampling"))
