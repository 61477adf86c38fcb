"""The required and optional fields of contract v1, with their types.

An absent field is `UNSET`; null is a value, allowed only where the type includes None. Fields that are not declared
here are allowed, because later producers add some. Source: the producer's contract (schema version 1) and its code.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

SCHEMA_VERSION = 1

REQUIRED = frozenset(
    {
        "schema_version",
        "t",
        "pnl_realised",
        "pnl_unrealised",
        "pnl_total",
        "risk_regime",
        "kill_switch",
        "kill_reason",
        "q_global_tao",
        "dollar_delta_usd",
        "basis_usd",
    }
)
"""The fields that every record must hold."""

Regime = Literal["Normal", "Warning", "HardLimit"]
Mode = Literal["shadow", "paper", "testnet", "live"]
Status = Literal["Healthy", "Warning", "Disabled", "Stale"]
KillReason = Literal[
    "None",
    "PnlHardBreach",
    "DeltaHardBreach",
    "BasisHardBreach",
    "LiquidationDistanceBreach",
    "ReconciliationDrift",
    "CanaryLimitBreach",
    "StaleMarket",
    "StartupPnlBaselineBreach",
]
FundingSource = Literal["MarketDataWs", "MarketDataRest", "AccountSnapshot", "Derived", "Unknown"]
FundingStatus = Literal["Healthy", "Stale", "Unknown"]
SettlementKind = Literal["Oracle", "Mark", "Index", "UsdcOracleAdjusted", "Unknown"]
Count = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ContractVenue(msgspec.Struct, gc=False):
    """The id of the venue at one index of the `venue_*` arrays."""

    venue_index: int
    venue_id: str


class ContractGuidance(msgspec.Struct, gc=False):
    """The block that carries the record's wall clock (epoch ms) and the order of the venues."""

    as_of_ms: int
    venues: list[ContractVenue]
    as_of_tick: int | UnsetType = UNSET


class ContractRecord(msgspec.Struct, gc=False):
    """One record. Units: USD, ms, epoch ms, as in the field names; "tao" stands for the base asset of any market."""

    schema_version: int | UnsetType = UNSET
    t: Count | UnsetType = UNSET
    pnl_realised: float | UnsetType = UNSET
    pnl_unrealised: float | UnsetType = UNSET
    pnl_total: float | UnsetType = UNSET
    risk_regime: Regime | UnsetType = UNSET
    kill_switch: bool | UnsetType = UNSET
    kill_reason: KillReason | UnsetType = UNSET
    q_global_tao: float | UnsetType = UNSET
    dollar_delta_usd: float | UnsetType = UNSET
    basis_usd: float | UnsetType = UNSET
    basis_gross_usd: float | UnsetType = UNSET
    execution_mode: Mode | UnsetType = UNSET
    config_version_id: str | UnsetType = UNSET
    fv_available: bool | UnsetType = UNSET
    fair_value: float | UnsetType | None = UNSET
    sigma_eff: float | UnsetType = UNSET
    healthy_venues_used_count: Count | UnsetType = UNSET
    healthy_venues_used: list[int] | UnsetType = UNSET
    treasury_guidance: ContractGuidance | UnsetType = UNSET
    quote_levels: list[ContractVenue] | UnsetType = UNSET
    orders: list[dict[str, Any]] | UnsetType = UNSET
    fills: list[dict[str, Any]] | UnsetType = UNSET
    would_send_orders: list[dict[str, Any]] | UnsetType = UNSET
    would_send_orders_count: Count | UnsetType = UNSET
    would_send_orders_truncated: bool | UnsetType = UNSET
    market_rx_stats: dict[str, Count] | UnsetType = UNSET
    tick_timing: dict[str, int] | UnsetType = UNSET
    venue_status: list[Status] | UnsetType = UNSET
    venue_age_ms: list[int] | UnsetType = UNSET
    venue_age_event_ms: list[int] | UnsetType = UNSET
    venue_mid_usd: list[float] | UnsetType = UNSET
    venue_spread_usd: list[float] | UnsetType = UNSET
    venue_depth_near_mid_usd: list[float] | UnsetType = UNSET
    venue_toxicity: list[Share] | UnsetType = UNSET
    venue_position_tao: list[float | None] | UnsetType = UNSET
    venue_dist_liq_sigma: list[float | None] | UnsetType = UNSET
    venue_margin_balance_usd: list[float | None] | UnsetType = UNSET
    venue_margin_available_usd: list[float | None] | UnsetType = UNSET
    venue_margin_used_usd: list[float | None] | UnsetType = UNSET
    venue_funding_8h: list[float | None] | UnsetType = UNSET
    venue_funding_rate_8h: list[float | None] | UnsetType = UNSET
    venue_funding_age_ms: list[int | None] | UnsetType = UNSET
    venue_funding_interval_sec: list[int | None] | UnsetType = UNSET
    venue_next_funding_ms: list[int | None] | UnsetType = UNSET
    venue_funding_source: list[FundingSource] | UnsetType = UNSET
    venue_funding_status: list[FundingStatus] | UnsetType = UNSET
    venue_funding_settlement_price_kind: list[SettlementKind] | UnsetType = UNSET
    venue_local_vol_short: list[float | None] | UnsetType = UNSET
    venue_local_vol_long: list[float | None] | UnsetType = UNSET
    venue_maker_volume: list[float | None] | UnsetType = UNSET
    venue_taker_volume: list[float | None] | UnsetType = UNSET
    venue_fill_rate: list[float | None] | UnsetType = UNSET
    venue_markout_ewma_usd_per_tao: list[float | None] | UnsetType = UNSET


def convert_record(record: dict[str, Any]) -> tuple[ContractRecord, list[str]]:
    """Convert the known fields to the contract's types; return the record and one message per field of another type.

    A field of the wrong type is left `UNSET`.
    """
    try:
        return msgspec.convert(record, ContractRecord), []
    except msgspec.ValidationError:
        pass
    valid: dict[str, Any] = {}
    errors = []
    for name in ContractRecord.__struct_fields__:
        if name in record:
            try:
                valid[name] = getattr(msgspec.convert({name: record[name]}, ContractRecord), name)
            except msgspec.ValidationError as error:
                errors.append(str(error))
    return ContractRecord(**valid), errors
