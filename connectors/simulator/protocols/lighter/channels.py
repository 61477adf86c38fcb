"""Channels of Lighter's socket: which there are, and how their frames are encoded."""

from __future__ import annotations

import json
from typing import Any

from connectors.simulator.market import Precision
from connectors.simulator.messages import Content
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    LevelChange,
    MarketState,
    StartStream,
    StopStream,
    Stream,
    compact_json,
)
from connectors.simulator.protocols.lighter import errors, figures
from connectors.simulator.protocols.lighter.figures import MARKET_ID, RESOLUTIONS

CANDLES_MS = 500
"""Time in ms over which updates of a candle are merged."""
HEIGHT_MS = figures.BLOCK_MS


def subscription(action: str, channel: str, client: ClientInfo) -> ClientResponse:
    """Return the response to a subscription or to its end; `channel` is written with colons."""
    found = _stream(channel)
    if not isinstance(found, Stream):
        return errors.refusal(*found)
    if action == "unsubscribe":
        # The venue writes only this frame with spaces.
        ack = json.dumps({"type": "unsubscribed", "channel": channel})
        return StopStream(channel, ack) if channel in client.channels else errors.not_subscribed(channel)
    return errors.already_subscribed(channel) if channel in client.channels else StartStream(found)


def _stream(channel: str) -> Stream | tuple[int, str]:
    """Return the stream of a channel, or the code and text of the error for a channel that there is not."""
    kind, *rest = channel.split(":")
    match kind, rest:
        case "height", []:
            return Stream(channel, Content.STATS, period_ms=HEIGHT_MS)
        case "market_stats", [market] if market in (str(MARKET_ID), "all"):
            return Stream(channel, Content.FUNDING)
        case "candle", [market, resolution] if market == str(MARKET_ID) and resolution in RESOLUTIONS:
            return Stream(channel, Content.STATS, period_ms=CANDLES_MS)
        case "order_book", [market] if market == str(MARKET_ID):
            return Stream(channel, incremental=True)
        case "ticker", [market] if market == str(MARKET_ID):
            return Stream(channel, depth=1)
        case "trade", [market] if market == str(MARKET_ID):
            return Stream(channel, Content.TRADES)
        case "order_book" | "ticker" | "trade" | "market_stats", [*_]:
            return errors.INVALID_MARKET
        case _:
            return errors.INVALID_CHANNEL


def encode(stream: Stream, state: MarketState) -> str:
    """Encode the next frame of a stream."""
    kind, *rest = stream.channel.split(":")
    verb = "update" if stream.started or kind == "height" else "subscribed"
    match kind:
        case "order_book":
            body = {**_times(state), "order_book": _order_book(stream, state)}
        case "ticker":
            bid, ask = (side[0] if side else ["0", "0"] for side in state.levels(1))
            best = {"s": state.base, "a": _level(ask), "b": _level(bid), "last_updated_at": state.wall_ms * 1_000}
            body = {"last_updated_at": state.wall_ms * 1_000, "nonce": state.number, "ticker": best}
        case "trade":
            trades = [figures.trade(trade, state) for trade in state.trades]
            body = {"liquidation_trades": [], "nonce": state.number, "trades": trades}
        case "candle":
            body = {"candles": _candles(stream, state, rest[-1])}
        case "height":
            body = {"height": figures.height(state.wall_ms)}
        case _:
            stats = figures.market_stats(state)
            body = {"market_stats": {str(MARKET_ID): stats} if rest == ["all"] else stats}
    return compact_json({"channel": stream.channel, **body, "timestamp": state.wall_ms, "type": f"{verb}/{kind}"})


def _times(state: MarketState) -> dict[str, int]:
    return {"last_updated_at": state.wall_ms * 1_000, "offset": state.number // 7}


def _order_book(stream: Stream, state: MarketState) -> dict[str, Any]:
    if state.full:
        bids, asks = ([_level(row) for row in side] for side in state.levels())
        begin = 0
    else:
        bids, asks = ([_changed_level(row, state.precision) for row in side] for side in (state.bids, state.asks))
        begin = stream.number
    stream.number = state.number
    numbers = {"nonce": state.number, "begin_nonce": begin}
    return {"code": 0, "asks": asks, "bids": bids, **_times(state), **numbers}


def _level(row: list[str]) -> dict[str, str]:
    return {"price": row[0], "size": row[1]}


def _changed_level(row: LevelChange, precision: Precision) -> dict[str, str]:
    return {"price": precision.price(row[0]), "size": precision.size(row[2])}


def _candles(stream: Stream, state: MarketState, resolution: str) -> list[dict[str, Any]]:
    """Encode the open candle, after the one that closed since the last frame; `number` is the time of the open one."""
    bars = state.history.trade_candles.bars(RESOLUTIONS[resolution], 2)
    closed = bars[:-1] if stream.number and bars and stream.number < bars[-1].opened_ms else []
    stream.number = bars[-1].opened_ms if bars else 0
    return [figures.candle(bar, state) for bar in (*closed, *bars[-1:])]
