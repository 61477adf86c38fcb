"""Data of Paradex's JSON frames and REST responses, with as many digits as the venue sends."""

from __future__ import annotations

from typing import Any

from connectors.simulator.market import MarketTrade, fixed_point
from connectors.simulator.protocols.base import MarketState, Stream
from connectors.venues.frames import BookSide

FUNDING_HOURS = 8
"""Funding interval: rates of this venue cover 8 hours."""

FUNDING_DECIMALS = 14


def encode(stream: Stream, state: MarketState) -> dict[str, Any]:
    """Return the data of a stream's next frame."""
    match stream.channel.split("."):
        case ["bbo", *_]:
            return best(state)
        case ["order_book", *_]:
            return _book(stream, state)
        case ["trades", *_]:
            return trade(state.trades[-1], state)
        case ["funding_data", *_]:
            return funding(state)
        case _:
            return summary(state)


def best(state: MarketState) -> dict[str, Any]:
    """Return the best bid and offer; price and size of an empty side are null."""
    bid, ask = (side[0] if side else [None, None] for side in state.levels(1))
    head = {"market": state.symbol, "seq_no": state.number}
    prices = {"ask": ask[0], "ask_size": ask[1], "bid": bid[0], "bid_size": bid[1]}
    return {**head, **prices, "last_updated_at": state.wall_ms}


def _book(stream: Stream, state: MarketState) -> dict[str, Any]:
    head = {"seq_no": stream.number, "market": state.symbol, "last_updated_at": state.wall_ms}
    kinds: dict[str, list[dict[str, str]]] = {"inserts": [], "updates": [], "deletes": []}
    if state.full:
        kinds["inserts"] = _rows(state.levels(stream.depth))
    else:
        for side, changes in (("BUY", state.bids), ("SELL", state.asks)):
            for price, before, now in changes:
                kind = "deletes" if not now else "updates" if before else "inserts"
                level = {"price": state.precision.price(price), "size": state.precision.size(now)}
                kinds[kind].append({"side": side, **level})
    more = _interactive(state) if "interactive" in stream.channel else {}
    return {**head, "update_type": "s" if state.full else "d", **kinds, **more}


def _rows(sides: list[list[list[str]]]) -> list[dict[str, str]]:
    return [
        {"side": side, "price": price, "size": size}
        for side, levels in zip(("BUY", "SELL"), sides, strict=True)
        for price, size in levels
    ]


def _interactive(state: MarketState) -> dict[str, Any]:
    """Return the best prices of both feeds; the simulated market has no retail orders, so they are equal."""
    bid, ask = (rows[0] if rows else {} for rows in (_rows([state.levels(1)[0], []]), _rows([[], state.levels(1)[1]])))
    bests = {"best_bid_api": bid, "best_bid_interactive": bid, "best_ask_api": ask, "best_ask_interactive": ask}
    return {**bests, "relative_spread": relative_spread(state) or ""}


def relative_spread(state: MarketState) -> str | None:
    """Return the spread as a share of the mid price with 8 decimals; None for a book without two sides."""
    bids, asks = state.book.top(1)
    if not (bids and asks):
        return None
    return fixed_point((asks[0][0] - bids[0][0]) * 2 * 10**8 // (asks[0][0] + bids[0][0]), 8)


def trade(done: MarketTrade, state: MarketState) -> dict[str, Any]:
    """Return a trade."""
    return {
        "id": trade_id(done),
        "market": state.symbol,
        "side": "BUY" if done.taker is BookSide.BUY else "SELL",
        "size": state.precision.size(done.lots),
        "price": state.precision.price(done.price),
        "created_at": done.at_ms,
        "trade_type": "FILL",
    }


def trade_id(done: MarketTrade) -> str:
    """Return the id of a trade, 28 digits."""
    return f"{done.at_ms:013}{done.number:015}"


def funding_rate(state: MarketState, decimals: int = FUNDING_DECIMALS) -> str:
    """Return the funding rate of the venue's interval, with the digits after `decimals` cut off."""
    digits = state.funding_ppb * FUNDING_HOURS * 10 ** (FUNDING_DECIMALS - 9) + state.number * 7_919 % 100_000
    return fixed_point(digits // 10 ** (FUNDING_DECIMALS - decimals), decimals)


def funding(state: MarketState) -> dict[str, Any]:
    """Return the funding data."""
    return {
        "market": state.symbol,
        "funding_index": fixed_point(-551_694_014_226_244_835 - state.number, 18),
        "funding_premium": fixed_point(509_914_923_994_872_836 + state.number, 21),
        "funding_rate": funding_rate(state),
        "funding_rate_8h": funding_rate(state, 8),
        "funding_period_hours": FUNDING_HOURS,
        "created_at": state.wall_ms,
    }


def summary(state: MarketState) -> dict[str, Any]:
    """Return the summary of the market."""
    bid, ask = (side[0] if side else ["", ""] for side in state.levels(1))
    mid, day = state.mid(), state.history.trade_candles.day()
    decimals = state.precision.price_decimals + state.precision.size_decimals
    return {
        "symbol": state.symbol,
        "mark_price": mid,
        "last_traded_price": state.precision.price(day.close) if day.trades else mid,
        "bid": bid[0],
        "bid_size": bid[1],
        "ask": ask[0],
        "ask_size": ask[1],
        "underlying_price": mid,
        "open_interest": "1000",
        "volume_24h": fixed_point(day.notional, decimals),
        "total_volume": "100000000",
        "funding_rate": funding_rate(state),
        "price_change_rate_24h": "0",
        "greeks": {"delta": "1", "gamma": "0", "vega": "0", "theta": "0", "rho": "0", "volga": "0", "vanna": "0"},
        "created_at": state.wall_ms,
    }
