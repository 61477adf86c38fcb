"""The telemetry record: the fields that are read from one line of `telemetry.jsonl`.

The format is contract v1 of the producer: one JSON object per tick, arrays indexed by venue, unknown keys allowed.
Producers write keys in sorted order. The fields stand in the same order, because the decoder looks for the next
declared field first.
"""

from __future__ import annotations

import msgspec

from toolkit.telemetry.lenient import lenient_json, valid_venue_names


class VenueName(msgspec.Struct, gc=False):
    """The id of the venue at one index of the venue arrays."""

    venue_index: int
    venue_id: str


class Guidance(msgspec.Struct, gc=False):
    """The block that carries the record's wall clock (epoch ms) and the venues' names.

    `venues` stays undecoded: a process never changes its venue order, so the names of most records are not needed.
    """

    as_of_ms: int | None = None
    venues: msgspec.Raw = msgspec.Raw()

    def venue_names(self) -> list[VenueName]:
        """Return the venues that the record names; an empty list if `venues` is absent or unusable."""
        try:
            return _decode_venue_names(self.venues) if len(memoryview(self.venues)) else []
        except (ValueError, RecursionError):
            return [VenueName(**each) for each in valid_venue_names(lenient_json(bytes(self.venues)))]


_decode_venue_names = msgspec.json.Decoder(list[VenueName]).decode


class RxCounts(msgspec.Struct, gc=False):
    """Events drained in this one tick by kind, delta caps hit, and events left after coalescing."""

    cap_hits: int | None = None
    drained: int | None = None
    funding_update: int | None = None
    l2_delta: int | None = None
    l2_snapshot: int | None = None
    out_market: int | None = None
    trade: int | None = None


class Timing(msgspec.Struct, gc=False):
    """Time spent in the tick, µs; `event_drain_us` and `engine_us` are cumulative from the tick's start."""

    engine_us: int | None = None
    event_drain_us: int | None = None
    order_tx_pending: int | None = None
    reconcile_us: int | None = None
    submit_us: int | None = None
    total_us: int | None = None


class QuoteLevel(msgspec.Struct, gc=False):
    """The quote that the market maker wants at one venue on one side; `size_final` is 0 where it wants none.

    Edge, half spread (`delta_final`) and the other terms are in USD, sizes in the base asset. A final size is
    `size_raw` reduced by the margin cap, the liquidation factor and the venue's size step.
    """

    basis_adj_usd: float | None = None
    delta_final: float | None = None
    edge_local: float | None = None
    funding_adj_usd: float | None = None
    inventory_term_usd: float | None = None
    size_final: float | None = None
    size_liq_factor: float | None = None
    size_margin_cap: float | None = None
    size_raw: float | None = None
    venue_id: str | None = None


class Order(msgspec.Struct, gc=False):
    """An order intent, or a venue's answer to one (`status` is `intent`, `ack` or `reject`)."""

    action: str | None = None
    status: str | None = None
    venue_id: str | None = None


class FillOrHedge(msgspec.Struct, gc=False):
    """A fill or a hedge; only its venue is read."""

    venue_id: str | None = None


class ExitOrder(msgspec.Struct, gc=False):
    """A decision to exit a position, with its expected edge in USD per unit of the base asset."""

    edge_final: float | None = None


class RiskEvent(msgspec.Struct, gc=False):
    """A change announced by the risk engine."""

    event_type: str | None = None


class ReconcileDrift(msgspec.Struct, gc=False):
    """A difference between a venue's account and the program's own record of it."""

    venue_id: str | None = None
    kind: str | None = None


class MarkedVenue(msgspec.Struct, gc=False):
    """A venue in the object `toolkit` of our own connectors; `injected` counts the books that were put in from REST."""

    injected: int | None = None


class OwnFields(msgspec.Struct, gc=False):
    """The object `toolkit`, which only our own connectors write; its venues have the order of the venue arrays."""

    stood_still_ms: int | None = None
    marked_venues: list[MarkedVenue] | None = msgspec.field(default=None, name="venues")


class AgeRecord(msgspec.Struct, gc=False):
    """The fields of a record from which ages and plateaus are computed."""

    t: int
    treasury_guidance: Guidance | None = None
    venue_age_ms: list[int | None] | None = None
    venue_age_event_ms: list[int | None] | None = None


class TelemetryRecord(AgeRecord, gc=False):
    """One tick of a run as its producer wrote it; None stands for an absent, null or unusable field."""

    dollar_delta_usd: float | None = None
    execution_mode: str | None = None
    exits: list[ExitOrder] | None = None
    fair_value: float | None = None
    fills: list[FillOrHedge] | None = None
    fv_available: bool | None = None
    fv_long_vol: float | None = None
    fv_short_vol: float | None = None
    healthy_venues_used_count: int | None = None
    hedge_delta_h_t: float | None = None
    hedges: list[FillOrHedge] | None = None
    kf_p: float | None = None
    kf_x_hat: float | None = None
    kill_reason: str | None = None
    kill_switch: bool | None = None
    market_rx_stats: RxCounts | None = None
    orders: list[Order] | None = None
    pnl_realised: float | None = None
    pnl_total: float | None = None
    q_global_tao: float | None = None
    quote_levels: list[QuoteLevel] | None = None
    reconcile_drift: list[ReconcileDrift] | None = None
    regime_ratio: float | None = None
    risk_events: list[RiskEvent] | None = None
    risk_regime: str | None = None
    shadow_size_mult: float | None = None
    shadow_spread_mult: float | None = None
    sigma_eff: float | None = None
    tick_timing: Timing | None = None
    toolkit: OwnFields | None = None
    venue_depth_near_mid_usd: list[float | None] | None = None
    venue_dist_liq_sigma: list[float | None] | None = None
    venue_funding_age_ms: list[int | None] | None = None
    venue_funding_rate_8h: list[float | None] | None = None
    venue_funding_status: list[str | None] | None = None
    venue_local_vol_short: list[float | None] | None = None
    venue_margin_available_usd: list[float | None] | None = None
    venue_margin_balance_usd: list[float | None] | None = None
    venue_margin_used_usd: list[float | None] | None = None
    venue_markout_ewma_usd_per_tao: list[float | None] | None = None
    venue_mid_usd: list[float | None] | None = None
    venue_spread_usd: list[float | None] | None = None
    venue_status: list[str | None] | None = None
    venue_toxicity: list[float | None] | None = None
    would_send_orders_count: int | None = None
