"""A trading, an idle and a restarted run of a few records, with the figures expected of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tests.analysis.metrics.sample_runs import record

Fields = Mapping[str, Any]


def by_tick(**columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Return records from columns with one value per tick."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def telemetry(fields: Sequence[Fields], ticks: Sequence[int] | None = None) -> str:
    numbers = ticks or range(len(fields))
    ages = [(0, 0, 0)] * len(fields)
    return "".join(
        record(t, 0.25 * place, each.get("ages", ages[place]), **{k: v for k, v in each.items() if k != "ages"})
        for place, (t, each) in enumerate(zip(numbers, fields, strict=True))
    )


def level(**fields: Any) -> dict[str, Any]:
    wanted = {"edge_local": 1.0, "delta_final": 0.5, "basis_adj_usd": -0.2, "funding_adj_usd": 0.0, "inventory_term_usd": 0.1,
              "size_raw": 10.0, "size_final": 5.0, "size_margin_cap": 8.0, "size_liq_factor": 0.5}  # fmt: skip
    return {"venue_id": "hyperliquid", **wanted, **fields}


def order(venue: str, action: str, status: str) -> dict[str, str]:
    return {"venue_id": venue, "action": action, "status": status}


TIMING = {
    "reconcile_us": 1,
    "event_drain_us": 11,
    "engine_us": 31,
    "submit_us": 5,
    "total_us": 40,
    "order_tx_pending": 2,
}
BOTH_SIDES = [
    level(),
    level(basis_adj_usd=0.4, size_raw=0.0, size_final=0.0, size_margin_cap=0.0, size_liq_factor=1.0, edge_local=0.0),
]

TRADING = by_tick(
    execution_mode=["live"] * 6,
    ages=[(0, 0, 0), (5_000, 3_500, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 3_000, 0)],
    venue_mid_usd=[(100, 100, 100), (0, 100, 100), (101, 102, 100), (101, 102, 100), (90, 102, 100), (90, 102, 100)],
    venue_spread_usd=[(0.5, 1, 1), (0, 1, 1), (1.5, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)],
    venue_depth_near_mid_usd=[(900, 1, 1), (0, 1, 1), (800, 1, 1), (700, 1, 1), (600, 1, 1), (500, 1, 1)],
    venue_status=[
        ("Healthy", "Healthy", "Healthy"), ("Healthy", "Healthy", "Healthy"), ("Stale", "Healthy", "Healthy"),
        ("Disabled", "Stale", "Healthy"), ("Healthy", "Healthy", "Healthy"), ("Warning", "Healthy", "Healthy"),
    ],
    fv_available=[False, True, True, True, False, True],
    fair_value=[5.0, 100.0, 101.0, 101.0, 100.0, 100.0],
    kf_p=[1.0, 0.5, 0.5, 0.5, 0.5, 0.5],
    kf_x_hat=[4.6] * 6,
    healthy_venues_used_count=[0, 3, 3, 2, 3, 3],
    fv_short_vol=[0.001] * 6,
    fv_long_vol=[0.002] * 6,
    sigma_eff=[0.001] * 6,
    regime_ratio=[0.5] * 6,
    shadow_spread_mult=[1.0, 1.0, 1.0, 1.0, 1.0, 2.0],
    shadow_size_mult=[1.0] * 6,
    tick_timing=[TIMING] * 5 + [{**TIMING, "total_us": 6_040}],
    quote_levels=[BOTH_SIDES] * 6,
    orders=[
        [order("hyperliquid", "place", "intent"), order("lighter", "replace", "intent"), order("ALL", "cancel_all", "intent")],
        [order("hyperliquid", "place", "ack"), order("lighter", "replace", "reject"), order("lighter", "place", "odd")],
        [], [], [], [order("aster", "strange", "intent")],
    ],
    fills=[[], [{"venue_id": "lighter"}], [], [], [], []],
    exits=[[], [], [{"edge_final": 0.3}, {"edge_final": 0.5}], [], [], []],
    hedges=[[], [], [{"venue_id": "aster"}], [], [], []],
    hedge_delta_h_t=[0.0, 0.0, -1.5, 0.0, 0.0, 0.0],
    venue_margin_balance_usd=[(200, 0, 100)] * 6,
    venue_margin_used_usd=[(50, 0, None)] * 6,
    venue_margin_available_usd=[(150, 10, 100)] * 6,
    venue_dist_liq_sigma=[(8, None, 10)] * 6,
    venue_local_vol_short=[(0.1, 0.2, None)] * 6,
    venue_markout_ewma_usd_per_tao=[(0, -0.5, 0)] * 6,
    venue_toxicity=[(0, 0, 1)] * 6,
    venue_funding_rate_8h=[(1e-4, 3e-4, None)] * 6,
    venue_funding_age_ms=[(100, 200, None)] * 6,
    venue_funding_status=[("Healthy", "Stale", "Unknown")] * 3 + [("Healthy", "Healthy", "Unknown")] * 3,
    reconcile_drift=[None, None, None, [{"venue_id": "aster", "kind": "position_tao"}], None, None],
    risk_regime=["Normal", "Normal", "Warning", "HardLimit", "Normal", "Odd"],
    kill_switch=[False] * 5 + [True],
    risk_events=[[{"event_type": "venue_disabled"}], [{"event_type": "\x1b[31mred"}], [], [], [], []],
    pnl_total=[0.0, 5.0, 3.0, -1.0, 2.0, 4.0],
    pnl_realised=[0.0, 1.0, 1.0, 1.0, 1.0, None],
    dollar_delta_usd=[0.0, 10.0, -30.0, 0.0, 0.0, 0.0],
    q_global_tao=[0.0, 0.1, -0.3, 0.0, 0.0, 0.0],
    would_send_orders_count=[1, 0, 0, 2, 0, 1],
)  # fmt: skip

S = math.log(1.01) / 2
"""The standard deviation of the two returns of the run above: ln 1.01 and 0."""

EXPECTED: dict[str, tuple[float, int]] = {
    "hyperliquid.unhealthy.stretches": (2, 6),
    "hyperliquid.unhealthy.longest_ticks": (2, 6),
    "hyperliquid.unhealthy.longest_ms": (500, 6),
    "aster.unhealthy.stretches": (0, 6),
    "run.unhealthy_together.ticks": (1, 6),
    "run.unhealthy_together.ms": (250, 6),
    "run.unhealthy_together.share": (1 / 6, 6),
    "run.phase.reconcile_us.p50": (1, 6),
    "run.phase.event_drain_us.p50": (10, 6),
    "run.phase.engine_us.max": (20, 6),
    "run.phase.submit_us.p99": (5, 6),
    "run.phase.rest_us.p50": (4, 6),
    "run.phase.rest_us.max": (6_004, 6),
    "run.phase.total_us.max": (6_040, 6),
    "run.phase.engine.share": (120 / 6_240, 6),
    "run.ticks_over_us.250": (1, 6),
    "run.ticks_over_us.5000": (1, 6),
    "run.ticks_over_us.50000": (0, 6),
    "run.order_tx_pending.p50": (2, 6),
    "hyperliquid.mid_usd.max": (101, 5),
    "hyperliquid.spread_usd.p50": (1, 5),
    "hyperliquid.spread_usd.mean": (1, 5),
    "hyperliquid.depth_usd.mean": (700, 5),
    "hyperliquid.mid_step_bps.max": (11 / 101 * 10_000, 4),
    "hyperliquid.mid_jumps": (2, 4),
    "aster.mid_jumps": (0, 5),
    "run.dispersion_usd.p50": (2, 5),
    "run.dispersion_usd.max": (12, 5),
    "lighter.fair_deviation_usd.max": (2, 3),
    "run.fair_value.available.share": (4 / 6, 6),
    "run.fair_value.unavailable.stretches": (2, 6),
    "run.fair_value.unavailable.longest_ticks": (1, 6),
    "run.fair_value_step_bps.max": (100, 2),
    "run.fair_value_jumps": (1, 2),
    "run.fair_value_usd.mean": (100.5, 4),
    "run.fair_value_residual_usd.max": (1, 3),
    "run.kalman.variance.max": (1, 6),
    "run.healthy_venues_used.min": (0, 6),
    "run.vol.short.p50": (0.001, 6),
    "run.vol.realised_per_tick": (S, 2),
    "run.vol.realised_annual": (S * math.sqrt(365 * 86_400_000 / 250), 2),
    "run.vol.realised_to_model": (S / 0.001, 2),
    "lighter.local_vol.p50": (0.2, 6),
    "aster.toxicity.p50": (1, 6),
    "lighter.markout_usd.mean": (-0.5, 6),
    "run.fills": (1, 6),
    "lighter.fills": (1, 6),
    "aster.fills": (0, 6),
    "hyperliquid.quotes.levels": (12, 12),
    "hyperliquid.quotes.wanted": (6, 12),
    "hyperliquid.quotes.margin_capped": (6, 12),
    "hyperliquid.quotes.liquidation_cut": (6, 12),
    "hyperliquid.quotes.cut": (6, 12),
    "hyperliquid.quotes.edge_usd.mean": (0.5, 12),
    "hyperliquid.quotes.half_spread_usd.max": (0.5, 12),
    "hyperliquid.quotes.basis_usd.mean_abs": (0.3, 12),
    "aster.quotes.levels": (0, 0),
    "run.quotes.spread_mult.max": (2, 6),
    "run.exits": (2, 6),
    "run.exits.ticks": (1, 6),
    "run.exits.edge_usd.mean": (0.4, 2),
    "run.hedges": (1, 6),
    "run.hedge_delta.mean": (-0.25, 6),
    "hyperliquid.margin.use.p50": (0.25, 6),
    "hyperliquid.margin.available_usd.min": (150, 6),
    "hyperliquid.liquidation_sigma.min": (8, 6),
    "run.reconcile_drift": (1, 6),
    "run.reconcile_drift.ticks": (1, 6),
    "aster.reconcile_drift": (1, 6),
    "lighter.reconcile_drift": (0, 6),
    "run.regime.normal.share": (3 / 6, 6),
    "run.regime.warning.share": (1 / 6, 6),
    "run.regime.hard_limit.share": (1 / 6, 6),
    "run.regime.other.share": (1 / 6, 6),
    "run.regime.changes": (4, 6),
    "run.kill.ticks": (1, 6),
    "run.risk_events": (2, 6),
    "run.risk_events.venue_disabled": (1, 6),
    "run.risk_events.other": (1, 6),
    "run.would_send.none.ticks": (3, 6),
    "run.would_send.none.share": (0.5, 6),
    "run.would_send.droughts": (0, 6),
    "run.would_send.longest_drought_ticks": (2, 6),
    "run.would_send.longest_drought_ms": (500, 6),
    "run.orders.intents": (4, 6),
    "run.orders.intents.place": (1, 6),
    "run.orders.intents.cancel_all": (1, 6),
    "run.orders.intents.other": (1, 6),
    "run.orders.acks": (1, 6),
    "run.orders.rejects.replace": (1, 6),
    "run.orders.others": (1, 6),
    "hyperliquid.orders.intents": (1, 6),
    "hyperliquid.orders.acks": (1, 6),
    "lighter.orders.rejects": (1, 6),
    "run.pnl_total.final": (4, 6),
    "run.pnl_total.max": (5, 6),
    "run.pnl_total.min": (-1, 6),
    "run.pnl_total.max_drawdown": (6, 6),
    "run.pnl_realised.final": (1, 5),
    "run.dollar_delta_usd.max_abs": (30, 6),
    "run.position.max_abs": (0.3, 6),
    "run.anomalies.mid_jump": (3, 6),
    "run.anomalies.kill_switch": (1, 6),
    "run.anomalies.age_spike": (1, 6),
    "run.anomalies.spread_blowout": (0, 6),
    "run.anomalies.quoting_gap": (0, 6),
    "run.anomalies.total": (5, 6),
    "lighter.funding_rate_8h.p50": (3e-4, 6),
    "lighter.funding_age_ms.max": (200, 6),
    "run.funding_rate_8h.dispersion": (2e-4, 2),
    "lighter.funding_status.healthy.share": (0.5, 6),
    "lighter.funding_status.stale.share": (0.5, 6),
    "aster.funding_status.unknown.share": (1, 6),
}

QUIET = [0] * 20 + [1] + [0] * 19 + [1] + [0] * 41 + [1] * 38
IDLE = by_tick(
    execution_mode=["shadow"] * 120,
    venue_spread_usd=[(11 if t in (50, 51) else 1, 0, 1) for t in range(120)],
    would_send_orders_count=QUIET,
    fills=[[]] * 120,
    exits=[[]] * 120,
    hedges=[[]] * 120,
    orders=[[]] * 120,
    pnl_total=[0.0] * 120,
    q_global_tao=[0.0] * 120,
    dollar_delta_usd=[0.0] * 120,
    venue_margin_balance_usd=[(0, 0, 0)] * 120,
    venue_margin_used_usd=[(0, 0, 0)] * 120,
    venue_dist_liq_sigma=[(10, 10, 10)] * 120,
    venue_markout_ewma_usd_per_tao=[(0, 0, 0)] * 120,
)

IDLE_EXPECTED: dict[str, tuple[float | None, str | None]] = {
    "run.anomalies.spread_blowout": (2, None),
    "run.anomalies.quoting_gap": (2, None),
    "run.anomalies.total": (4, None),
    "run.would_send.droughts": (2, None),
    "run.would_send.longest_drought_ticks": (41, None),
    "run.orders.intents": (0, None),
    "run.fills": (0, "cannot move"),
    "run.exits": (0, "cannot move"),
    "run.hedges.ticks": (0, "cannot move"),
    "run.exits.edge_usd.p50": (None, "no exit"),
    "run.pnl_total.final": (0, "cannot move"),
    "run.position.max_abs": (0, "cannot move"),
    "run.reconcile_drift": (None, "shadow mode reconciles no account"),
    "lighter.reconcile_drift": (None, "shadow mode reconciles no account"),
    "lighter.spread_usd.p50": (None, "no record of this venue carries this field"),
    "lighter.margin.use.p50": (None, "no account"),
    "lighter.liquidation_sigma.min": (None, "no account"),
    "lighter.markout_usd.mean": (None, "no fill"),
}

RESTARTED = by_tick(
    execution_mode=["live"] * 4,
    venue_mid_usd=[(100, 100, 100)] * 2 + [(200, 200, 200)] * 2,
    fv_available=[True, True, False, True],
    fair_value=[100.0, 100.0, 5.0, 200.0],
    venue_status=[("Healthy",) * 3] + [("Stale", "Healthy", "Healthy")] * 2 + [("Healthy",) * 3],
    would_send_orders_count=[1, 0, 0, 1],
    risk_regime=["Normal", "Warning", "Normal", "Normal"],
    pnl_total=[5.0, 3.0, 1.0, 1.0],
)

RESTARTED_EXPECTED: dict[str, tuple[float | None, str | None]] = {
    "hyperliquid.mid_step_bps.max": (0, None),
    "hyperliquid.mid_jumps": (0, None),
    "run.anomalies.mid_jump": (0, None),
    "run.fair_value_step_bps.max": (0, None),
    "hyperliquid.unhealthy.stretches": (2, None),
    "hyperliquid.unhealthy.longest_ticks": (1, None),
    "run.would_send.longest_drought_ticks": (1, None),
    "run.regime.changes": (1, None),
    "run.reconcile_drift": (0, None),
    "run.reconcile_drift.ticks": (0, None),
    "run.pnl_total.final": (1, "value of the last life"),
    "run.pnl_total.max_drawdown": (2, None),
    "run.vol.realised_annual": (None, "fewer than three"),
}
