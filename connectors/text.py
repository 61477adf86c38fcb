"""Format values for a log line: plain decimal numbers, short durations, and text that cannot forge a line.

All text that a venue, a server or an exception brings is written by `quoted`, in every line and on the console.
"""

from __future__ import annotations

import re
from decimal import Decimal

MAX_TEXT_CHARS = 240
"""Characters of outside text that a log line may hold at most."""
_SIMILAR = str.maketrans("_=|`", "-:/'")
"""Characters that stand in every name, value or field separator of a record, and what is written in their place."""
_READ_WORDS = re.compile(
    # Beginnings of records.
    r"(?=(?:(?:info|warn|error|warning|paraphina|e\d{4}\]|toolkit smoke): |\[(?:runner|telemetry|config)|thread '"
    r"|supervised task|venuehealthenforcer|rest health|killed|panicked at"
    # Words from which readers infer a reconnect reason, and venues, which they look for anywhere in a line.
    r"|watchdog|reconnect|ping send failed|(?:read|session|connect|ping) time|subscribe error|parse errors|seq gap"
    r"|seq mismatch|stream ended|ws closed|connect error|bootstrap|post publish"
    r"|extended|hyperliquid|aster|lighter|paradex))(.)",
    re.IGNORECASE,
)
_VARIABLES = re.compile(r"\b(?:(?:https?|all|no|wss?|socks)-proxy|ssl-cert-(?:file|dir))\b", re.IGNORECASE)
"""Variables that messages tell a user to set, as they look without `_`; no reader looks for them."""


def plain_decimal(number: str) -> str:
    """Return a decimal number without exponent or trailing zeros: `1993`, `16.0043`."""
    return format(Decimal(number).normalize(), "f")


def duration(ms: int) -> str:
    """Return a duration in ms as the log writes it: `250ms`, `1.5s`, `30s`."""
    return f"{ms}ms" if ms < 1_000 else f"{plain_decimal(format(Decimal(ms) / 1_000, 'f'))}s"


def printable(text: str) -> str:
    """Return text cut to `MAX_TEXT_CHARS`, with characters that do not print written by number (`<0a>`)."""
    shown = text[:MAX_TEXT_CHARS]
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else f"<{ord(each):02x}>" for each in shown)
    return shown[:MAX_TEXT_CHARS]


def quoted(text: str) -> str:
    """Return text from outside so that no reader of a log takes it for a record, a value or a reason.

    It is made printable. The characters `_ = |` and the backquote, which records need, become similar ones, and words
    that readers look for get a hyphen after their first letter (`r-econnect`). Names such as `HTTPS_PROXY` stay.
    """
    shown = _READ_WORDS.sub(r"\1-", printable(text).translate(_SIMILAR))[:MAX_TEXT_CHARS]
    return _VARIABLES.sub(lambda name: name[0].replace("-", "_"), shown)
