"""x10-python-trading-starknet: its `OrderBook` (v1 streams), all public streams, `StreamRpcClient` (v2) and REST models."""

import asyncio
import dataclasses

import observed
from x10.clients.rest import RestApiClient
from x10.clients.stream import StreamClient
from x10.clients.streamrpc.streamrpc_client import StreamRpcClient
from x10.clients.streamrpc.subscription_params import (
    CandlesParams,
    FundingRatesParams,
    OrderbooksParams,
    PricesParams,
    TradesParams,
)
from x10.config import MAINNET_CONFIG
from x10.tools.orderbook import OrderBook

MARKET = f"{observed.BASE}-USD"
STREAMS = f"ws://{observed.SERVER}/stream.extended.exchange"
CONFIG = dataclasses.replace(
    MAINNET_CONFIG,
    endpoints=dataclasses.replace(
        MAINNET_CONFIG.endpoints,
        api_base_url=f"http://{observed.SERVER}/api/v1",
        stream_url=f"{STREAMS}/v1",
        stream_rpc_url=f"{STREAMS}/v2/rpc",
    ),
)


class ObservedBook(OrderBook):
    """The SDK's book, which adds up the changes and connects again by itself."""

    started = False

    async def init_orderbook(self, data):
        await super().init_orderbook(data)
        self.report()

    async def update_orderbook(self, data):
        await super().update_orderbook(data)
        self.report()

    def report(self):
        if not self.started:
            self.started = True
            observed.subscribed("orderbooks")
        bids = [(price, entry.amount) for price, entry in reversed(self._bid_prices.items())]
        observed.book(bids, [(price, entry.amount) for price, entry in self._ask_prices.items()])


async def follow(name, connect):
    """Read one v1 stream until the time is over; the SDK leaves it to its user to connect again."""
    first = True
    while True:
        try:
            async with connect() as messages:
                async for message in messages:
                    if first:
                        first = False
                        observed.subscribed(name)
                    observed.failed("parse", message.error) if message.error else observed.parsed(name)
        except Exception as error:
            observed.failed("stream", f"{name}: {type(error).__name__}: {error}")
        await asyncio.sleep(1)


async def follow_rpc():
    """Subscribe all scopes of the v2 socket until the time is over.

    Version 2.6.0 cannot subscribe again by itself: it waits 10 s for each response before it begins to read. The script
    makes a new client instead.
    """
    while True:
        try:
            async with StreamRpcClient(api_url=CONFIG.endpoints.stream_rpc_url, on_sequence_break=on_break) as client:
                await use_rpc(client)
        except Exception as error:
            observed.failed("stream", f"v2: {type(error).__name__}: {error}")
        await asyncio.sleep(1)


def on_break(topic, last, seq):
    observed.failed("parse", f"{topic}: {last} is followed by {seq}")


async def use_rpc(client):
    """Subscribe every topic, then ask for a pong each second; a lost connection fails that."""
    topics = (
        OrderbooksParams(market=MARKET),
        TradesParams(market=MARKET),
        FundingRatesParams(market=MARKET),
        PricesParams(price_type="mark", market=MARKET),
        CandlesParams(candle_type="last", market=MARKET, interval="PT1M"),
    )
    for topic in topics:
        await client.subscribe(params=topic, handler=lambda message: observed.parsed(f"v2 {message.type}"))
        observed.subscribed(topic.topic_id)
    while True:
        await asyncio.sleep(1)
        await client.ping()
        observed.pong()


async def read_models():
    """Make each public REST call once; the SDK checks the fields of every response by its models."""
    info = RestApiClient(CONFIG).info
    calls = {
        "assets": info.get_assets,
        "asset_price": lambda: info.get_asset_price(asset_name=observed.BASE),
        "markets": info.get_markets,
        "statistics": lambda: info.get_market_statistics(market_name=MARKET),
        "candle history": lambda: info.get_candles_history(
            market_name=MARKET, candle_type="trades", interval="PT1M", limit=5
        ),
        "rest book": lambda: info.get_orderbook_snapshot(market_name=MARKET),
    }
    for name, call in calls.items():
        try:
            response = await call()
            observed.parsed(name)
        except Exception as error:
            observed.failed("parse", f"{name}: {type(error).__name__}: {error}")
    sides = ([(level.price, level.qty) for level in side] for side in (response.data.bid, response.data.ask))
    observed.book(*sides, of="rest")


async def main():
    book = ObservedBook(CONFIG, MARKET)
    await book.start_orderbook()
    observed.connected()
    observed.wants("orderbooks", "trades", "funding", "best", "candles")
    streams = StreamClient(api_url=CONFIG.endpoints.stream_url)
    tasks = [
        follow("trades", lambda: streams.subscribe_to_public_trades(MARKET)),
        follow("funding", lambda: streams.subscribe_to_funding_rates(MARKET)),
        follow("best", lambda: streams.subscribe_to_orderbooks(MARKET, depth=1)),
        follow("candles", lambda: streams.subscribe_to_candles(MARKET, "trades", "PT1M")),
        follow_rpc(),
        read_models(),
    ]
    running = [asyncio.ensure_future(task) for task in tasks]
    done, _ = await asyncio.wait(running, timeout=observed.time_left())
    for task in done:
        if (error := task.exception()) is not None:
            observed.failed("parse", f"{type(error).__name__}: {error}")
    book.stop_orderbook()


asyncio.run(main())
