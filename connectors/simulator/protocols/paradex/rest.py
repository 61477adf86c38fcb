"""Paradex's REST interface: market data and facts of the system, all public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from connectors.simulator.market import Precision, grouped
from connectors.simulator.messages import HttpResponse, Request
from connectors.simulator.protocols.base import MarketState, http_error
from connectors.simulator.protocols.candles import DAY_MINUTES, MINUTE_MS, Candle
from connectors.simulator.protocols.paradex import json_frames
from connectors.venues.frames import Json

MOST_LEVELS, PAGE = 100, 100
RESOLUTIONS = ("1", "3", "5", "15", "30", "60")
"""Lengths of candles in minutes."""
ADDRESS = "0x4638e3041366aa71720be63e32e53e1223316c7f0d56f7aa617542ed1e7554d"
"""Address of a contract, the example of the venue's documents; the simulated venue has one for all."""


def handle_request(request: Request, state: MarketState) -> Json | HttpResponse | None:
    """Return the response to a request; None for an unknown path. Raises ValueError for a bad parameter."""
    if request.method != "GET":
        return None
    path = request.path.partition("/v1/")[2].split("/")
    match path:
        case ["orderbook" | "bbo", market, *_] if market != state.symbol:
            return error(404, "MARKET_NOT_FOUND", f"market {market[:40]} not found")
        case ["orderbook", _] | ["orderbook", _, "interactive"]:
            return _book(request.query, state, interactive=len(path) == 3)
        case ["bbo", _] | ["bbo", _, "interactive"]:
            return json_frames.best(state)
        case ["system", "config"]:
            return _system_config()
        case ["system", "state"]:
            return {"status": "ok"}
        case ["system", "time"]:
            return {"server_time": str(state.wall_ms)}
        case ["insurance"]:
            account = {"account": ADDRESS, "account_value": "136285.069", "settlement_asset": "USDC"}
            return {**account, "updated_at": state.wall_ms}
        case _:
            return _listed(path, request.query, state)


def _listed(path: list[str], query: Mapping[str, str], state: MarketState) -> Json | None:
    """Return the response to a request whose result is a list; one of another market is empty."""
    ours = query.get("market", query.get("symbol", state.symbol)) in (state.symbol, "ALL")
    match path:
        case ["markets"]:
            return {"results": [_market(state)] if ours else []}
        case ["markets", "summary"]:
            return {"results": [json_frames.summary(state)] if ours else []}
        case ["trades"]:
            newest = list(reversed(state.history.trades))[: int(query.get("page_size", PAGE))]
            return _page(json_frames.trade(each, state) for each in newest if ours)
        case ["funding", "data"]:
            return _page([json_frames.funding(state)] if ours else [])
        case ["markets", "klines"]:
            if (resolution := query.get("resolution")) not in RESOLUTIONS:
                raise ValueError(f"resolution must be one of {', '.join(RESOLUTIONS)}")
            bars = state.history.trade_candles.bars(int(resolution) * MINUTE_MS, DAY_MINUTES)
            from_ms, until_ms = int(query.get("start_at", "0")), int(query.get("end_at", str(state.wall_ms)))
            return {"results": [_candle(bar, state) for bar in bars if ours and from_ms <= bar.opened_ms <= until_ms]}
        case _:
            return None


def error(status: int, code: str, message: str) -> HttpResponse:
    """Return an error in the venue's envelope."""
    return http_error(status, {"error": code, "message": message, "data": None})


def price_step(tick: str | None, precision: Precision) -> int | None:
    """Return the points between two levels of a book that is grouped by a price tick, `0_1` or `0.1`.

    Return 1 without a tick, and None for a tick that the market does not have.
    """
    if tick is None:
        return 1
    points = Decimal(tick.replace("_", ".")).scaleb(precision.price_decimals)
    valid = points > 0 and points == points.to_integral_value() and points % precision.step == 0
    return int(points) if valid else None


def _book(query: Mapping[str, str], state: MarketState, *, interactive: bool) -> Json:
    depth, tick = int(query.get("depth", "20")), query.get("price_tick")
    if not 1 <= depth <= MOST_LEVELS:
        raise ValueError(f"depth must be between 1 and {MOST_LEVELS}")
    if tick is not None and not tick.replace("_", "", 1).replace(".", "", 1).isdecimal():
        raise ValueError("price_tick must be a number")
    if (step := price_step(tick, state.precision)) is None:
        raise ValueError("price_tick must be a multiple of the market's")
    price, size = state.precision.price, state.precision.size
    bids, asks = ([[price(at), size(lots)] for at, lots in side] for side in grouped(state.book, step).top(depth))
    head = {"market": state.symbol, "seq_no": state.number, "last_updated_at": state.wall_ms}
    book = {**head, "asks": asks, "bids": bids}
    best = {"best_bid": state.levels(1)[0][:1], "best_ask": state.levels(1)[1][:1]}
    feeds = ("api", "interactive") if interactive else ("api",)
    return book | {f"{name}_{feed}": level[0] for name, level in best.items() for feed in feeds if level}


def _page(results: Iterable[Json]) -> Json:
    return {"next": None, "prev": None, "results": list(results)}


def _candle(bar: Candle, state: MarketState) -> list[float]:
    """Return `[time, open, high, low, close, volume]`."""
    prices = (float(state.precision.price(each)) for each in (bar.open, bar.high, bar.low, bar.close))
    return [bar.opened_ms, *prices, float(state.precision.size(bar.lots))]


def _market(state: MarketState) -> Json:
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
        "market_kind": "cross",
        "position_limit": "500",
        "price_bands_width": "0.05",
        "max_open_orders": 150,
        "max_order_size": "100",
        "max_funding_rate": "0.02",
        "max_funding_rate_change": "0.0005",
        "max_slippage": "0.05",
        "max_tob_spread": "0.2",
        "clamp_rate": "0.05",
        "interest_rate": "0.0001",
        "funding_period_hours": json_frames.FUNDING_HOURS,
        "funding_multiplier": 1,
        "oracle_ewma_factor": "0.2",
        "price_feed_id": "GVXRSBjFk6e6J3NbVPXohDJetcTjaeeuykUpbQF8UoMU",
        "delta1_cross_margin_params": {"imf_base": "0.02", "imf_factor": "0", "imf_shift": "0", "mmf_factor": "0.5"},
        "fee_config": {"api_fee": {"maker_fee": {"fee": "0.0001"}, "taker_fee": {"fee": "0.0003"}}},
        "tags": [],
    }


def _system_config() -> Json:
    token = {name: ADDRESS for side in ("l1", "l2") for name in (f"{side}_token_address", f"{side}_bridge_address")}
    addresses = (
        "paraclear_address",
        "paraclear_account_proxy_hash",
        "paraclear_account_hash",
        "paraclear_evm_account_hash",
        "oracle_address",
        "universal_deployer_address",
        "l1_core_contract_address",
        "l1_operator_address",
        "l1_relayer_address",
    )
    return {
        "environment": "simulated",
        "starknet_gateway_url": "",
        "starknet_fullnode_rpc_url": "http://127.0.0.1/rpc/v0_10",
        "starknet_fullnode_rpc_base_url": "http://127.0.0.1",
        "starknet_chain_id": "PRIVATE_SN_PARACLEAR_SIMULATED",
        "block_explorer_url": "http://127.0.0.1",
        "paraclear_decimals": 8,
        "bridged_tokens": [{"name": "USD Coin", "symbol": "USDC", "decimals": 6, **token}],
        "l1_chain_id": "5",
        "liquidation_fee": "0.20",
        "partial_liquidation_buffer": "0.2",
        "partial_liquidation_share_increment": "0.05",
        **dict.fromkeys(addresses, ADDRESS),
    }
