"""Format values for a log line: plain decimal numbers, short durations, and text that cannot forge a line."""

from __future__ import annotations

import re
from decimal import Decimal

MAX_TEXT_CHARS = 240
"""Characters of outside text that a log line may hold at most."""
_RECORD_START = re.compile(
    r"WS_AUDIT|market_rx_stats|APPLIED_BOOK|FIRST_[A-Z]+|VENUE_HEALTH|(?:INFO|WARN|ERROR|error): "
)


def plain_decimal(number: str) -> str:
    """Return a decimal number without exponent or trailing zeros: `1993`, `16.0043`."""
    return format(Decimal(number).normalize(), "f")


def duration(ms: int) -> str:
    """Return a duration in ms as the log writes it: `250ms`, `1.5s`, `30s`."""
    return f"{ms}ms" if ms < 1_000 else f"{plain_decimal(format(Decimal(ms) / 1_000, 'f'))}s"


def printable(text: str) -> str:
    """Return outside text so that it fits one log line and cannot be read as a record of its own.

    The text is cut to `MAX_TEXT_CHARS`, characters that do not print are written by number (`<0a>`), and a phrase that
    begins a log record is changed (`WS-AUDIT`).
    """
    shown = text[:MAX_TEXT_CHARS]
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else f"<{ord(each):02x}>" for each in shown)
    return _RECORD_START.sub(lambda match: match[0].replace("_", "-").replace(": ", " : "), shown)[:MAX_TEXT_CHARS]
