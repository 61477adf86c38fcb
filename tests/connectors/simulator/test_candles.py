"""Candles hold what the trades of their time say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.simulator.market import MarketTrade
from connectors.simulator.protocols.candles import DAY_MINUTES, MINUTE_MS, Candle, Candles
from connectors.venues.frames import BookSide

WAITS_MS = st.sampled_from((0, 1, 20_000, MINUTE_MS, 7 * MINUTE_MS, 700 * MINUTE_MS))
TRADES = st.lists(st.tuples(WAITS_MS, st.integers(1, 99), st.integers(1, 9), st.sampled_from(BookSide)), max_size=30)


def trades_of(drawn: list[tuple[int, int, int, BookSide]]) -> list[MarketTrade]:
    at_ms, trades = 90 * MINUTE_MS + 1, []
    for number, (wait_ms, price, lots, taker) in enumerate(drawn, 1):
        at_ms += wait_ms
        trades.append(MarketTrade(number, price, lots, taker, at_ms))
    return trades


def candle_of(trades: list[MarketTrade], opened_ms: int) -> Candle:
    prices, bought = [trade.price for trade in trades], [trade for trade in trades if trade.taker is BookSide.BUY]
    return Candle(
        opened_ms, prices[0], max(prices), min(prices), prices[-1],
        sum(trade.lots for trade in trades), sum(trade.price * trade.lots for trade in trades), len(trades),
        trades[0].number, trades[-1].number,
        sum(trade.lots for trade in bought), sum(trade.price * trade.lots for trade in bought),
    )  # fmt: skip


@given(TRADES)
def test_the_bar_of_the_day_holds_every_trade_so_far_whenever_it_is_asked_for(
    drawn: list[tuple[int, int, int, BookSide]],
) -> None:
    candles, trades = Candles(), trades_of(drawn)
    assert candles.day() == Candle(0, 0, 0, 0, 0)
    for position, trade in enumerate(trades, 1):
        candles.add_trade(trade)
        assert candles.day() == candle_of(trades[:position], trades[0].at_ms // MINUTE_MS * MINUTE_MS)


@given(TRADES, st.sampled_from((1, 5, 60, 1_440)), st.integers(1, 5))
def test_a_bar_holds_the_trades_of_its_time(
    drawn: list[tuple[int, int, int, BookSide]], minutes: int, count: int
) -> None:
    candles, length_ms, trades_by_bar = Candles(), minutes * MINUTE_MS, dict[int, list[MarketTrade]]()
    for trade in trades_of(drawn):
        candles.add_trade(trade)
        trades_by_bar.setdefault(trade.at_ms // length_ms * length_ms, []).append(trade)
    expected = [candle_of(trades, opened_ms) for opened_ms, trades in trades_by_bar.items()]
    assert candles.bars(length_ms, count) == expected[-count:]


def test_the_oldest_minute_leaves_the_bar_of_the_day_after_1440_minutes_with_a_price() -> None:
    candles = Candles()
    for minute in range(DAY_MINUTES + 1):
        candles.add(minute * MINUTE_MS, 100 - (minute == 0) * 50 + minute % 7)
    day = candles.day()
    assert (day.opened_ms, day.low, day.high, day.close) == (MINUTE_MS, 100, 106, 100 + DAY_MINUTES % 7)
