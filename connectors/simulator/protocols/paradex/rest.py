"""Paradex's REST interface: market data and facts of the system, all public."""

from __future__ import annotations

from typing import Any

from connectors.simulator.messages import Request
from connectors.simulator.protocols.base import MarketState
from connectors.simulator.protocols.paradex import json_frames
from connectors.venues.frames import Json


def handle_request(request: Request, state: MarketState) -> Json | None:
    """Return the response to a request; None for an unknown path or market."""
    if request.method != "GET":
        return None
    market_matches = request.query.get("market", state.symbol) in (state.symbol, "ALL")
    match request.path.rpartition("/v1/")[2].split("/"):
        case ["orderbook", market, *_] if market == state.symbol:
            bids, asks = state.levels(int(request.query.get("depth", "20")))
            head = {"market": state.symbol, "seq_no": state.number, "last_updated_at": state.wall_ms}
            return {**head, "asks": asks, "bids": bids}
        case ["bbo", market, *_] if market == state.symbol:
            return json_frames.best(state)
        case ["markets"]:
            return {"results": [_market(state)] if market_matches else []}
        case ["markets", "summary"]:
            return {"results": [json_frames.summary(state)] if market_matches else []}
        case ["system", "time"]:
            return {"server_time": str(state.wall_ms)}
        case _:
            return None


def _market(state: MarketState) -> dict[str, Any]:
    precision = state.precision
    return {
        "symbol": state.symbol,
        "base_currency": state.base,
        "quote_currency": "USD",
        "settlement_currency": "USDC",
        "order_size_increment": precision.size(1),
        "price_tick_size": precision.price(precision.step),
        "min_notional": "10",
        "open_at": 1_702_478_805_000,
        "expiry_at": 0,
        "asset_kind": "PERP",
    }
