"""Run by the Python of an official client: read frames with the client's own code and print the CPU seconds of one.

`client_script.py VENUE FILE`; FILE is a pickled list of text or binary frames, of which the first ones subscribe.
"""

import json
import logging
import pickle
import sys
import time
from pathlib import Path


def ignore(*_arguments):
    """Take a message and do nothing."""


def hyperliquid():
    from hyperliquid.websocket_manager import ActiveSubscription, WebsocketManager

    manager = WebsocketManager("http://localhost")
    for topic in ("l2Book:eth", "trades:eth", "activeAssetCtx:eth"):
        manager.active_subscriptions[topic].append(ActiveSubscription(ignore, 1))
    return lambda frame: manager.on_message(None, frame)


def lighter():
    from lighter.ws_client import WsClient

    client = WsClient(host="localhost", order_book_ids=[0], on_order_book_update=ignore, on_unhandled_message=ignore)

    class Socket:
        send = staticmethod(ignore)

    return lambda frame: client.on_message(Socket, frame)


def extended():
    from x10.models.http import WrappedStreamResponseModel
    from x10.models.orderbook import OrderbookUpdateModel

    return WrappedStreamResponseModel[OrderbookUpdateModel].model_validate_json


def paradex():
    from paradex_py.api.sbe import decode_frame

    return lambda frame: decode_frame(frame)[1].model_dump()


def main():
    logging.disable(logging.WARNING)
    venue, file = sys.argv[1:]
    first, frames = pickle.loads(Path(file).read_bytes())
    read = {"hyperliquid": hyperliquid, "lighter": lighter, "extended": extended, "paradex": paradex}[venue]()
    for frame in first:
        try:
            read(frame)
        except Exception as error:  # noqa: BLE001  whatever the client does not read
            print(f"{type(error).__name__} on a frame of the subscription", file=sys.stderr)
    began = time.process_time()
    for frame in frames:
        read(frame)
    print(json.dumps((time.process_time() - began) / len(frames)))


main()
