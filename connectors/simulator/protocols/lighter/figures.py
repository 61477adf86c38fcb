"""Figures that Lighter gives of a market on the socket and by REST: trades, candles, daily statistics, funding."""

from __future__ import annotations

from typing import Any

from connectors.simulator.market import MarketTrade, fixed_point
from connectors.simulator.protocols.base import MarketState
from connectors.simulator.protocols.candles import MINUTE_MS, Candle
from connectors.venues.frames import BookSide

MARKET_ID = 0
HOUR_MS = 60 * MINUTE_MS
BLOCK_MS = 6_000
RESOLUTIONS = {
    name: minutes * MINUTE_MS
    for name, minutes in {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240, "12h": 720, "1d": 1_440}.items()
}
FIRST_ASK_ID, LAST_BID_ID = 1 << 48, (1 << 49) - 1
"""Ids of asks count up from the first, those of bids down from the second."""
MAKER_FEE, TAKER_FEE = 28, 196
"""Fees of premium accounts in millionths; a fee of zero is left out."""


def height(at_ms: int) -> int:
    """Return the number of the venue's block at a Unix time in ms."""
    return at_ms // BLOCK_MS


def trade(each: MarketTrade, state: MarketState) -> dict[str, Any]:
    """Encode a trade; every fourth taker pays a fee."""
    decimals = state.precision.price_decimals + state.precision.size_decimals
    ask, bid = FIRST_ASK_ID + each.number, LAST_BID_ID - each.number
    taker_fee = {} if each.number % 4 else {"taker_fee": TAKER_FEE}
    return {
        "trade_id": each.number,
        "trade_id_str": str(each.number),
        "tx_hash": f"{each.number:016x}",
        "type": "trade",
        "market_id": MARKET_ID,
        "size": state.precision.size(each.lots),
        "price": state.precision.price(each.price),
        "usd_amount": fixed_point(each.price * each.lots, decimals),
        "ask_id": ask,
        "ask_id_str": str(ask),
        "bid_id": bid,
        "bid_id_str": str(bid),
        "ask_client_id": each.number % 1_000_003,
        "bid_client_id": 0,
        "ask_account_id": 1_000 + each.number % 89,
        "bid_account_id": 2_000 + each.number % 97,
        "is_maker_ask": each.taker is BookSide.BUY,
        "block_height": height(each.at_ms),
        "timestamp": each.at_ms,
        **taker_fee,
        "maker_fee": MAKER_FEE,
        "transaction_time": each.at_ms * 1_000,
    }


def candle(bar: Candle, state: MarketState) -> dict[str, Any]:
    """Encode a candle; its prices and volumes are JSON numbers."""
    price, size = state.precision.price, state.precision.size
    notional = fixed_point(bar.notional, state.precision.price_decimals + state.precision.size_decimals)
    prices = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
    numbers = {name: float(price(points)) for name, points in prices.items()}
    return {"t": bar.opened_ms, **numbers, "v": float(size(bar.lots)), "V": float(notional), "i": bar.last_trade}


def daily(state: MarketState) -> dict[str, float]:
    """Encode the figures of the last 24 hours; the price change is in percent."""
    bar, decimals = state.history.trade_candles.day(), state.precision.price_decimals + state.precision.size_decimals
    change = (bar.close - bar.open) * 100 / bar.open if bar.open else 0.0
    return {
        "daily_base_token_volume": float(state.precision.size(bar.lots)),
        "daily_quote_token_volume": float(fixed_point(bar.notional, decimals)),
        "daily_price_low": float(state.precision.price(bar.low)),
        "daily_price_high": float(state.precision.price(bar.high)),
        "daily_price_change": change,
    }


def market_stats(state: MarketState) -> dict[str, Any]:
    """Encode the market statistics; funding rates of the stream are in percent, those of REST are fractions."""
    rate, mid, (bid, ask) = fixed_point(state.funding_ppb, 7), state.mid(), state.best()
    return {
        "symbol": state.base,
        "market_id": MARKET_ID,
        "index_price": mid,
        "mark_price": mid,
        "mid_price": mid,
        "best_ask_price": ask,
        "best_bid_price": bid,
        "open_interest": "1000.000000",
        "open_interest_limit": "72057594037927936.000000",
        "funding_clamp_small": "0.0500",
        "funding_clamp_big": "4.0000",
        "last_trade_price": last_price(state),
        "current_funding_rate": rate,
        "funding_rate": rate,
        "funding_timestamp": state.wall_ms // HOUR_MS * HOUR_MS,
        **daily(state),
        "base_interest_rate": "0.0100",
        "premium": "0.0000",
    }


def last_price(state: MarketState) -> str:
    """Return the price of the last trade as text, the mid price before the first."""
    trades = state.history.trades
    return state.precision.price(trades[-1].price) if trades else state.mid()
