"""REST paths of Lighter below `/api/v1`, as version 1.1.8 of its Python SDK reads them."""

from __future__ import annotations

from typing import Any

from connectors.simulator.market import MarketTrade, fixed_point
from connectors.simulator.messages import HttpResponse, Request
from connectors.simulator.protocols.base import MarketState
from connectors.simulator.protocols.lighter import errors, figures
from connectors.simulator.protocols.lighter.figures import MARKET_ID, RESOLUTIONS
from connectors.venues.frames import Json

BASE_ASSET, QUOTE_ASSET = 1, 3
LISTED_MS = 1_737_000_000_000
MOST_ROWS = 250


def response(name: str, request: Request, state: MarketState) -> Json | HttpResponse | None:
    """Return the response to a GET of a path; None if there is no such path. Raises ValueError for a wrong number."""
    query = request.query
    of_market = query.get("market_id") == str(MARKET_ID)
    rows = min(int(query.get("limit", str(MOST_ROWS))), MOST_ROWS)
    found: dict[str, Any]
    match name:
        case "assetDetails":
            found = {"asset_details": _assets(state)}
        case "orderBooks":
            found = {"order_books": [_market(state)]}
        case "orderBookDetails":
            found = {"order_book_details": [_market_details(state)], "spot_order_book_details": []}
        case "orderBookOrders" if of_market:
            found = _orders(state, rows)
        case "recentTrades" if of_market:
            trades = list(state.history.trades)[-rows:]
            found = {"trades": [_full_trade(trade, state) for trade in reversed(trades)]}
        case "candles" if of_market and query.get("resolution") not in RESOLUTIONS:
            return errors.rest_error(400, *errors.INVALID_RESOLUTION)
        case "candles" if of_market:
            found = _candles(query["resolution"], int(query.get("count_back", "500")), state)
        case "orderBookOrders" | "recentTrades" | "candles":
            return errors.rest_error(400, *errors.INVALID_PARAMETER)
        case "funding-rates":
            rate = float(fixed_point(state.funding_ppb, 9))
            row = {"market_id": MARKET_ID, "exchange": "lighter", "symbol": state.base, "rate": rate}
            found = {"funding_rates": [row]}
        case "exchangeStats":
            found = _exchange_stats(state)
        case "currentHeight":
            found = {"height": figures.height(state.wall_ms)}
        case _:
            return None
    return {"code": 200, **found}


def _assets(state: MarketState) -> list[dict[str, Any]]:
    base = {"asset_id": BASE_ASSET, "symbol": state.base, "l1_decimals": 18, "decimals": 8, "index_price": state.mid()}
    quote = {"asset_id": QUOTE_ASSET, "symbol": "USDC", "l1_decimals": 6, "decimals": 6, "index_price": "1.000000"}
    common = {
        "min_transfer_amount": "1.000000",
        "min_withdrawal_amount": "1.000000",
        "margin_mode": "enabled",
        "l1_address": f"0x{0:040x}",
        "global_supply_cap": "0.000000",
        "liquidation_fee": "0.0000",
        "liquidation_threshold": "1.0000",
        "loan_to_value": "1.0000",
        "price_decimals": 6,
        "total_supplied": "0.000000",
        "user_supply_cap": "0.000000",
        "liquidation_factor": "1.0000",
        "multiplier": "1",
    }
    return [base | common, quote | common]


def _market(state: MarketState) -> dict[str, Any]:
    return {
        "symbol": state.base,
        "market_id": MARKET_ID,
        "market_type": "perp",
        "base_asset_id": 0,
        "quote_asset_id": 0,
        "status": "active",
        "taker_fee": "0.0000",
        "maker_fee": "0.0000",
        "liquidation_fee": "1.0000",
        "min_base_amount": "0.0050",
        "min_quote_amount": "10.000000",
        "order_quote_limit": "281474976.710655",
        "supported_size_decimals": state.precision.size_decimals,
        "supported_price_decimals": state.precision.price_decimals,
        "supported_quote_decimals": 6,
        "is_maker_fee_enabled": True,
        "is_taker_fee_enabled": True,
        "created_at": str(LISTED_MS),
        "multiplier": "1",
        "start_timestamp": 0,
        "end_timestamp": 0,
        "settlement_type": 0,
        "settlement_price": 0,
        "settlement_cap": 0,
        "outcome": 0,
        "default_price": 0,
        "operator_account_index": 0,
        "is_frozen": False,
        "open_interest": "1000.000000",
    }


def _market_details(state: MarketState) -> dict[str, Any]:
    mid = state.mid()
    return {
        **_market(state),
        "size_decimals": state.precision.size_decimals,
        "price_decimals": state.precision.price_decimals,
        "quote_multiplier": 1,
        "default_initial_margin_fraction": 500,
        "min_initial_margin_fraction": 200,
        "maintenance_margin_fraction": 120,
        "closeout_margin_fraction": 80,
        "last_trade_price": float(figures.last_price(state)),
        "daily_trades_count": state.history.trade_candles.day().trades,
        **figures.daily(state),
        "open_interest": 1_000.0,
        "daily_chart": {},
        "market_config": {
            "market_margin_mode": 0,
            "insurance_fund_account_index": 281_474_976_710_655,
            "liquidation_mode": 0,
            "force_reduce_only": False,
            "trading_hours": "",
            "hidden": False,
            "rfq_enabled": False,
        },
        "strategy_index": 0,
        "funding_clamp_small": "0.0500",
        "funding_clamp_big": "4.0000",
        "base_interest_rate": "0.0100",
        "mark_price": mid,
        "index_price": mid,
        "market_flags": 0,
        "funding_premium_multiplier": 100,
    }


def _orders(state: MarketState, limit: int) -> dict[str, Any]:
    """Encode the book as single orders; each level is split into two orders, so that a reader must add them up."""
    bids, asks = (
        [_order(price, lots, state) for price, total in side for lots in (total // 3, total - total // 3)][:limit]
        for side in state.book.top()
    )
    return {"total_asks": len(asks), "asks": asks, "total_bids": len(bids), "bids": bids}


def _order(price: int, lots: int, state: MarketState) -> dict[str, Any]:
    amount, number = state.precision.size(lots), price * 100_000 + lots
    return {
        "order_index": number,
        "order_id": str(number),
        "owner_account_index": 1,
        "initial_base_amount": amount,
        "remaining_base_amount": amount,
        "price": state.precision.price(price),
        "order_expiry": state.wall_ms + 86_400_000,
        "transaction_time": 0,
    }


def _full_trade(trade: MarketTrade, state: MarketState) -> dict[str, Any]:
    """Encode a trade with the fields that only REST responses carry; they are those of accounts without positions."""
    row = figures.trade(trade, state)
    sides = {
        f"{side}_{name}": value
        for side in ("taker", "maker")
        for name, value in {
            "position_size_before": state.precision.size(0),
            "entry_quote_before": "0.000000",
            "initial_margin_fraction_before": 0,
            "position_sign_changed": False,
            "allocated_margin_usdc_before": 0,
            "allocated_margin_usdc_after": 0,
        }.items()
    }
    integrators = {
        f"integrator_{side}_fee{part}": 0 for side in ("maker", "taker") for part in ("", "_collector_index")
    }
    orders: dict[str, Any] = {}
    for side in ("ask", "bid"):
        orders |= {f"{side}_client_id_str": str(row[f"{side}_client_id"]), f"{side}_order_version": 1}
        orders[f"{side}_account_pnl"] = "0.000000"
    return {**row, **sides, **integrators, **orders, "market_symbol": state.base, "market_kind": "perps"}


def _candles(resolution: str, count: int, state: MarketState) -> dict[str, Any]:
    bars = state.history.trade_candles.bars(RESOLUTIONS[resolution], min(count, 500))
    return {"r": resolution, "c": [figures.candle(bar, state) for bar in bars]}


def _exchange_stats(state: MarketState) -> dict[str, Any]:
    day, count = figures.daily(state), state.history.trade_candles.day().trades
    names = ("daily_base_token_volume", "daily_quote_token_volume", "daily_price_change")
    row = {
        "symbol": state.base,
        "last_trade_price": float(figures.last_price(state)),
        "daily_trades_count": count,
        **{name: day[name] for name in names},
    }
    totals = {"daily_usd_volume": day["daily_quote_token_volume"], "daily_trades_count": count}
    return {"total": 1, "order_book_stats": [row], **totals}
