"""The fifteen dimensions on runs of a few records that distinguish correct queries from wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.analysis.metrics.dimension_runs import (
    EXPECTED,
    IDLE,
    IDLE_EXPECTED,
    RESTARTED,
    RESTARTED_EXPECTED,
    TRADING,
    telemetry,
)
from tests.analysis.metrics.sample_runs import VENUES, analysed, figure, record
from toolkit.analysis.metrics import matches, metrics
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Bound

DIMENSIONS = (
    "anomalies", "coherence", "exits_hedges", "fair_value", "fair_value_steps", "fills", "funding", "funding_status",
    "kalman", "local_vol", "margin", "market_data", "mid_steps", "orders", "pnl", "quote_limits", "quote_multipliers",
    "quotes", "reconcile_drift", "risk", "risk_events", "tick_budget", "tick_phases", "toxicity", "unhealthy",
    "unhealthy_together", "volatility", "would_send",
)  # fmt: skip


Analysed = Callable[[str], RunAnalysis]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    files = {
        "trading": telemetry(TRADING),
        "idle": telemetry(IDLE),
        "restarted": telemetry(RESTARTED, ticks=[0, 1, 0, 1]),
        "bare": telemetry([{"venue_mid_usd": None}] * 3),
    }
    made = {name: analysed(tmp_path_factory.mktemp(name), telemetry=text) for name, text in files.items()}
    made["log only"] = analysed(
        tmp_path_factory.mktemp("log"), log="WS_AUDIT venue=lighter reconnect_reason=read_timeout count=1\n"
    )
    return made.__getitem__


@pytest.mark.parametrize("name", EXPECTED)
def test_a_dimension_of_a_trading_run(run: Analysed, name: str) -> None:
    value, n = EXPECTED[name]
    found = figure(run("trading"), name)
    assert (found.value, found.n, found.bound) == (pytest.approx(value), n, Bound.EXACT)


@pytest.mark.parametrize(
    ("kind", "name", "value", "note"),
    [("idle", name, *expected) for name, expected in IDLE_EXPECTED.items()]
    + [("restarted", name, *expected) for name, expected in RESTARTED_EXPECTED.items()],
)
def test_figures_of_an_idle_or_restarted_run_have_their_notes(
    run: Analysed, kind: str, name: str, value: float | None, note: str | None
) -> None:
    found = figure(run(kind), name)
    assert found.value == value
    assert found.note is None if note is None else note in (found.note or "")


def dimension_figures(run: RunAnalysis) -> list[Figure]:
    names = [spec.name for metric in metrics() if metric.name in DIMENSIONS for spec in metric.specs]
    return [each for each in run.figures if any(matches(name, each.figure) for name in names)]


@pytest.mark.parametrize("kind", ["bare", "log only"])
def test_a_field_that_no_record_carries_gives_null_with_a_note(run: Analysed, kind: str) -> None:
    found = dimension_figures(run(kind))
    known = {each.figure for each in found if each.value is not None}
    assert known == ({"run.anomalies.age_spike", "run.anomalies.total"} if kind == "bare" else set())
    assert len(found) > 300
    assert all(each.note for each in found if each.value is None)


@pytest.mark.parametrize("kind", ["trading", "idle", "restarted", "bare"])
def test_the_anomalies_are_the_sum_of_their_kinds(run: Analysed, kind: str) -> None:
    kinds = ("mid_jump", "kill_switch", "age_spike", "spread_blowout", "quoting_gap")
    counted = [figure(run(kind), f"run.anomalies.{each}").value or 0 for each in kinds]
    assert sum(counted) == figure(run(kind), "run.anomalies.total").value


def test_every_run_has_the_same_dimensions(run: Analysed) -> None:
    by_words = "run.risk_events.", "run.orders."
    named = [
        {each.figure for each in dimension_figures(run(kind)) if not each.figure.startswith(by_words)}
        for kind in ("trading", "idle", "bare")
    ]
    assert named[0] == named[1] == named[2]
    assert {each.partition(".")[0] for each in named[0]} == {"run", *VENUES}


COPY = {"cap_hits": 0, "drained": 5, "funding_update": 1, "l2_delta": 2, "l2_snapshot": 1, "trade": 1, "out_market": 3}
DRAINED = ("drained", "funding", "l2_delta", "l2_snapshot", "trade", "out")


@pytest.mark.parametrize(
    ("printed", "copied", "n", "bound"),
    [
        pytest.param((), range(8), 8, "exact", id="the copy alone"),
        pytest.param(range(8), (), 8, "exact", id="the lines alone"),
        pytest.param(range(0, 8, 2), range(8), 8, "exact", id="every other line and a whole copy"),
        pytest.param(range(8), range(4), 8, "exact", id="all lines and half a copy"),
        pytest.param(range(0, 8, 2), (), 4, "lower", id="every other line"),
    ],
)
def test_drained_events_come_from_the_more_complete_of_lines_and_telemetry(
    printed: Sequence[int], copied: Sequence[int], n: int, bound: str, tmp_path: Path
) -> None:
    line = "raw_drained=5 raw_l2_delta=2 raw_l2_snapshot=1 raw_trade=1 raw_funding_update=1 out_market=3 cap_hits=0\n"
    log = "".join(f"market_rx_stats tick={t} {line}" for t in printed)
    run = analysed(
        tmp_path,
        log,
        "".join(record(t, t / 4, [0, 0, 0], **({"market_rx_stats": COPY} if t in copied else {})) for t in range(8)),
    )
    found = [figure(run, f"run.rx.{name}") for name in DRAINED]
    assert [each.value for each in found] == [5 * n, n, 2 * n, n, n, 3 * n]
    assert {(each.n, str(each.bound)) for each in found} == {(n, bound)}


def test_a_count_missing_from_the_telemetry_is_null(tmp_path: Path) -> None:
    copy = {"market_rx_stats": {"cap_hits": 0, "drained": 5}}
    run = analysed(tmp_path, telemetry="".join(record(t, t / 4, [0, 0, 0], **copy) for t in range(4)))
    assert (figure(run, "run.rx.drained").value, figure(run, "run.rx.trade").value) == (20, None)
    assert figure(run, "run.rx.trade").note == "no record holds this count"
