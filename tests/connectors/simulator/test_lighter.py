"""The simulated Lighter: its channels, and its errors by the codes of its documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, Content, SendData
from connectors.simulator.protocols import protocols

START_UNIX_MS = 1_790_000_000_000


def frames(channels: list[str], seconds: int, *, after_s: int = 0) -> list[dict[str, Any]]:
    """Subscribe channels after some time; return all frames of some seconds."""
    exchange = Exchange(protocols()["lighter"], start_unix_ms=START_UNIX_MS)
    exchange.advance(after_s * 1_000)
    result, actions = exchange.connect(after_s * 1_000, "/stream")
    assert isinstance(result, Accepted)
    for channel in channels:
        actions += exchange.receive(
            after_s * 1_000, result.conn_id, json.dumps({"type": "subscribe", "channel": channel})
        )
    actions += exchange.advance((after_s + seconds) * 1_000)
    return [json.loads(action.data) for action in actions if isinstance(action, SendData)]


MESSAGES = {
    # case: (messages of the client, code and text of the last response)
    "no JSON": (["{oh"], 30_000, "Invalid Json"),
    "no type": ([{"channel": "order_book/0"}], 30_001, "Invalid Type"),
    "not subscribed": (
        [{"type": "unsubscribe", "channel": "order_book/0"}],
        30_002,
        "Not Subscribed to : order_book:0",
    ),
    "twice": ([{"type": "subscribe", "channel": "height"}] * 2, 30_003, "Already Subscribed to : height"),
    "no channel": ([{"type": "subscribe"}], 30_005, "Invalid Channel"),
    "no such channel": ([{"type": "subscribe", "channel": "gossip"}], 30_005, "Invalid Channel"),
    "no such market": ([{"type": "subscribe", "channel": "trade/9"}], 30_005, "Invalid Channel:  (marketId)"),
    "no such resolution": ([{"type": "subscribe", "channel": "candle/0/7m"}], 30_005, "Invalid Channel"),
}


@pytest.mark.parametrize(("messages", "code", "text"), MESSAGES.values(), ids=MESSAGES)
def test_an_error_has_the_code_and_text_of_the_venue(messages: list[Any], code: int, text: str) -> None:
    exchange = Exchange(protocols()["lighter"])
    result, _ = exchange.connect(0, "/stream")
    assert isinstance(result, Accepted)
    for message in messages:
        data = message if isinstance(message, str) else json.dumps(message)
        actions = exchange.receive(1, result.conn_id, data)
    last = actions[-1]
    assert isinstance(last, SendData)
    assert last.content is Content.REFUSAL
    assert json.loads(last.data) == {"error": {"code": code, "message": text}}


def test_statistics_of_all_markets_come_by_market_id() -> None:
    first, *_ = (frame for frame in frames(["market_stats/all"], 3) if frame.get("channel") == "market_stats:all")
    assert first["type"] == "subscribed/market_stats"
    assert first["market_stats"]["0"]["symbol"] == "ETH"


def test_the_statistics_are_those_of_the_trades() -> None:
    sent = frames(["trade/0", "market_stats/0"], 20)
    trades = [trade for frame in sent for trade in frame.get("trades", ())]
    stats = [frame["market_stats"] for frame in sent if "market_stats" in frame][-1]
    assert stats["daily_price_high"] == max(float(trade["price"]) for trade in trades)
    assert stats["daily_base_token_volume"] == pytest.approx(sum(float(trade["size"]) for trade in trades), abs=1e-9)


def test_a_trade_names_both_orders_and_only_fees_above_zero() -> None:
    trades = [trade for frame in frames(["trade/0"], 60) for trade in frame.get("trades", ())]
    assert len({trade["ask_id"] for trade in trades}) == len({trade["bid_id"] for trade in trades}) == len(trades)
    assert {trade["maker_fee"] for trade in trades} == {28}
    assert {trade.get("taker_fee") for trade in trades} == {None, 196}


def test_a_candle_grows_until_the_minute_is_over_and_then_comes_with_the_next_one() -> None:
    sent = [frame["candles"] for frame in frames(["candle/0/1m"], 110) if frame.get("channel") == "candle:0:1m"]
    changed = [bars for bars in sent if len(bars) == 2]
    assert len(changed) == 2
    for closed, opened in changed:
        assert opened["t"] - closed["t"] == 60_000
        assert closed["l"] <= min(closed["o"], closed["c"]) <= max(closed["o"], closed["c"]) <= closed["h"]
    volumes = [bars[0]["v"] for bars in sent if len(bars) == 1 and bars[0]["t"] == changed[0][1]["t"]]
    assert volumes == sorted(volumes)
    assert volumes[0] < volumes[-1]


def test_the_height_rises() -> None:
    heights = [frame["height"] for frame in frames(["height"], 20) if frame.get("type") == "update/height"]
    assert heights == sorted(set(heights))
    assert len(heights) == 4
