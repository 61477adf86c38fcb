"""Reconnect reasons inferred from the text of an error line."""

from __future__ import annotations

from toolkit.model.vocabulary import ReconnectReason

DISCOVERY = "discovery"
"""Reason of a failed attempt to connect whose market look-up failed."""

_REASONS_BY_TEXT = (
    ("freshness exceeded", ReconnectReason.STALE_WATCHDOG),
    ("ping send failed", ReconnectReason.PING_SEND_FAIL),
    ("ping timeout", ReconnectReason.PING_TIMEOUT),
    ("pong", ReconnectReason.PING_TIMEOUT),
    ("read timeout", ReconnectReason.READ_TIMEOUT),
    ("session timeout", ReconnectReason.SESSION_TIMEOUT),
    ("connect timeout", ReconnectReason.CONNECT_TIMEOUT),
    ("connect timed out", ReconnectReason.CONNECT_TIMEOUT),
    ("connect error", ReconnectReason.CONNECT_ERROR),
    ("decode failures", ReconnectReason.DECODE_FAIL_LOOP),
    ("parse errors", ReconnectReason.PARSE_ERROR),
    ("subscribe", ReconnectReason.SUBSCRIBE_ERROR),
    ("seq_mismatch", ReconnectReason.SEQ_MISMATCH),
    ("seq mismatch", ReconnectReason.SEQ_MISMATCH),
    ("seq_gap", ReconnectReason.SEQ_GAP),
    ("seq gap", ReconnectReason.SEQ_GAP),
    ("sequence mismatch", ReconnectReason.SEQ_MISMATCH),
    ("sequence gap", ReconnectReason.SEQ_GAP),
    ("without closing handshake", ReconnectReason.STREAM_ENDED),
    ("stream ended", ReconnectReason.STREAM_ENDED),
    ("read error", ReconnectReason.STREAM_ENDED),
    ("close frame", ReconnectReason.SERVER_CLOSE),
    ("closed", ReconnectReason.SERVER_CLOSE),
)
"""Texts in error lines, in lower case, and their reasons; the first text that occurs in an error counts."""

_DISCOVERY_TEXT = "discovery failed"


def inferred_reason(error: str) -> str:
    """Return the reason that an error's text implies; `unknown` if no known text occurs in it."""
    if _DISCOVERY_TEXT in error:
        return DISCOVERY
    lowered = error.lower()
    return next((str(reason) for text, reason in _REASONS_BY_TEXT if text in lowered), ReconnectReason.UNKNOWN.value)
