"""lighter-sdk: `WsClient` with one order book, and the REST models. It has no reconnect: the script runs it again."""

import asyncio

import lighter
import observed

MARKET = 0


def on_book(_market, book):
    observed.book(*([(level["price"], level["size"]) for level in book[side]] for side in ("bids", "asks")))


def on_other(message):
    if "error" in message:
        observed.failed("subscribe", message["error"])


async def read_models():
    """Make each public REST call once; the SDK checks the fields of every response by its models."""
    async with lighter.ApiClient(lighter.Configuration(host=f"http://{observed.SERVER}")) as api:
        orders, candles = lighter.OrderApi(api), lighter.CandlestickApi(api)
        calls = {
            "asset_details": orders.asset_details,
            "order_books": orders.order_books,
            "order_book_details": orders.order_book_details,
            "recent_trades": lambda: orders.recent_trades(market_id=MARKET, limit=10),
            "exchange_stats": orders.exchange_stats,
            "candles": lambda: candles.candles(
                market_id=MARKET, resolution="1m", start_timestamp=0, end_timestamp=2**40, count_back=5
            ),
            "funding_rates": lighter.FundingApi(api).funding_rates,
            "current_height": lighter.BlockApi(api).current_height,
        }
        for name, call in calls.items():
            try:
                await call()
                observed.parsed(name)
            except Exception as error:
                observed.failed("parse", f"{name}: {type(error).__name__}: {error}")
        found = await orders.order_book_orders(market_id=MARKET, limit=250)
        observed.parsed("order_book_orders")
        sides = ([(order.price, order.remaining_base_amount) for order in side] for side in (found.bids, found.asks))
        observed.book(*sides, of="rest")


async def stream():
    """Run the socket client until the time is over; one that ended is run again."""
    again = False
    while observed.time_left() > 0:
        client = lighter.WsClient(
            ws_url=f"ws://{observed.SERVER}/stream",
            order_book_ids=[MARKET],
            on_order_book_update=first_book(again),
            on_unhandled_message=on_other,
        )
        try:
            await client.run_async()
        except Exception as error:
            observed.failed("stream", f"{type(error).__name__}: {error}")
        again = True
        await asyncio.sleep(1)


def first_book(again):
    """Return a callback for books that reports the subscription, or that data came again."""
    seen = []

    def callback(market, book):
        if not seen:
            seen.append(market)
            observed.reconnected(by="script") if again else observed.subscribed("order_book")
        on_book(market, book)

    return callback


async def main():
    observed.connected()
    observed.wants("order_book")
    await asyncio.sleep(5)  # until there are trades
    await read_models()


async def until_over():
    await asyncio.wait([asyncio.ensure_future(stream()), asyncio.ensure_future(main())], timeout=observed.time_left())


asyncio.run(until_over())
