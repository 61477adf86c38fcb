"""Requests of a client in the dialect of each venue: subscriptions to a name of any length, and one of many names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

SUBSCRIBE: dict[str, Callable[[str], dict[str, Any]]] = {
    "extended": lambda name: {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "subscribe",
        "params": {"scope": "candles", "selector": {"market": name, "type": "last", "interval": "PT1M"}},
    },
    "hyperliquid": lambda name: {"method": "subscribe", "subscription": {"type": "allMids", "dex": name}},
    "aster": lambda name: {"id": 1, "method": "SUBSCRIBE", "params": [f"{name}@depth@100ms"]},
    "lighter": lambda name: {"type": "subscribe", "channel": f"order_book/{name}"},
    "paradex": lambda name: {"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"channel": f"trades.{name}"}},
}
"""A subscription to a channel with a name in it. Extended and Hyperliquid have channels of any name."""


def subscribe(venue: str, name: str) -> bytes:
    """Return the text of a subscription to a channel with this name."""
    return json.dumps(SUBSCRIBE[venue](name)).encode()


def subscribe_many(count: int) -> bytes:
    """Return the text of a subscription to many streams, which only Aster has."""
    return json.dumps({"id": 1, "method": "SUBSCRIBE", "params": [f"{each}@depth" for each in range(count)]}).encode()


def unknown(size: int) -> bytes:
    """Return the text of a request that no venue knows, with names of this many characters."""
    name = "x" * (size // 2)
    return json.dumps({"method": name, "type": name, "id": 1}).encode()


def requests_url(venue: str, url: str) -> str:
    """Return the URL of the socket that takes requests; Extended's books have sockets that take none."""
    return urlsplit(url)._replace(path="/v2/rpc", query="").geturl() if venue == "extended" else url
