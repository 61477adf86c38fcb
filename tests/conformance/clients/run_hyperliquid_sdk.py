"""hyperliquid-python-sdk: `Info` with l2Book, bbo and trades. It has no reconnect: the script makes a new `Info`."""

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
    for kind, callback in (("l2Book", on_book), ("bbo", on_other), ("trades", on_other)):
        info.subscribe({"type": kind, "coin": observed.BASE}, callback)
    return info


info = connect()
observed.connected()
while observed.time_left() > 0:
    time.sleep(0.2)
    if not info.ws_manager.is_alive():
        info.ws_manager.stop_event.set()
        info = connect()
        observed.reconnected(by="script")
info.disconnect_websocket()
