"""Encode a tick as a record of telemetry contract v1, with the names and units of the contract.

A producer without an account and without orders writes 0 for balances, positions and rates of fills, and empty lists of
orders. It computes no quotes and leaves out their factors; `runbooks/telemetry-fields.md` lists all fields. Fields of
this producer alone are in the object `toolkit`. Decimal numbers become floats only here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

import msgspec

from connectors.runner.health import NEVER, VenueAges, status, toxicity
from connectors.runner.market_state import MarketView
from connectors.runner.tick import RxStats
from connectors.session.events import BookFlaws, EventSource
from toolkit.model.vocabulary import VenueStatus

CADENCE_TICKS = 60
FUNDING_STALE_MS = 60_000
EIGHT_HOURS_S = 28_800
NO_LIQUIDATION = 10.0
"""Distance to liquidation of a venue without a position, in standard deviations, as the contract defines it."""

_encode = msgspec.json.Encoder(order="sorted").encode
_SOURCES = {EventSource.REST: "MarketDataRest"}


@dataclass(frozen=True, slots=True)
class TickTiming:
    """Times at which the phases of a tick ended, in microseconds since its start, as the contract defines them."""

    drained_us: int
    applied_us: int
    total_us: int


@dataclass(frozen=True, slots=True)
class VenueSnapshot:
    """State of a venue at one tick: its market data, their ages in ms, and its status; `toxicity` is 0.0 or 1.0.

    `injected_age_ms` is the time since the REST monitor last injected a book, `NEVER` if it did not.
    """

    view: MarketView
    ages: VenueAges
    status: VenueStatus
    toxicity: float
    injected_age_ms: int = NEVER

    @classmethod
    def at(cls, view: MarketView, now_ms: int, now_unix_ms: int, fresh_ms: int, catastrophic_ms: int) -> VenueSnapshot:
        """Take the snapshot of a venue; the limits `fresh_ms` and `catastrophic_ms` are those of `health.status`."""
        ages = view.ages(now_ms, now_unix_ms)
        injected_age_ms = NEVER if view.injected_ms is None else now_ms - view.injected_ms
        return cls(
            view, ages, status(ages, fresh_ms, catastrophic_ms), toxicity(ages, catastrophic_ms), injected_age_ms
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick of the runner, numbered `t` from 0.

    `config` is the configuration version, `venues` are in the order of the telemetry arrays, `rx_stats` is None if the
    statistics are off, `toolkit` has the fields of this producer alone, and `model` those of the models of prices.
    """

    t: int
    unix_ms: int
    config: str
    venues: Sequence[VenueSnapshot]
    timing: TickTiming
    rx_stats: RxStats | None
    toolkit: Mapping[str, Any]
    model: Mapping[str, float | list[float | None]] = field(default_factory=dict)


def fair_value(venues: Sequence[VenueSnapshot]) -> float | None:
    """Return the median mid of the healthy venues, None without one."""
    mids = [each.view.mid for each in venues if each.status is VenueStatus.HEALTHY]
    return float(median(mids)) if mids else None


def encode_tick(tick: Tick) -> bytes:
    """Return the record of a tick as a line of JSON with its newline; keys are sorted by their bytes."""
    return _encode(_head(tick) | _market(tick) | _funding(tick) | _trading(len(tick.venues))) + b"\n"


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
        **tick.model,
    }
    return record if tick.rx_stats is None else record | {"market_rx_stats": tick.rx_stats.as_dict()}


def _guidance(tick: Tick) -> dict[str, Any]:
    return {
        "as_of_ms": tick.unix_ms,
        "as_of_tick": tick.t,
        "cadence_ticks": CADENCE_TICKS,
        "emit": tick.t % CADENCE_TICKS == 0,
        "samples": tick.t + 1,
        "venues": [{"venue_index": index, "venue_id": venue.view.venue} for index, venue in enumerate(tick.venues)],
        "recommendations": [],
    }


def _market(tick: Tick) -> dict[str, Any]:
    venues = tick.venues
    healthy = [index for index, each in enumerate(venues) if each.status is VenueStatus.HEALTHY]
    fair = fair_value(venues)
    return {
        "venue_mid_usd": [float(each.view.mid) for each in venues],
        "venue_spread_usd": [float(each.view.spread) for each in venues],
        "venue_depth_near_mid_usd": [float(each.view.depth) for each in venues],
        "venue_status": [each.status.value for each in venues],
        "venue_toxicity": [each.toxicity for each in venues],
        "venue_age_ms": [each.ages.apply_age_ms for each in venues],
        "venue_age_event_ms": [each.ages.event_age_ms for each in venues],
        "healthy_venues_used": healthy,
        "healthy_venues_used_count": len(healthy),
        "fv_available": fair is not None,
        "fair_value": fair,
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
    """Return the funding rate per eight hours, None without a rate; a rate of unknown interval is not converted."""
    if view.funding is None:
        return None
    interval_s = view.funding.interval_s
    return float(view.funding.rate if not interval_s else view.funding.rate * Decimal(EIGHT_HOURS_S) / interval_s)


def _trading(venues: int) -> dict[str, Any]:
    """Return the trading fields of the contract for a producer that places no orders."""
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
        **{name: [0.0] * venues for name in _ZERO_WITHOUT_ACCOUNT},
        "venue_dist_liq_sigma": [NO_LIQUIDATION] * venues,
    }


_ZERO_WITHOUT_ACCOUNT = (
    "venue_position_tao", "venue_maker_volume", "venue_taker_volume", "venue_fill_rate",
    "venue_markout_ewma_usd_per_tao", "venue_margin_balance_usd", "venue_margin_used_usd", "venue_margin_available_usd",
)  # fmt: skip
_EMPTY_LISTS = ("quote_levels", "orders", "would_send_orders", "fills", "exits", "hedges", "risk_events")


def flaw_names(flaws: BookFlaws) -> list[str]:
    """Return the names of a book's flaws, in lower case."""
    return [flaw.name.lower() for flaw in flaws if flaw.name]
