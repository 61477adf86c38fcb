"""hyperliquid-python-sdk: `Info` with its market data. It has no reconnect: the script makes a new `Info`."""

import json
import time

import observed
from hyperliquid.info import Info
from hyperliquid.websocket_manager import ws_msg_to_identifier

seen = set()


def on_book(message):
    announce("l2Book")
    bids, asks = message["data"]["levels"]
    observed.book(*([(level["px"], level["sz"]) for level in side] for side in (bids, asks)))


def on_other(message):
    announce(message["channel"])
    observed.parsed(message["channel"])


def announce(channel):
    if channel not in seen:
        seen.add(channel)
        observed.subscribed(channel)


def connect():
    """Make an `Info`; pongs, which the SDK keeps to itself, are seen where it names each message."""
    info = Info(base_url=f"http://{observed.SERVER}")
    receive = info.ws_manager.ws.on_message

    def on_message(socket, text):
        if text != "Websocket connection established." and ws_msg_to_identifier(json.loads(text)) == "pong":
            observed.pong()
        receive(socket, text)

    info.ws_manager.ws.on_message = on_message
    coin = {"coin": observed.BASE}
    info.subscribe({"type": "l2Book", **coin}, on_book)
    for kind, fields in (
        ("bbo", coin),
        ("trades", coin),
        ("activeAssetCtx", coin),
        ("candle", {**coin, "interval": "1m"}),
        ("allMids", {}),
    ):
        info.subscribe({"type": kind, **fields}, on_other)
    return info


def request(info):
    """Send the SDK's requests of market data."""
    requests = {
        "all_mids": info.all_mids,
        "l2_snapshot": lambda: info.l2_snapshot(observed.BASE),
        "meta_and_asset_ctxs": info.meta_and_asset_ctxs,
        "candles_snapshot": lambda: info.candles_snapshot(observed.BASE, "1m", 0, int(time.time() * 1_000)),
    }
    for name, send in requests.items():
        try:
            send()
            observed.parsed(name)
        except Exception as error:
            observed.failed("parse", f"{name}: {type(error).__name__}: {error}")


info = connect()
observed.connected()
observed.wants("l2Book", "bbo", "trades", "activeAssetCtx", "candle", "allMids")
request(info)
while observed.time_left() > 0:
    time.sleep(0.2)
    if not info.ws_manager.is_alive():
        info.ws_manager.stop_event.set()
        info = connect()
        observed.reconnected(by="script")
info.disconnect_websocket()
