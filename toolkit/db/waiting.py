"""Announcement that a store is in use and this process waits for it. It loads no database, unlike the store itself."""

from __future__ import annotations

from collections.abc import Callable

listeners: list[Callable[[str], None]] = []
"""Functions that take the message."""


def announce(message: str) -> None:
    """Pass a message to all listeners."""
    for listener in listeners:
        listener(message)
