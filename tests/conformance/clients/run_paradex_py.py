"""paradex-py: class `Paradex` with binary frames, its REST calls read by its own models, and every public channel."""

import asyncio
import os
import time

import observed
from paradex_py import Paradex
from paradex_py.api.generated import responses

MARKET = f"{observed.BASE}-USD-PERP"
BOOK = f"order_book.{MARKET}.deltas"
CHANNELS = (f"bbo.{MARKET}", f"trades.{MARKET}", f"funding_data.{MARKET}", "markets_summary.ALL")
SNAPSHOTS = (f"order_book.{MARKET}.snapshot@15@100ms", "bbo.ALL", "trades.ALL")
"""Channels of the direct socket: the client names a book's frames by market alone, so one socket carries one kind."""

seen = set()
book = {"bids": {}, "asks": {}}
last = 0.0


def announce(channel):
    global last
    last = time.monotonic()
    if channel not in seen:
        seen.add(channel)
        observed.subscribed(channel)


async def on_book(_channel, message):
    """Keep the book as the documents say: a snapshot replaces it, a size of 0 removes a level."""
    announce(BOOK)
    data = message["params"]["data"]
    for side, levels in book.items():
        if data["pkg_type"] == "SNAPSHOT":
            levels.clear()
        for price, size in data[side]:
            levels[price] = size
            if float(size) == 0:
                del levels[price]
    observed.book(*(list(levels.items()) for levels in book.values()))


async def on_other(_channel, message):
    channel = message["params"]["channel"]
    announce(channel)
    observed.parsed(channel.split(".")[0])


def ask(api):
    """Make every public request and read each response with the client's models."""
    now_ms = int(time.time() * 1000)
    calls = {
        "SystemTimeResponse": api.fetch_system_time(),
        "AskBidArray": api.fetch_orderbook(MARKET, {"depth": 20}),
        "BBOResp": api.fetch_bbo(MARKET),
        "InsuranceAccountResp": api.fetch_insurance_fund(),
        "MarketResp": api.fetch_markets({"market": MARKET})["results"][0],
        "MarketSummaryResp": api.fetch_markets_summary({"market": MARKET})["results"][0],
        "FundingDataResult": api.fetch_funding_data({"market": MARKET})["results"][0],
        "TradeResult": api.fetch_trades({"market": MARKET})["results"][0],
    }
    for model, body in calls.items():
        getattr(responses, model).model_validate(body)
        observed.parsed(model)
    found = calls["AskBidArray"]
    observed.book(found["bids"], found["asks"], of="rest")
    assert api.fetch_system_state() == {"status": "ok"}
    assert all(len(row) == 6 for row in api.fetch_klines(MARKET, "1", now_ms - 60_000, now_ms)["results"])
    try:
        api.fetch_bbo("X-USD-PERP")
    except ValueError as refused:
        assert "MARKET_NOT_FOUND" in str(refused), refused


async def connect():
    url = f"ws://{observed.SERVER}/v1"
    client = Paradex(
        env="testnet",
        api_base_url=f"http://{observed.SERVER}/v1",
        ws_url_override=url,
        ws_direct_url_override=url,
        ws_sbe_enabled=True,
    )
    for socket, channels in ((client.ws_client, CHANNELS), (client.ws_direct_client, SNAPSHOTS)):
        if not await socket.connect():
            raise ConnectionError("the socket did not open")
        for channel in channels:
            await socket.subscribe_by_name(channel, on_other)
    await client.ws_client.subscribe_by_name(BOOK, on_book)
    return client


async def main():
    global last
    client = await connect()
    observed.connected()
    observed.wants(*CHANNELS, *SNAPSHOTS, BOOK)
    await asyncio.sleep(3)
    try:
        await asyncio.to_thread(ask, client.api_client)
    except Exception as error:
        observed.failed("parse", f"{type(error).__name__}: {error}")
    while observed.time_left() > 0:
        await asyncio.sleep(0.5)
        if time.monotonic() - last > 10:  # the client's own reconnect did not work
            client = await connect()
            observed.reconnected(by="script")
            last = time.monotonic()
    os._exit(0)  # the client's readers do not end when they are cancelled


asyncio.run(main())
