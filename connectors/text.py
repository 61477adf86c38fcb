"""Format values for a log line: plain decimal numbers, short durations, and text that cannot forge a line."""

from __future__ import annotations

import re
from decimal import Decimal

MAX_TEXT_CHARS = 240
"""Characters of outside text that a log line may hold."""
_RECORD = re.compile(r"WS_AUDIT|market_rx_stats|APPLIED_BOOK|FIRST_[A-Z]+|VENUE_HEALTH|(?:INFO|WARN|ERROR|error): ")


def plain_decimal(number: str) -> str:
    """A decimal number without trailing zeros, as a float is printed: `1993`, `16.0043`."""
    return format(Decimal(number).normalize(), "f")


def duration(ms: int) -> str:
    """A time in the log's words: `250ms`, `1.5s`, `30s`."""
    return f"{ms}ms" if ms < 1_000 else f"{plain_decimal(format(Decimal(ms) / 1_000, 'f'))}s"


def printable(text: str) -> str:
    """Text on one line, of bounded length: control characters by number (`<0a>`), words that begin a record broken."""
    shown = text[:MAX_TEXT_CHARS]
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else f"<{ord(each):02x}>" for each in shown)
    return _RECORD.sub(lambda word: word[0].replace("_", "-").replace(": ", " : "), shown)[:MAX_TEXT_CHARS]
