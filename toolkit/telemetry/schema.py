"""Arrow schemas of telemetry batches: which fields of the record become columns, and of which type."""

from __future__ import annotations

from typing import Literal, get_type_hints

import pyarrow as pa
from msgspec import Struct

from toolkit.telemetry.record import (
    ExitOrder,
    FillOrHedge,
    Order,
    QuoteLevel,
    ReconcileDrift,
    RiskEvent,
    RxCounts,
    Timing,
)

Scope = Literal["all", "ages"]
"""Which fields are read: all that figures need, or only those from which ages and plateaus are computed."""

INT, _COUNT, _FLOAT, _BOOL, _TEXT = pa.int64(), pa.int32(), pa.float64(), pa.bool_(), pa.string()
_VENUE_ARRAYS = {
    "venue_age_ms": pa.list_(INT),
    "venue_age_event_ms": pa.list_(INT),
    "venue_status": pa.list_(_TEXT),
    "venue_mid_usd": pa.list_(_FLOAT),
    "venue_spread_usd": pa.list_(_FLOAT),
    "venue_depth_near_mid_usd": pa.list_(_FLOAT),
    "venue_toxicity": pa.list_(_FLOAT),
    "venue_markout_ewma_usd_per_tao": pa.list_(_FLOAT),
    "venue_margin_balance_usd": pa.list_(_FLOAT),
    "venue_margin_used_usd": pa.list_(_FLOAT),
    "venue_margin_available_usd": pa.list_(_FLOAT),
    "venue_dist_liq_sigma": pa.list_(_FLOAT),
    "venue_local_vol_short": pa.list_(_FLOAT),
    "venue_funding_rate_8h": pa.list_(_FLOAT),
    "venue_funding_age_ms": pa.list_(INT),
    "venue_funding_status": pa.list_(_TEXT),
}
_SCALARS = {
    "execution_mode": _TEXT,
    "fv_available": _BOOL,
    "fair_value": _FLOAT,
    "healthy_venues_used_count": _COUNT,
    "kill_switch": _BOOL,
    "kill_reason": _TEXT,
    "risk_regime": _TEXT,
    "pnl_total": _FLOAT,
    "would_send_orders_count": _COUNT,
    "pnl_realised": _FLOAT,
    "dollar_delta_usd": _FLOAT,
    "q_global_tao": _FLOAT,
    "hedge_delta_h_t": _FLOAT,
    "kf_p": _FLOAT,
    "kf_x_hat": _FLOAT,
    "fv_short_vol": _FLOAT,
    "fv_long_vol": _FLOAT,
    "sigma_eff": _FLOAT,
    "regime_ratio": _FLOAT,
    "shadow_spread_mult": _FLOAT,
    "shadow_size_mult": _FLOAT,
}
NESTED: dict[str, type[Struct]] = {"market_rx_stats": RxCounts, "tick_timing": Timing}
"""Objects of the record whose fields each become a column."""


def _list_of(kind: type) -> pa.ListType:
    return pa.list_(
        pa.struct([(name, _TEXT if hint == str | None else _FLOAT) for name, hint in get_type_hints(kind).items()])
    )


_LISTS = {
    "quote_levels": _list_of(QuoteLevel),
    "orders": _list_of(Order),
    "fills": _list_of(FillOrHedge),
    "exits": _list_of(ExitOrder),
    "hedges": _list_of(FillOrHedge),
    "risk_events": _list_of(RiskEvent),
    "reconcile_drift": _list_of(ReconcileDrift),
}
_ALL = pa.schema(
    [("line", INT), ("t", INT), ("at_ms", INT), ("names_no", INT)]
    + list(_VENUE_ARRAYS.items())
    + list(_SCALARS.items())
    + [(name, INT) for kind in NESTED.values() for name in kind.__struct_fields__]
    + list(_LISTS.items())
)
_AGES = pa.schema(list(_ALL)[: _ALL.get_field_index("venue_age_event_ms") + 1])
SCHEMAS: dict[Scope, pa.Schema] = {"all": _ALL, "ages": _AGES}
LINE_INDEX, NAMES_INDEX = _ALL.get_field_index("line"), _ALL.get_field_index("names_no")
"""Positions of the columns `line` and `names_no`, the same in both schemas."""
