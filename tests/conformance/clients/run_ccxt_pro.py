"""ccxt.pro: market data of the venue in VENUE by socket and request, with nothing changed but its addresses."""

import asyncio

import ccxt.pro
import observed

HTTP, WS = f"http://{observed.SERVER}", f"ws://{observed.SERVER}"
SYMBOLS = {
    "hyperliquid": "{}/USDC:USDC",
    "lighter": "{}/USDC:USDC",
    "extended": "{}/USDC:USDC",
    "aster": "{}/USDT:USDT",
    "paradex": "{}/USD:USDC",
}

KINDS = {"order_book": "watchOrderBook", "trades": "watchTrades", "ticker": "watchTicker", "ohlcv": "watchOHLCV"}


def addresses(exchange):
    """Return the addresses of an exchange with those of the server in place of the real ones."""
    match exchange.id:
        case "hyperliquid":
            return {"public": HTTP, "private": HTTP, "ws": {"public": f"{WS}/ws"}}
        case "lighter":
            return {"root": HTTP, "public": HTTP, "private": HTTP, "ws": f"{WS}/stream"}
        case "extended":
            return {"rest": f"{HTTP}/api/v1", "ws": f"{WS}/stream.extended.exchange/v1"}
        case "aster":
            rest = {key: url.replace("https://fapi.asterdex.com", HTTP).replace("https://sapi.asterdex.com", HTTP)
                    for key, url in exchange.urls["api"].items() if isinstance(url, str)}  # fmt: skip
            return {**rest, "ws": {"public": {"swap": f"{WS}/fstream/stream", "spot": f"{WS}/sstream/stream"}}}
        case "paradex":
            return {"v1": f"{HTTP}/v1", "v2": f"{HTTP}/v2", "ws": f"{WS}/v1"}


def on_pong(handle):
    """Report an answer to a ping in a message, which ccxt keeps to itself, before ccxt handles it."""

    def handle_pong(client, message):
        observed.pong()
        return handle(client, message)

    return handle_pong


async def watch(exchange, kind, symbol):
    """Watch one kind of data until the time is over; ccxt connects again at the call after an error."""
    first, lost = True, False
    while True:
        try:
            found = await getattr(exchange, f"watch_{kind}")(symbol)
            if kind == "order_book":
                observed.book(*([level[:2] for level in found[side]] for side in ("bids", "asks")))
            else:
                observed.parsed(kind)
        except Exception as error:
            observed.failed("watch", f"{type(error).__name__}: {error}")
            lost = not first
            await asyncio.sleep(0.5)
            continue
        if first:
            first = False
            observed.subscribed(kind)
        if lost:
            lost = False
            observed.reconnected()


async def fetch(exchange, symbol):
    """Send the requests of market data that the exchange has."""
    for name, has in (("ticker", "fetchTicker"), ("ohlcv", "fetchOHLCV"), ("order_book", "fetchOrderBook")):
        if exchange.has.get(has):
            try:
                await getattr(exchange, f"fetch_{name}")(symbol)
                observed.parsed(f"fetch_{name}")
            except Exception as error:
                observed.failed("parse", f"fetch_{name}: {type(error).__name__}: {error}")


async def main():
    exchange = getattr(ccxt.pro, observed.VENUE)()
    if observed.VENUE == "hyperliquid":
        exchange.handle_pong = on_pong(exchange.handle_pong)
    exchange.urls["api"] = {**exchange.urls["api"], **addresses(exchange)}
    symbol = SYMBOLS[observed.VENUE].format(observed.BASE)
    try:
        await exchange.load_markets()
    except Exception as error:
        observed.failed("connect", f"load_markets: {type(error).__name__}: {error}")
        await exchange.close()
        return
    observed.connected()
    await fetch(exchange, symbol)
    kinds = [kind for kind, has in KINDS.items() if exchange.has.get(has)]
    observed.wants(*kinds)
    watching = asyncio.gather(*(watch(exchange, kind, symbol) for kind in kinds))
    await asyncio.wait([watching], timeout=observed.time_left())
    watching.cancel()
    await exchange.close()


asyncio.run(main())
