"""Gate of the soak report: each of its limits, in its order and with its text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.upstream.soak_gate import checks, failures
from toolkit.upstream.soak_report import Ages, CapHitSection, LogSection, Plateau, SoakReport, TelemetrySection

FRESH = Ages((0.0, 250.0), (90, 10))
GOOD = SoakReport(
    TelemetrySection(100, (0, 99), (0, 24_750), {"aster": FRESH}, {"aster": FRESH}, {}),
    LogSection(),
    CapHitSection(),
    ("aster",),
)


def telemetry(**changed: object) -> SoakReport:
    return replace(GOOD, telemetry=replace(GOOD.telemetry, **changed))  # type: ignore[arg-type]


def log(**changed: object) -> SoakReport:
    return replace(GOOD, log=replace(GOOD.log, **changed))  # type: ignore[arg-type]


STUCK = {"aster": Ages((250.0, 40_000.0), (50, 50))}
FAILURES = [
    (GOOD, []),
    (
        telemetry(apply_ages=STUCK),
        [
            "apply-age p95 above threshold for venue 'aster' (40000.0ms > 10000ms)",
            "apply-age p99 above threshold for venue 'aster' (40000.0ms > 30000ms)",
        ],
    ),
    (
        telemetry(event_ages=STUCK),
        [
            "event-age p95 above threshold for venue 'aster' (40000.0ms > 12000ms)",
            "event-age p99 above threshold for venue 'aster' (40000.0ms > 35000ms)",
        ],
    ),
    (
        telemetry(plateaus={("aster", 30_000): Plateau(12_345, 50, 1, 50)}),
        ["stale plateau at 30000ms for venue 'aster' (max_duration_s=12.35)"],
    ),
    (
        telemetry(plateaus={("aster", 30_000): Plateau(None, 4, 1, 4)}),
        ["stale plateau at 30000ms for venue 'aster' has non-zero ticks without duration"],
    ),
    (telemetry(plateaus={("aster", 10_000): Plateau(12_345, 50, 1, 50)}), []),
    (telemetry(plateaus={("aster", 30_000): Plateau(0, 3, 1, 3)}), []),
    (log(audit={("aster", "read_timeout"): 3}), []),
    (
        log(audit={("aster", "read_timeout"): 2}, signature={("aster", "read_timeout"): 4}),
        ["reconnect threshold exceeded for venue 'aster', reason 'read_timeout' (combined=4 > 3)"],
    ),
    (log(audit={("aster", "parse_error"): 99, ("lighter", "read_timeout"): 99}), []),
    (
        log(publisher={"mp_try_send_full_count": 3, "mp_lossless_wait_count": 9}),
        ["market_publisher counter 'mp_try_send_full_count' is non-zero (3)"],
    ),
    (replace(GOOD, caps=None), ["missing market_rx_stats.log (cap_hits evidence unavailable)"]),
    (
        replace(GOOD, caps=CapHitSection(total=8, burst=1)),
        ["runner cap_hits total is non-zero (8)", "runner cap_hits max burst is non-zero (+1)"],
    ),
    (
        replace(log(audit={("aster", "read_timeout"): 9}), connectors=("lighter",)),
        [
            "missing apply-age coverage for venue 'lighter' (apply_n=0)",
            "missing event-age coverage for venue 'lighter' (event_n=0)",
        ],
    ),
    (replace(telemetry(apply_ages=STUCK), connectors=()), []),
    (replace(GOOD, telemetry=TelemetrySection(), connectors=()), []),
]


@pytest.mark.parametrize(("report", "bullets"), FAILURES)
def test_the_gate_reports_each_failed_limit(report: SoakReport, bullets: list[str]) -> None:
    assert list(failures(report)) == bullets


def test_a_venue_without_a_known_age_is_not_checked_against_other_limits() -> None:
    unseen = replace(log(audit={("lighter", "read_timeout"): 9}), connectors=("lighter",))
    made = {check.number: check.made for check in checks(unseen)}
    assert not made["reconnects lighter read_timeout"]
    assert not made["ages lighter apply_p95"]
    assert made["ages lighter apply_n"]


def test_event_ages_may_be_optional() -> None:
    assert failures(telemetry(event_ages={})) == ("missing event-age coverage for venue 'aster' (event_n=0)",)
    report = telemetry(event_ages={})
    assert not [each for each in checks(report, event_ages_required=False) if each.failure]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=80), st.sampled_from([50, 95, 99, 100]))
def test_a_percentile_of_counted_ages_equals_that_of_the_single_ages(ages_ms: list[int], p: int) -> None:
    values, counts = np.unique(ages_ms, return_counts=True)
    counted = Ages(tuple(map(float, values)), tuple(map(int, counts)))
    assert counted.n == len(ages_ms)
    assert counted.percentile(p) == pytest.approx(float(np.percentile(ages_ms, p)), abs=1e-9)
