"""Paradex's binary frames (SBE)."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from connectors.simulator.market import MarketTrade
from connectors.simulator.protocols.base import LevelChange, MarketState, Stream
from connectors.simulator.protocols.paradex import json_frames
from connectors.venues import paradex_messages as messages
from connectors.venues.frames import BookSide, Level

RATE_DECIMALS = 8
"""Decimals of a funding rate in binary frames, of which JSON frames have more."""


def encode(stream: Stream, state: MarketState, version: int) -> bytes:
    """Return a stream's next frame in this version of the schema."""
    name, values = _message(stream, state)
    head = {"ts": state.wall_ms * 1_000, "seq": state.number, "market": state.symbol}
    return messages.PUBLIC.write(name, head | values, version)


def heartbeat(wall_ms: int, version: int) -> bytes:
    """Return the heartbeat that an idle connection gets."""
    return messages.PUBLIC.write(messages.HEARTBEAT, {"ts": wall_ms * 1_000, "seq": 0}, version)


def _message(stream: Stream, state: MarketState) -> tuple[str, dict[str, Any]]:
    match stream.channel.split("."):
        case ["bbo", *_]:
            return messages.BBO, _bests(state, "{side}{what}")
        case ["order_book", *_]:
            return messages.BOOK, _book(stream, state)
        case ["trades", *_]:
            return messages.TRADE, _trade(state.trades[-1], state)
        case ["funding_data", *_]:
            return messages.FUNDING, _funding(state)
        case _:
            return messages.SUMMARY, _summary(state)


def _bests(state: MarketState, name: str) -> dict[str, Decimal | None]:
    """Return price and size of the best levels; `name` is the format of the fields' names."""
    values: dict[str, Decimal | None] = {}
    for side, levels in zip(("bid", "ask"), state.book.top(1), strict=True):
        price, size = state.precision.level(*levels[0]) if levels else (None, None)
        values[name.format(side=side, what="Price")] = price
        values[name.format(side=side, what="Size")] = size
    return values


def _book(stream: Stream, state: MarketState) -> dict[str, Any]:
    if state.full:
        bids, asks = (_levels(state, side) for side in state.book.top(stream.depth))
    else:
        bids, asks = (_changes(state, changes) for changes in (state.bids, state.asks))
    kind = messages.SNAPSHOT if state.full else messages.DELTA
    values = {"seq": stream.number, "pkgType": kind, "bids": bids, "asks": asks}
    if "interactive" not in stream.channel:
        return values
    bests = {f"best{name[0].upper()}{name[1:]}": value for name, value in _bests(state, "{side}{what}").items()}
    api = {f"best{name[0].upper()}{name[1:]}": value for name, value in _bests(state, "{side}Api{what}").items()}
    return values | bests | api | {"relativeSpread": json_frames.relative_spread(state)}


def _levels(state: MarketState, side: list[tuple[int, int]]) -> list[Level]:
    return [state.precision.level(points, lots) for points, lots in side]


def _changes(state: MarketState, changes: tuple[LevelChange, ...]) -> list[Level]:
    return [state.precision.level(points, lots) for points, _, lots in changes]


def _trade(done: MarketTrade, state: MarketState) -> dict[str, Any]:
    trade_id = json_frames.trade_id(done)
    price, size = state.precision.level(done.price, done.lots)
    return {
        "tradeId": (int(trade_id) + 2**63) % 2**64 - 2**63,
        "tradeIdStr": trade_id,
        "side": 1 if done.taker is BookSide.BUY else 2,
        "price": price,
        "size": size,
        "createdAt": done.at_ms * 1_000,
        "tradeType": 1,
    }


def _funding(state: MarketState) -> dict[str, Any]:
    data = json_frames.funding(state)
    rate = json_frames.funding_rate(state, RATE_DECIMALS)
    return {
        "fundingRate": rate,
        "fundingRate8h": rate,
        "fundingIndex": _cut(data["funding_index"]),
        "fundingPremium": _cut(data["funding_premium"]),
        "fundingPeriodHours": data["funding_period_hours"],
        "createdAt": state.wall_ms * 1_000,
    }


def _cut(number: str) -> Decimal:
    """Return a number without the digits that a binary field cannot hold."""
    return Decimal(number).quantize(Decimal("1e-8"), ROUND_DOWN)


def _summary(state: MarketState) -> dict[str, Any]:
    data, bests = json_frames.summary(state), _bests(state, "{side}{what}")
    return {
        "markPrice": data["mark_price"],
        "indexPrice": data["underlying_price"],
        "lastPrice": data["last_traded_price"],
        "volumeUsd24h": data["volume_24h"],
        "openInterest": data["open_interest"],
        "totalVolume": data["total_volume"],
        "priceChangeRate24h": data["price_change_rate_24h"],
        "fundingRate": json_frames.funding_rate(state, RATE_DECIMALS),
        "fundingRatePrecise": json_frames.funding_rate(state, 12),
        "bid": bests["bidPrice"],
        "ask": bests["askPrice"],
        "bidSize": bests["bidSize"],
        "askSize": bests["askSize"],
    }
