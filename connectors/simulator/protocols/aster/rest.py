"""REST responses of Aster futures, and the list of spot markets; errors have their own codes and HTTP status 400."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.simulator.market import MarketTrade
from connectors.simulator.messages import HttpResponse, Request
from connectors.simulator.protocols.aster.figures import INTERVALS, Day, bars, next_funding_ms, quote, rate
from connectors.simulator.protocols.base import MarketState, http_error
from connectors.simulator.protocols.candles import Candle
from connectors.venues.frames import BookSide, Json

PATH = re.compile(r"/(?P<api>fapi|api)/v[13]/(?P<name>[\w/]+)")
WEIGHT_PER_MINUTE = 2_400
DEPTHS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1_000: 20}
"""Limits that the order book can be asked with, and the weight of each."""

KLINES = 500
"""Number of candles without a limit in the request."""

MOST_KLINES = 1_500


def error(status: int, code: int, text: str) -> HttpResponse:
    """Return an error of the venue."""
    return http_error(status, {"code": code, "msg": text})


def too_many_requests(wait_s: int, banned_until_ms: int | None) -> HttpResponse:
    """Return the response to a request above the limit (429), or to one during a ban (418)."""
    if banned_until_ms is None:
        text = f"Too many requests; current limit is {WEIGHT_PER_MINUTE} requests per minute. Please use the websocket"
        refusal = error(429, -1003, f"{text} for live updates to avoid polling the API.")
    else:
        text = f"Way too many requests; IP banned until {banned_until_ms}. Please use the websocket for live updates"
        refusal = error(418, -1003, f"{text} to avoid bans.")
    return replace(refusal, headers=(("Retry-After", str(wait_s)),))


def weight(request: Request) -> int:
    """Return the weight of a request."""
    found = PATH.search(request.path)
    limit = request.query.get("limit", "")
    number = int(limit) if limit.isdecimal() and len(limit) < 5 else KLINES
    match found["name"] if found else "":
        case "depth":
            return DEPTHS.get(number, 1)
        case "klines":
            return 1 if number < 100 else 2 if number < 500 else 5 if number <= 1_000 else 10
        case "ticker/24hr" if "symbol" not in request.query:
            return 40
        case "ticker/price" | "ticker/bookTicker" if "symbol" not in request.query:
            return 2
        case "aggTrades" | "historicalTrades":
            return 20
        case _:
            return 1


def response(request: Request, state: MarketState) -> Json | HttpResponse | None:
    """Return the response to a GET request of market data; None for another path or method."""
    found = PATH.fullmatch(request.path)
    if found is None or request.method != "GET":
        return None
    if found["api"] == "api":
        return _spot(found["name"], state)
    symbol = request.query.get("symbol")
    if symbol is not None and symbol != state.symbol:
        return error(400, -1121, "Invalid symbol.")
    if (without_symbol := GENERAL.get(found["name"])) is not None:
        return without_symbol(state)
    if (of_all := OF_ALL.get(found["name"])) is not None:
        return of_all(state) if symbol else [of_all(state)]
    if (of_one := OF_ONE.get(found["name"])) is None:
        return None
    if symbol is None:
        return error(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    return of_one(request.query, state)


# --- about one market -------------------------------------------------------------------------------------------------


def _depth(query: Mapping[str, str], state: MarketState) -> Json | HttpResponse:
    limit = query.get("limit", "500")
    if limit not in map(str, DEPTHS):
        return error(400, -4021, f"'{limit}' is not valid depth limit.")
    bids, asks = state.levels(int(limit))
    return {"lastUpdateId": state.number, "E": state.wall_ms, "T": state.wall_ms - 3, "bids": bids, "asks": asks}


def _klines(query: Mapping[str, str], state: MarketState) -> Json | HttpResponse:
    interval = query.get("interval", "")
    if interval not in INTERVALS:
        return error(400, -1120, "Invalid interval.")
    limit = query.get("limit", str(KLINES))
    if not limit.isdecimal() or not 0 < int(limit[:9]) <= MOST_KLINES:
        return error(400, -1130, "Data sent for parameter 'limit' is not valid.")
    return [_kline(bar, INTERVALS[interval], state) for bar in bars(state, interval, int(limit))]


def _kline(bar: Candle, length_ms: int, state: MarketState) -> list[Any]:
    price, size = state.precision.price, state.precision.size
    return [
        bar.opened_ms,
        *map(price, (bar.open, bar.high, bar.low, bar.close)),
        size(bar.lots),
        bar.opened_ms + length_ms - 1,
        quote(state, bar.notional),
        bar.trades,
        size(bar.bought_lots),
        quote(state, bar.bought_notional),
        "0",
    ]


def _trades(_query: Mapping[str, str], state: MarketState) -> Json:
    return [
        {
            "id": trade.number,
            "price": state.precision.price(trade.price),
            "qty": state.precision.size(trade.lots),
            "quoteQty": quote(state, trade.price * trade.lots),
            "time": trade.at_ms,
            "isBuyerMaker": trade.taker is BookSide.SELL,
        }
        for trade in state.history.trades
    ]


def _aggregate_trades(_query: Mapping[str, str], state: MarketState) -> Json:
    return [aggregate_trade(trade, state) for trade in state.history.trades]


def aggregate_trade(trade: MarketTrade, state: MarketState) -> dict[str, Any]:
    """Return a trade as the venue lists it and as its stream sends it; every trade here is one of its own."""
    return {
        "a": trade.number,
        "p": state.precision.price(trade.price),
        "q": state.precision.size(trade.lots),
        "f": trade.number,
        "l": trade.number,
        "T": trade.at_ms,
        "m": trade.taker is BookSide.SELL,
    }


# --- about one market, or a list of all -------------------------------------------------------------------------------


def _premium(state: MarketState) -> dict[str, Any]:
    mid = state.mid()
    return {
        "symbol": state.symbol,
        "markPrice": mid,
        "indexPrice": mid,
        "estimatedSettlePrice": mid,
        "lastFundingRate": rate(state),
        "nextFundingTime": next_funding_ms(state),
        "interestRate": "0.00010000",
        "time": state.wall_ms,
    }


def _day(state: MarketState) -> dict[str, Any]:
    return {"symbol": state.symbol, **Day(state).by_name()}


def _price(state: MarketState) -> dict[str, Any]:
    return {"symbol": state.symbol, "price": Day(state).by_name()["lastPrice"], "time": state.wall_ms}


def _best(state: MarketState) -> dict[str, Any]:
    bid, ask = (side[0] if side else ["0", "0"] for side in state.levels(1))
    best = {"bidPrice": bid[0], "bidQty": bid[1], "askPrice": ask[0], "askQty": ask[1]}
    return {"symbol": state.symbol, **best, "time": state.wall_ms}


# --- about the venue --------------------------------------------------------------------------------------------------


def _exchange(state: MarketState) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": state.wall_ms,
        "rateLimits": _rate_limits(WEIGHT_PER_MINUTE),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "0"}],
        "symbols": [_market(state)],
    }


def _spot(name: str, state: MarketState) -> Json | None:
    """Return a response of the spot interface: the simulated venue lists no spot market."""
    match name:
        case "exchangeInfo":
            limits = {"rateLimits": _rate_limits(6_000), "exchangeFilters": [], "assets": [{"asset": "USDT"}]}
            return {"timezone": "UTC", "serverTime": state.wall_ms, **limits, "symbols": []}
        case "ping":
            return {}
        case "time":
            return {"serverTime": state.wall_ms}
        case _:
            return None


def _rate_limits(weight: int) -> list[dict[str, Any]]:
    return [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight}]


def _market(state: MarketState) -> dict[str, Any]:
    precision = state.precision
    least, tick = precision.size(1), precision.price(precision.step)
    return {
        "symbol": state.symbol,
        "pair": state.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": 1_627_628_400_000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": state.base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": precision.price_decimals,
        "quantityPrecision": precision.size_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.1500",
        "liquidationFee": "0.025000",
        "marketTakeBound": "0.05",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": least, "maxQty": "10000", "stepSize": least},
            {"filterType": "MARKET_LOT_SIZE", "minQty": least, "maxQty": "1000", "stepSize": least},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.0500",
                "multiplierDown": "0.9500",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "HIDDEN"],
    }


GENERAL: Mapping[str, Callable[[MarketState], Json]] = {
    "ping": lambda _state: {},
    "time": lambda state: {"serverTime": state.wall_ms},
    "exchangeInfo": _exchange,
}
OF_ALL: Mapping[str, Callable[[MarketState], Json]] = {
    "premiumIndex": _premium,
    "ticker/24hr": _day,
    "ticker/price": _price,
    "ticker/bookTicker": _best,
}
OF_ONE: Mapping[str, Callable[[Mapping[str, str], MarketState], Json | HttpResponse]] = {
    "depth": _depth,
    "klines": _klines,
    "trades": _trades,
    "aggTrades": _aggregate_trades,
}
