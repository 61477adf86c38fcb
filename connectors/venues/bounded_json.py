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
    if not is_bounded(text):
        raise ValueError(f"more than {MAX_CONTAINERS} arrays and objects")
    return msgspec.json.decode(text)


def is_bounded(text: str | bytes) -> bool:
    """Return whether a text is at most `LARGE_BYTES` long or has at most `MAX_CONTAINERS` arrays and objects."""
    if len(text) <= LARGE_BYTES:
        return True
    if isinstance(text, str):
        return text.count("[") + text.count("{") <= MAX_CONTAINERS
    return text.count(b"[") + text.count(b"{") <= MAX_CONTAINERS
