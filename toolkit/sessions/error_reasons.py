"""Reconnect reasons inferred from the program's own words in an error line, never from text of a venue in it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

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
    ("invalid subscription", ReconnectReason.SUBSCRIBE_ERROR),
    ("seq_mismatch", ReconnectReason.SEQ_MISMATCH),
    ("seq mismatch", ReconnectReason.SEQ_MISMATCH),
    ("seq_gap", ReconnectReason.SEQ_GAP),
    ("seq gap", ReconnectReason.SEQ_GAP),
    ("sequence mismatch", ReconnectReason.SEQ_MISMATCH),
    ("sequence gap", ReconnectReason.SEQ_GAP),
    ("continuity gap", ReconnectReason.SEQ_GAP),
    ("without closing handshake", ReconnectReason.STREAM_ENDED),
    ("stream ended", ReconnectReason.STREAM_ENDED),
    ("read error", ReconnectReason.STREAM_ENDED),
    ("connection reset", ReconnectReason.STREAM_ENDED),
    ("connection abort", ReconnectReason.STREAM_ENDED),
    ("connection timed out", ReconnectReason.STREAM_ENDED),
    ("operation timed out", ReconnectReason.STREAM_ENDED),
    ("broken pipe", ReconnectReason.STREAM_ENDED),
    ("close_notify", ReconnectReason.STREAM_ENDED),
    ("unexpected end of file", ReconnectReason.STREAM_ENDED),
    ("unexpected eof", ReconnectReason.STREAM_ENDED),
    ("trying to work with closed connection", ReconnectReason.STREAM_ENDED),
    ("connection closed", ReconnectReason.STREAM_ENDED),
    ("connection was closed", ReconnectReason.STREAM_ENDED),
    ("closed connection", ReconnectReason.STREAM_ENDED),
    ("closed the connection", ReconnectReason.STREAM_ENDED),
    ("closed by", ReconnectReason.STREAM_ENDED),
)
"""Texts in error lines, in lower case, and their reasons; the first text that occurs in an error counts."""
WORDS_OF_REASONS = tuple(words for words, _ in _REASONS_BY_TEXT)

_DISCOVERY_TEXT = "discovery failed"
_CODE = r"(?:\bcode\W{0,3}|\breceived |[(\[])"
_ABNORMAL_CLOSURE = re.compile(
    rf"\bclos\w*\b.*?(?<!\d)1006\b|{_CODE}(?:1006\b|abnormal\b)|\bno clos(?:e|ing) (?:frame|handshake)"
    r"|\bwithout (?:\w+ ){0,3}clos(?:e|ing) (?:frame|handshake)"
)
"""No close frame was received; a library reports code 1006 itself when the connection is lost."""
_CLOSE_FRAME = re.compile(
    rf"\bclose ?frame\b|\bws closed\b|\bclosed normally\b|\bclos\w*\b.*?{_CODE}[1-4]\d{{3}}(?!\d)"
    r"|\breceived [1-4]\d{3} \("
)
"""A close frame was received, or the program says so itself."""

_OUTSIDE_TEXT = re.compile(
    r'"(?:[^"\\]|\\.)*(?:"|$)|`[^`]*(?:`|$)|(?<![\w\'])\'(?:[^\'\\]|\\.)*(?:\'(?!\w)|$)|\u201c[^\u201d]*(?:\u201d|$)'
    r"|(?:\b(?:body|reason|message|msg|data|snippet|response|payload|text|details?)\W?\s?[=:]|\b(?:said|says)\b"
    r"|[{\[]\s*[\"{]|<!?[a-z]).*",
    re.IGNORECASE | re.DOTALL,
)
"""Text from outside: between quotation marks, or to the end of the error after a key for it, as JSON or HTML."""
_CLOSE_REASON = re.compile(r"(\bclos\w*\b.*?\bcode\W{0,3}\d{4}\b|\breceived [1-4]\d{3} \([^)]*\)).*", re.IGNORECASE)
"""A close code and the venue's words after it."""


_VENUES = ("extended", "hyperliquid", "lighter", "aster", "paradex")
_TOKEN = re.compile(
    "|".join(re.escape(words) for words in sorted((*WORDS_OF_REASONS, _DISCOVERY_TEXT), key=len, reverse=True))
    + r"|\w+://\S*|[a-z_]\w*=-?[\d.]*(?![^\s,;)])"
    + r"|(?P<quoting>(?:api|exchange|remote|server|venue)(?:'s)? (?:answer|error|message|reply|response)\b"
    + r"|error (?:answer|message|response)\b)"
    + r"|(?<!\w)(?P<word>[^\W\d][\w']*)"
)
_OF_SYSTEM = re.compile(
    r"\b(?:connection (?:reset|abort)\w*|broken pipe|(?:connection|operation) timed out)[a-z ]*\(os error \d+\)"
)
"""An error of the operating system, which the program prints with its number."""


def inferred_reason(error: str, venue: str = "") -> str:
    """Return the reason that the program's words in an error imply; `unknown` if no known text occurs in them.

    Words before the first colon take precedence: what follows them may be a venue's or the operating system's. From
    the first word on that no program would print, the text is a venue's, and decides nothing.
    """
    whole = own_words(error).lower()
    lowered = _own_beginning(whole, venue)
    reason = _reason_of(lowered)
    if reason == ReconnectReason.UNKNOWN and _OF_SYSTEM.search(whole):
        return ReconnectReason.STREAM_ENDED.value
    return reason


@cache
def _own_words() -> frozenset[str]:
    """Return the words in which programs, their libraries and operating systems report errors."""
    table = tomllib.loads((files("toolkit.sessions") / "own_words.toml").read_text(encoding="utf-8"))
    return frozenset(table["words"].split())


def _own_beginning(words: str, venue: str) -> str:
    """Return what stands before the first word that the program would not print."""
    for token in _TOKEN.finditer(words):
        word = token["word"]
        if token["quoting"] or (word and word not in _own_words() and word not in (*_VENUES, venue)):
            return words[: token.start()]
    return words


def _reason_of(lowered: str) -> str:
    reason = _first_reason(lowered.partition(": ")[0])
    if reason is None or reason is ReconnectReason.STREAM_ENDED:
        if _DISCOVERY_TEXT in lowered:
            return DISCOVERY
        reason = _first_reason(lowered)
    if reason is None or reason is ReconnectReason.STREAM_ENDED:
        if _ABNORMAL_CLOSURE.search(lowered):
            return ReconnectReason.STREAM_ENDED.value
        if _CLOSE_FRAME.search(lowered):
            return ReconnectReason.SERVER_CLOSE.value
    return str(reason or ReconnectReason.UNKNOWN)


def own_words(error: str) -> str:
    """Return an error without the text from outside that it quotes."""
    return _OUTSIDE_TEXT.sub("", _CLOSE_REASON.sub(r"\1", error))


def _first_reason(words: str) -> ReconnectReason | None:
    return next((reason for text, reason in _REASONS_BY_TEXT if text in words), None)
