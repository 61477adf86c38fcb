"""nautilus_trader: its Hyperliquid WebSocket client and its order book.

Its HTTP client has no setting for another address, so the script states the instrument that it would load.
"""

import asyncio

import observed
from nautilus_trader.core import nautilus_pyo3 as nautilus
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import OrderBookDeltas, capsule_to_data
from nautilus_trader.model.enums import BookType
from nautilus_trader.model.identifiers import InstrumentId

NAME = f"{observed.BASE}-USD-PERP.HYPERLIQUID"
book = OrderBook(InstrumentId.from_str(NAME), BookType.L2_MBP)
seen = set()


def instrument():
    base, usd = (nautilus.Currency.from_str(name) for name in (observed.BASE, "USDC"))
    increments = nautilus.Price.from_str("0.01"), nautilus.Quantity.from_str("0.0001")
    symbol = nautilus.Symbol(observed.BASE)
    return nautilus.CryptoPerpetual(
        nautilus.InstrumentId.from_str(NAME), symbol, base, usd, usd, False, 2, 4, *increments, 0, 0
    )


def on_message(message):
    try:
        data = capsule_to_data(message) if nautilus.is_pycapsule(message) else message
        kind = type(data).__name__
        if kind not in seen:
            seen.add(kind)
            observed.subscribed(kind)
        if isinstance(data, OrderBookDeltas):
            book.apply_deltas(data)
            observed.book(*([(level.price, level.size()) for level in side] for side in (book.bids(), book.asks())))
        else:
            observed.parsed(kind)
    except Exception as error:
        observed.failed("parse", f"{type(error).__name__}: {error}")


async def main():
    client = nautilus.HyperliquidWebSocketClient(url=f"ws://{observed.SERVER}/ws")
    await client.connect(asyncio.get_running_loop(), [instrument()], on_message)
    await client.wait_until_active(10)
    observed.connected()
    observed.wants(
        "OrderBookDeltas",
        "TradeTick",
        "QuoteTick",
        "FundingRateUpdate",
        "MarkPriceUpdate",
        "IndexPriceUpdate",
        "Bar",
    )
    wanted = nautilus.InstrumentId.from_str(NAME)
    for subscribe in (
        client.subscribe_book,
        client.subscribe_trades,
        client.subscribe_quotes,
        client.subscribe_funding_rates,
        client.subscribe_mark_prices,
        client.subscribe_index_prices,
    ):
        await subscribe(wanted)
    await client.subscribe_bars(nautilus.BarType.from_str(f"{NAME}-1-MINUTE-LAST-EXTERNAL"))
    await asyncio.sleep(observed.time_left())
    await client.close()


asyncio.run(main())
