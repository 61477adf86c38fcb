"""Simulated Aster, beyond its golden answers: candles over time."""

from __future__ import annotations

import json
from typing import Any

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import SendData
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import plan
from tests.connectors.simulator.listener import START_UNIX_MS


def candles(exchange: Exchange, until_ms: int) -> list[dict[str, Any]]:
    exchange.connect(0, "/ws/ethusdt@kline_1m")
    actions = [action for at_ms in range(0, until_ms + 1, 50) for action in exchange.advance(at_ms)]
    return [json.loads(action.data)["k"] for action in actions if isinstance(action, SendData)]


def test_each_candle_is_shown_closed_once_and_the_next_one_begins_where_the_clock_is() -> None:
    rows = candles(Exchange(protocols()["aster"], start_unix_ms=START_UNIX_MS), 130_000)
    closed = [row for row in rows if row["x"]]
    assert [row["t"] for row in closed] == [1_789_999_980_000, 1_790_000_040_000, 1_790_000_100_000][: len(closed)]
    assert len(closed) == 2
    assert [row["t"] for row in rows] == sorted(row["t"] for row in rows)
    for row in closed:
        assert row["T"] == row["t"] + 59_999
        assert float(row["l"]) <= min(float(row["o"]), float(row["c"])) <= float(row["h"])
    assert rows[-1]["n"] < closed[-1]["n"]


def test_a_minute_without_trades_has_the_price_before_it_and_no_volume() -> None:
    quiet = [plan("aster", "quiet_market", 35, 90)]
    rows = candles(Exchange(protocols()["aster"], start_unix_ms=START_UNIX_MS, plan=quiet), 110_000)
    last = rows[-1]
    assert (last["n"], last["v"], last["q"]) == (0, "0.000", "0.00000")
    assert last["o"] == last["h"] == last["l"] == last["c"] == [row for row in rows if row["x"]][-1]["c"]
