"""Extended, v1 streams: the URL is the subscription, `seq` counts each connection's messages, changes say both how much
(`q`) and how much now (`c`). Nothing that a client says matters.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.simulator.market import Grid, Print, fixed
from connectors.simulator.messages import Content, Request
from connectors.simulator.protocols.base import Dialect, Moment, Row, Stream, text
from connectors.venues.frames import BookSide, Json

PATH = re.compile(r"/v1/(?P<kind>orderbooks|publicTrades|funding)(?:/(?P<market>[^/?]+))?(?:\?(?P<query>.*))?")
WHOLE_MS = 60_000
HOUR_MS = 3_600_000


class _Extended(Dialect):
    def arrive(self, path: str, symbol: str) -> tuple[Stream, ...] | None:
        found = PATH.search(path)
        if found is None or found["market"] not in (symbol, None):
            return None
        match found["kind"], found["query"]:
            case "orderbooks", "depth=1":
                return (Stream("orderbooks", depth=1),)
            case "orderbooks", None:
                return (Stream("orderbooks", chained=True, whole_ms=WHOLE_MS, period_ms=100),)
            case "publicTrades", None:
                return (Stream("publicTrades", Content.TRADES, opens=False),)
            case "funding", None:
                return (Stream("funding", Content.FUNDING),)
            case _:
                return None

    def encode(self, stream: Stream, moment: Moment) -> str:
        stream.number += 1
        envelope: dict[str, Any] = {"ts": moment.wall_ms}
        match stream.channel:
            case "orderbooks":
                kind = "SNAPSHOT" if moment.whole else "DELTA"
                envelope |= {"type": kind, "data": {"t": kind, "m": moment.symbol, **_sides(stream, moment)}}
            case "publicTrades":
                envelope["data"] = [_trade(trade, moment) for trade in moment.trades]
            case _:
                envelope["data"] = {"m": moment.symbol, "T": moment.wall_ms, "f": fixed(moment.funding_ppb, 9)}
        return text({**envelope, "seq": stream.number})

    def rest(self, request: Request, moment: Moment) -> Json | None:
        markets = request.path.partition("/api/v1/info/markets")
        if request.method != "GET" or not markets[1]:
            return None
        match markets[2].strip("/").split("/"):
            case [""]:
                return _ok([_market(moment)])
            case [market, "orderbook" | "stats" as what] if market == moment.symbol:
                return _ok(_book(moment) if what == "orderbook" else _stats(moment))
            case _:
                return None

    def refusal(self, _channel: str) -> str:
        return text({"status": "ERROR", "error": {"code": 1001, "message": "Market not found."}})


def _sides(stream: Stream, moment: Moment) -> dict[str, Any]:
    if moment.whole:
        bids, asks = ([{"q": size, "p": price} for price, size in side] for side in moment.levels(stream.depth))
    else:
        bids, asks = (
            [_change(row, moment.grid) for row in side if row[1] != row[2]] for side in (moment.bids, moment.asks)
        )
    return {"b": bids, "a": asks, "d": "1" if stream.depth == 1 else "f"}


def _change(row: Row, grid: Grid) -> dict[str, str]:
    price, before, now = row
    return {"q": grid.size(now - before), "p": grid.price(price), "c": grid.size(now)}


def _trade(trade: Print, moment: Moment) -> dict[str, Any]:
    return {
        "m": moment.symbol,
        "S": "BUY" if trade.taker is BookSide.BUY else "SELL",
        "tT": "TRADE",
        "T": trade.at_ms,
        "p": moment.grid.price(trade.price),
        "q": moment.grid.size(trade.lots),
        "i": 2_100_000_000_000_000_000 + trade.number,
    }


def _ok(data: object) -> dict[str, Any]:
    return {"status": "OK", "data": data}


def _book(moment: Moment) -> dict[str, Any]:
    bids, asks = ([{"qty": size, "price": price} for price, size in side] for side in moment.levels())
    return {"market": moment.symbol, "bid": bids, "ask": asks}


def _stats(moment: Moment) -> dict[str, Any]:
    mid = moment.mid()
    return {
        "dailyVolume": "1000000.0",
        "lastPrice": mid,
        "askPrice": mid,
        "bidPrice": mid,
        "markPrice": mid,
        "indexPrice": mid,
        "fundingRate": fixed(moment.funding_ppb, 9),
        "nextFundingRate": (moment.wall_ms // HOUR_MS + 1) * HOUR_MS,
        "openInterest": "1000.0",
    }


def _market(moment: Moment) -> dict[str, Any]:
    grid = moment.grid
    return {
        "name": moment.symbol,
        "assetName": moment.base,
        "collateralAssetName": "USD",
        "type": "PERPETUAL",
        "active": True,
        "status": "ACTIVE",
        "marketStats": _stats(moment),
        "tradingConfig": {
            "minOrderSize": grid.size(100),
            "minOrderSizeChange": grid.size(1),
            "minPriceChange": grid.price(grid.step),
        },
    }


DIALECT = _Extended(
    venue="extended",
    update_ms=100,
    grid=Grid(price_decimals=1, size_decimals=5),
    symbol="{base}-USD",
    acks=False,
    ping_ms=15_000,
    pong_ms=10_000,
)
