"""cryptofeed: its Hyperliquid feed, and its Binance futures feed at Aster, whose protocol descends from it.

cryptofeed accepts `wss://` addresses alone, so the address becomes `ws://` where the socket is opened.
"""

import asyncio

import observed
from cryptofeed import FeedHandler, connection
from cryptofeed.connection import RestEndpoint, Routes, WebsocketEndpoint
from cryptofeed.defines import CANDLES, FUNDING, L1_BOOK, L2_BOOK, TICKER, TRADES
from cryptofeed.exchanges import BinanceFutures, Hyperliquid

open_socket = connection.connect
connection.connect = lambda address, **options: open_socket(address.replace("wss://", "ws://"), **options)

seen = set()


HTTP, WSS = f"http://{observed.SERVER}", f"wss://{observed.SERVER}"
Hyperliquid.websocket_endpoints = [WebsocketEndpoint(f"{WSS}/ws")]
Hyperliquid.rest_endpoints = [RestEndpoint(HTTP, routes=Routes("/info"))]
BinanceFutures.websocket_endpoints = [WebsocketEndpoint(WSS, options={"compression": None})]
DEPTH = "/fapi/v3/depth?symbol={}&limit={}"
BinanceFutures.rest_endpoints = [RestEndpoint(HTTP, routes=Routes("/fapi/v3/exchangeInfo", l2book=DEPTH))]
handle_message = Hyperliquid.message_handler


async def with_pongs(feed, msg, conn, timestamp):
    """Report an answer to a ping in a message, which cryptofeed keeps to itself, before cryptofeed handles it."""
    if '"pong"' in msg:
        observed.pong()
    await handle_message(feed, msg, conn, timestamp)


Hyperliquid.message_handler = with_pongs


def announce(channel):
    if channel not in seen:
        seen.add(channel)
        observed.subscribed(channel)


async def on_book(book, _at):
    announce("book")
    sides = (book.book.bids, book.book.asks)
    # A book without a delta at a venue of deltas is the snapshot that was fetched.
    of = "rest" if observed.VENUE == "aster" and book.delta is None else "socket"
    observed.book(*(side.to_list() for side in sides), of=of)


def on_other(kind):
    async def callback(_item, _at):
        announce(kind)
        observed.parsed(kind)

    return callback


async def main():
    feed, quote = (Hyperliquid, "USD") if observed.VENUE == "hyperliquid" else (BinanceFutures, "USDT")
    kinds = [TRADES, L1_BOOK] if observed.VENUE == "hyperliquid" else [TRADES, TICKER, FUNDING, CANDLES]
    callbacks = {L2_BOOK: on_book, **{kind: on_other(kind) for kind in kinds}}
    handler = FeedHandler(on_feed_error="raise")
    handler.add_feed(feed(symbols=[f"{observed.BASE}-{quote}-PERP"], channels=list(callbacks), callbacks=callbacks))
    observed.connected()
    observed.wants("book", *kinds)
    running = asyncio.ensure_future(handler.run_async(install_signal_handlers=False))
    done, _ = await asyncio.wait([running], timeout=observed.time_left())
    for task in done:
        if task.exception():
            observed.failed("run", task.exception())
    running.cancel()


asyncio.run(main())
