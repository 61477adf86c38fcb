"""REST paths of Extended below `/api/v1/info`, as version 2.6.0 of its Python SDK (x10) reads them."""

from __future__ import annotations

from typing import Any

from connectors.simulator.market import fixed_point
from connectors.simulator.messages import HttpResponse, Request
from connectors.simulator.protocols.base import MarketState, http_error
from connectors.simulator.protocols.extended import streams
from connectors.simulator.protocols.extended.streams import INTERVALS_MIN, V1_CANDLES
from connectors.venues.frames import Json

HOUR_MS = 3_600_000
LISTED_MS = 1_752_829_532_673
MOST_CANDLES = 10_000

BAD_REQUEST = 400, "Invalid or missing parameters"
NOT_FOUND = 404, "Not found"
RATE_LIMIT = 429, "Rate limit exceeded"
ASSET_NOT_FOUND = 1_000, "Asset not found"
MARKET_NOT_FOUND = 1_001, "Market not found"
INTERVAL_NOT_SUPPORTED = 1_005, "Not supported interval"


def response(path: str, request: Request, state: MarketState) -> Json | HttpResponse | None:
    """Return the response to a GET of a path below `info`; None if there is no such path.

    Raises ValueError for a wrong number.
    """
    query = request.query
    match path.strip("/").split("/"):
        case ["assets"]:
            kind = query.get("type")
            return ok([asset for asset in _assets(state) if kind in (asset["type"], None)])
        case ["assets", name, "price"]:
            prices = {state.base: state.mid(), "USD": "1"}
            return ok(prices[name]) if name in prices else rest_error(404, *ASSET_NOT_FOUND)
        case ["markets"] if query.get("market") not in (state.symbol, None):
            return rest_error(404, *MARKET_NOT_FOUND)
        case ["markets"]:
            return ok([_market(state)])
        case ["markets", market, "orderbook" | "stats" | "trades"] | ["candles", market, _] | [market, "funding"] if (
            market != state.symbol
        ):
            return rest_error(404, *MARKET_NOT_FOUND)
        case ["markets", _, "orderbook"]:
            return ok(_book(state))
        case ["markets", _, "stats"]:
            return ok(_stats(state))
        case ["markets", _, "trades"]:
            return ok([streams.trade(trade, state) for trade in reversed(state.history.trades)])
        case ["candles", _, kind] if kind in V1_CANDLES:
            if query.get("interval") not in INTERVALS_MIN:
                return rest_error(400, *INTERVAL_NOT_SUPPORTED)
            count = min(int(query.get("limit", str(MOST_CANDLES))), MOST_CANDLES)
            return ok(streams.candles(V1_CANDLES[kind], query["interval"], count, state))
        case [_, "funding"]:
            return {**ok([streams.funding(state)]), "pagination": {"cursor": state.wall_ms, "count": 1}}
        case _:
            return None


def ok(data: object) -> dict[str, Any]:
    """Return the envelope of a response."""
    return {"status": "OK", "data": data}


def rest_error(status: int, code: int, text: str) -> HttpResponse:
    """Return an error in the venue's envelope."""
    return http_error(status, {"status": "ERROR", "error": {"code": code, "message": text}})


def _assets(state: MarketState) -> list[dict[str, Any]]:
    quote = {
        "id": 1,
        "name": "USD",
        "symbol": "USD",
        "description": "USD Collateral",
        "precision": 6,
        "starkexId": "0x1",
    }
    base = {
        "id": 2,
        "name": state.base,
        "symbol": state.base,
        "description": state.base,
        "precision": state.precision.size_decimals,
        "starkexId": _synthetic_id(state),
    }
    common = {
        "isActive": True,
        "l1Id": f"0x{0:040x}",
        "l1Resolution": 1_000_000,
        "version": 3,
        "createdAt": LISTED_MS,
        "riskFactors": [],
        "availableForTradeFactors": [],
    }
    return [
        {**quote, **common, **_asset_kind(6, "SPOT", collateral=True)},
        {**base, **common, **_asset_kind(state.precision.size_decimals, "PERPETUAL", collateral=False)},
    ]


def _asset_kind(decimals: int, kind: str, *, collateral: bool) -> dict[str, Any]:
    flags = {"isCollateral": collateral, "canBeUsedAsCollateral": collateral}
    return {**flags, "starkexResolution": 10**decimals, "type": kind}


def _synthetic_id(state: MarketState) -> str:
    return "0x" + f"{state.base}-6".encode().hex().ljust(30, "0")


def _book(state: MarketState) -> dict[str, Any]:
    bids, asks = ([{"qty": size, "price": price} for price, size in side] for side in state.levels())
    return {"market": state.symbol, "bid": bids, "ask": asks}


def _stats(state: MarketState) -> dict[str, Any]:
    """Encode the statistics of the last 24 hours; `nextFundingRate` is a time, despite its name."""
    mid, (bid, ask), precision = state.mid(), state.best(), state.precision
    day = state.history.trade_candles.day()
    share = fixed_point((day.close - day.open) * 10_000 // day.open, 4) if day.open else "0.0000"
    trades = state.history.trades
    return {
        "dailyVolume": fixed_point(day.notional, precision.price_decimals + precision.size_decimals),
        "dailyVolumeBase": precision.size(day.lots),
        "dailyPriceChange": precision.price(day.close - day.open),
        "dailyPriceChangePercentage": share,
        "dailyLow": precision.price(day.low),
        "dailyHigh": precision.price(day.high),
        "lastPrice": precision.price(trades[-1].price) if trades else mid,
        "askPrice": ask,
        "bidPrice": bid,
        "markPrice": mid,
        "indexPrice": mid,
        "fundingRate": fixed_point(state.funding_ppb, 9),
        "nextFundingRate": (state.wall_ms // HOUR_MS + 1) * HOUR_MS,
        "openInterest": "1000000.0",
        "openInterestBase": "1000.0",
        "deleverageLevels": {
            side: [{"level": level, "rankingLowerBound": "0.0000"} for level in (1, 2, 3, 4)]
            for side in ("shortPositions", "longPositions")
        },
    }


def _market(state: MarketState) -> dict[str, Any]:
    precision = state.precision
    return {
        "name": state.symbol,
        "uiName": state.symbol,
        "category": "Crypto",
        "subCategory": "L1",
        "type": "PERPETUAL",
        "assetName": state.base,
        "assetPrecision": precision.size_decimals,
        "collateralAssetName": "USD",
        "collateralAssetPrecision": 6,
        "description": state.base,
        "active": True,
        "status": "ACTIVE",
        "isRfq": False,
        "isOffHours": False,
        "tradingHours": "CONTINUOUS",
        "marketStats": _stats(state),
        "tradingConfig": {
            "minOrderSize": precision.size(100),
            "minOrderSizeChange": precision.size(1),
            "minPriceChange": precision.price(precision.step),
            "maxMarketOrderValue": "3000000",
            "maxLimitOrderValue": "15000000",
            "maxPositionValue": "60000000",
            "maxLeverage": "50.00",
            "hourlyFundingRateCap": "0.25",
            "maxNumOrders": "200",
            "limitPriceCap": "0.05",
            "limitPriceFloor": "0.05",
            "riskFactorConfig": [{"upperBound": "4000000", "riskFactor": "0.02", "isAvailableForUsers": True}],
        },
        "l2Config": {
            "type": "STARKX",
            "collateralId": "0x1",
            "syntheticId": _synthetic_id(state),
            "syntheticResolution": 10**precision.size_decimals,
            "collateralResolution": 1_000_000,
        },
        "visibleOnUi": True,
        "createdAt": LISTED_MS,
    }
