"""Decode the JSON of a venue in bounded time and memory."""

from __future__ import annotations

import msgspec

from connectors.venues.frames import Json

LARGE_BYTES = 64 * 1024
MAX_CONTAINERS = 50_000
"""Most arrays and objects in a text above `LARGE_BYTES`; to make more would delay the other venues."""


def decode_json(text: str | bytes) -> Json:
    """Return the value of a JSON text.

    Raises ValueError for a text that is not JSON or has more than `MAX_CONTAINERS` arrays and objects, and
    RecursionError for one that is nested too deeply.
    """
    if len(text) > LARGE_BYTES:
        octets = text.encode("utf-8", "replace") if isinstance(text, str) else text
        if octets.count(b"[") + octets.count(b"{") > MAX_CONTAINERS:
            raise ValueError(f"more than {MAX_CONTAINERS} arrays and objects")
    return msgspec.json.decode(text)
