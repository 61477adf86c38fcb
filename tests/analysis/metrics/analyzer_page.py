"""Parse the page of the producer's telemetry analyzer, and map its series to our figures.

`RIGHT` lists the series that the analyzer computes as defined. Other series are in no list; their tests state the difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
STATS = ("mean", "p50", "p95", "p99", "max")

Series = tuple[str, str]
"""The heading a series stands under, and its label."""

_STAT = re.compile(r"\b(mean|p50|p95|p99|max)=(-?[0-9.e-]+)")
_LINE = re.compile(r"\s+(.+?): (mean=.*)\(n=(\d+)\)")
_HEADING = re.compile(r"\s+(?:--- (.+?) ---|(\S.*?):)$")
_COUNT = re.compile(r"\s+(.+?): (-?[0-9.]+)(?: \w+)?(?: \([0-9.]+%\))?$")

RIGHT: dict[Series, str] = {
    ("Dimension 2: Tick Performance / Timing Budget", "total_us"): "run.phase.total_us",
    ("Dimension 2: Tick Performance / Timing Budget", "reconcile_us"): "run.phase.reconcile_us",
    ("Dimension 2: Tick Performance / Timing Budget", "submit_us"): "run.phase.submit_us",
    ("Dimension 2: Tick Performance / Timing Budget", "order_tx_pending"): "run.order_tx_pending",
    ("Dimension 4: Cross-Venue Pricing Coherence", "Cross-venue dispersion (max-min of healthy mids)"):
        "run.dispersion_usd",
    ("Dimension 5: Kalman Filter / Fair Value Health", "kf_p (covariance)"): "run.kalman.variance",
    ("Dimension 5: Kalman Filter / Fair Value Health", "kf_x_hat"): "run.kalman.log_price",
    ("Dimension 9: Hedge Controller Performance", "hedge_delta_h_t"): "run.hedge_delta",
    ("Dimension 11: Volatility Model Validation", "fv_short_vol"): "run.vol.short",
    ("Dimension 11: Volatility Model Validation", "fv_long_vol"): "run.vol.long",
    ("Dimension 11: Volatility Model Validation", "sigma_eff"): "run.vol.effective",
    ("Dimension 11: Volatility Model Validation", "regime_ratio"): "run.vol.regime_ratio",
    ("Risk Regime Distribution", "would_send_orders_count"): "run.would_send",
    ("Risk Regime Distribution", "dollar_delta_usd"): "run.dollar_delta_usd",
    ("Risk Regime Distribution", "q_global_tao"): "run.position",
}  # fmt: skip
for _venue in VENUES:
    RIGHT |= {
        ("Venue Age (ms) Statistics", _venue): f"{_venue}.age_apply_ms",
        ("Venue Event Age (ms) Statistics", _venue): f"{_venue}.age_event_ms",
        ("Mid Price Statistics", f"{_venue} mid"): f"{_venue}.mid_usd",
        ("Mid Price Tick-to-Tick Delta (bps)", _venue): f"{_venue}.mid_step_bps",
        ("Per-Venue Deviation from Fair Value", _venue): f"{_venue}.fair_deviation_usd",
        ("Per-Venue Toxicity", _venue): f"{_venue}.toxicity",
        ("Per-Venue Edge (edge_local)", _venue): f"{_venue}.quotes.edge_usd",
        ("Per-Venue Half-Spread (delta_final)", _venue): f"{_venue}.quotes.half_spread_usd",
        ("Per-Venue Local Vol (short)", _venue): f"{_venue}.local_vol",
        ("Funding Rate 8h", _venue): f"{_venue}.funding_rate_8h",
        ("Funding Age (ms)", _venue): f"{_venue}.funding_age_ms",
    }

COUNTS: dict[Series, str] = {
    ("Venue Event Age (ms) Statistics", "Correlated staleness (2+ venues stale simultaneously)"):
        "run.unhealthy_together.ticks",
    ("Budget exceedances", ">250us"): "run.ticks_over_us.250",
    ("Budget exceedances", ">1ms"): "run.ticks_over_us.1000",
    ("Budget exceedances", ">5ms"): "run.ticks_over_us.5000",
    ("Budget exceedances", ">50ms"): "run.ticks_over_us.50000",
    ("Mid Price Tick-to-Tick Delta (bps)", "FV Unavailable"): "run.fair_value.unavailable.ticks",
    ("Per-Venue Toxicity", "Total fills"): "run.fills",
    ("Dimension 8: Exit Engine Effectiveness", "Ticks with exits"): "run.exits.ticks",
    ("Dimension 9: Hedge Controller Performance", "Ticks with hedges"): "run.hedges.ticks",
    ("Risk Regime Distribution", "Regime transitions"): "run.regime.changes",
    ("Risk Regime Distribution", "Kill switch activations"): "run.kill.ticks",
    ("Risk Regime Distribution", "Ticks with 0 would_send"): "run.would_send.none.ticks",
    ("Risk Regime Distribution", "Max consecutive 0 would_send"): "run.would_send.longest_drought_ticks",
    ("Risk Event Types", "venue_disabled"): "run.risk_events.venue_disabled",
    ("PnL Summary", "Final pnl_total"): "run.pnl_total.final",
    ("Dimension 14: Anomaly Summary", "Total anomalies detected"): "run.anomalies.total",
}  # fmt: skip


def read(page: str) -> tuple[dict[Series, dict[str, float]], dict[Series, float]]:
    """The series (statistics and `n`) and the single numbers of a page; windows of trends are passed over."""
    series: dict[Series, dict[str, float]] = {}
    counts: dict[Series, float] = {}
    heading = ""
    for line in page.splitlines():
        if found := _LINE.match(line):
            stats = {name: float(value) for name, value in _STAT.findall(found[2])}
            series.setdefault((heading, found[1]), stats | {"n": int(found[3])})
        elif found := _COUNT.match(line):
            counts.setdefault((heading, found[1]), float(found[2]))
        elif found := _HEADING.match(line):
            heading = found[1] or found[2]
    return series, counts


def rows(page: str) -> Iterator[tuple[str, list[str]]]:
    """The tables of venues on a page: the head's second cell, and a venue's cells."""
    head = ""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if cells[0] == "Venue":
            head = cells[1]
        elif cells[0] in VENUES and len(cells) > 2:
            yield head, cells
