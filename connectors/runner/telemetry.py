"""A tick as a record of telemetry contract v1: the names and units that readers of the contract know.

What a connector that places no orders cannot know (a volatility, a Kalman state, margins) is left out; what it knows to
be nothing (orders, positions, profit) is written as nothing. What only this producer says stands in the object
`toolkit`. Decimal numbers become floats here and nowhere before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

import msgspec

from connectors.runner.health import VenueAges, status, toxicity
from connectors.runner.market_state import MarketView
from connectors.runner.tick import RxStats
from connectors.session.events import BookFlaws, EventSource
from toolkit.model.vocabulary import VenueStatus

CADENCE_TICKS = 60
FUNDING_STALE_MS = 60_000
EIGHT_HOURS_S = 28_800
NO_LIQUIDATION = 10.0
"""The distance to liquidation, in standard deviations, that the contract gives a venue without a position."""

_encode = msgspec.json.Encoder(order="sorted").encode
_SOURCES = {EventSource.REST: "MarketDataRest"}


@dataclass(frozen=True, slots=True)
class TickTiming:
    """When a tick's phases ended, in microseconds from its begin, as the contract counts them."""

    drained_us: int
    applied_us: int
    total_us: int


@dataclass(frozen=True, slots=True)
class VenueSnapshot:
    """A venue at one tick: what the runner has of it, its ages and its status."""

    view: MarketView
    ages: VenueAges
    status: VenueStatus
    toxicity: float

    @classmethod
    def at(cls, view: MarketView, now_ms: int, now_unix_ms: int, fresh_ms: int, catastrophic_ms: int) -> VenueSnapshot:
        """Look at a venue; `fresh_ms` and `catastrophic_ms` as `connectors.health` takes them."""
        ages = view.ages(now_ms, now_unix_ms)
        return cls(view, ages, status(ages, fresh_ms, catastrophic_ms), toxicity(ages, catastrophic_ms))


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick of the runner; `toolkit` is this producer's own word, `rx` None where it is not asked for."""

    t: int
    unix_ms: int
    config: str
    venues: Sequence[VenueSnapshot]
    timing: TickTiming
    rx: RxStats | None
    toolkit: Mapping[str, Any]


def encode_tick(tick: Tick) -> bytes:
    """The record with its newline, keys in the order of their bytes."""
    return _encode(_head(tick) | _market(tick) | _funding(tick) | _of_no_orders(len(tick.venues))) + b"\n"


def _head(tick: Tick) -> dict[str, Any]:
    timing = tick.timing
    record: dict[str, Any] = {
        "schema_version": 1,
        "t": tick.t,
        "execution_mode": "shadow",
        "config_version_id": tick.config,
        "treasury_guidance": _guidance(tick),
        "tick_timing": {
            "reconcile_us": 0,
            "event_drain_us": timing.drained_us,
            "engine_us": timing.applied_us,
            "submit_us": 0,
            "total_us": timing.total_us,
            "total_ms": timing.total_us // 1_000,
            "order_tx_pending": 0,
        },
        "toolkit": tick.toolkit,
    }
    return record if tick.rx is None else record | {"market_rx_stats": tick.rx.as_dict()}


def _guidance(tick: Tick) -> dict[str, Any]:
    return {
        "as_of_ms": tick.unix_ms,
        "as_of_tick": tick.t,
        "cadence_ticks": CADENCE_TICKS,
        "emit": tick.t % CADENCE_TICKS == 0,
        "samples": tick.t + 1,
        "venues": [{"venue_index": at, "venue_id": seen.view.venue} for at, seen in enumerate(tick.venues)],
        "recommendations": [],
    }


def _market(tick: Tick) -> dict[str, Any]:
    seen = tick.venues
    healthy = [at for at, each in enumerate(seen) if each.status is VenueStatus.HEALTHY]
    mids = [seen[at].view.mid for at in healthy]
    return {
        "venue_mid_usd": [float(each.view.mid) for each in seen],
        "venue_spread_usd": [float(each.view.spread) for each in seen],
        "venue_depth_near_mid_usd": [float(each.view.depth) for each in seen],
        "venue_status": [each.status.value for each in seen],
        "venue_toxicity": [each.toxicity for each in seen],
        "venue_age_ms": [each.ages.apply_age_ms for each in seen],
        "venue_age_event_ms": [each.ages.event_age_ms for each in seen],
        "healthy_venues_used": healthy,
        "healthy_venues_used_count": len(healthy),
        "fv_available": bool(mids),
        "fair_value": float(median(mids)) if mids else None,
    }


def _funding(tick: Tick) -> dict[str, Any]:
    views = [each.view for each in tick.venues]
    rates = [_rate_8h(view) for view in views]
    ages = [view.funding_age_ms(tick.unix_ms) for view in views]
    return {
        "venue_funding_8h": [rate or 0.0 for rate in rates],
        "venue_funding_rate_8h": rates,
        "venue_funding_age_ms": ages,
        "venue_funding_interval_sec": [view.funding and view.funding.interval_s for view in views],
        "venue_next_funding_ms": [view.funding and view.funding.next_ms for view in views],
        "venue_funding_source": [
            "Unknown" if view.funding_source is None else _SOURCES.get(view.funding_source, "MarketDataWs")
            for view in views
        ],
        "venue_funding_status": [
            "Unknown" if age is None else "Healthy" if age <= FUNDING_STALE_MS else "Stale" for age in ages
        ],
        "venue_funding_settlement_price_kind": ["Unknown"] * len(views),
    }


def _rate_8h(view: MarketView) -> float | None:
    """The rate over eight hours; one of no known interval is taken as it is."""
    if view.funding is None:
        return None
    interval_s = view.funding.interval_s
    return float(view.funding.rate if not interval_s else view.funding.rate * Decimal(EIGHT_HOURS_S) / interval_s)


def _of_no_orders(venues: int) -> dict[str, Any]:
    """The part of the contract that tells of trading, of a producer that trades nothing."""
    return {
        "pnl_realised": 0.0,
        "pnl_unrealised": 0.0,
        "pnl_total": 0.0,
        "risk_regime": "Normal",
        "kill_switch": False,
        "kill_reason": "None",
        "q_global_tao": 0.0,
        "dollar_delta_usd": 0.0,
        "basis_usd": 0.0,
        "basis_gross_usd": 0.0,
        "hedge_x_t": 0.0,
        "hedge_delta_h_t": 0.0,
        "would_send_orders_count": 0,
        "would_send_orders_truncated": False,
        **{name: [] for name in _EMPTY_LISTS},
        **{name: [0.0] * venues for name in ("venue_position_tao", "venue_maker_volume", "venue_taker_volume")},
        "venue_dist_liq_sigma": [NO_LIQUIDATION] * venues,
    }


_EMPTY_LISTS = ("quote_levels", "orders", "would_send_orders", "fills", "exits", "hedges", "risk_events")


def flaw_names(flaws: BookFlaws) -> list[str]:
    """What is wrong with a book's top, by name."""
    return [flaw.name.lower() for flaw in flaws if flaw.name]
