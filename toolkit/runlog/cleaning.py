"""The text of a physical line without what others put around it: marks, colours, control characters, a CI stamp."""

from __future__ import annotations

import re
from datetime import datetime

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_UNPRINTED = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Characters that move a cursor, hide or turn text around; none has a place in a record."""
_STAMP = re.compile(
    r"(?:[^\t]{1,200}\t[^\t]{1,200}\t)?\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d) ", re.ASCII
)
_FRACTION_DIGITS = len("2026-01-01T00:00:00.123456")


def cleaned(text: str) -> tuple[str, int | None]:
    """The line's own text, and the time (epoch ms) that a CI system stamped on it."""
    stamp = _STAMP.match(text.removeprefix("\ufeff")) if "T" in text[:500] and text[:500].count("-") > 1 else None
    at_ms = _epoch_ms(stamp[1], stamp[2]) if stamp else None
    if stamp and at_ms is not None:
        text = text.removeprefix("\ufeff")[stamp.end() :]
    if not text.isprintable():
        text = _UNPRINTED.sub("", _ANSI.sub("", text))
    return text, at_ms


def _epoch_ms(moment: str, zone: str) -> int | None:
    try:
        at = datetime.fromisoformat(moment[:_FRACTION_DIGITS] + zone.replace("Z", "+00:00"))
    except ValueError:
        return None
    return round(at.timestamp() * 1_000)
