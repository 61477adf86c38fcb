"""Mask the lines of a file without changing their number, so that line numbers and figures stay."""

from __future__ import annotations

import json
import re
from typing import Any

from toolkit.model.redaction import MASK, redact, redact_log_line

_NUMBERS = frozenset(" \r\t0123456789{}[],:.+-eEtrufalsn")
"""Characters of a JSON line outside its strings."""
_ADDRESS = re.compile(r"\.\d+\.|:\d*:")
"""Part of a network address that would consist of such characters."""
_PROBES = (": s3cr3tV4lue9876", ', "s3cr3tV4lue9876"', ": 12345678901", ': "abandon ability able about"', ": a; b=c")
"""Values after a string which masking would change if the string were the name of a secret."""
_SECRET, _SMALL = "s3cr3tV4lue9876", 1_000
_MAX_KNOWN = 20_000
_KEY_BEGINS = re.compile(r"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----? ?END ")
_KEY_LINE = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}+={0,2}(?=\s*+$)")
_LAST_KEY_LINE = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]++={0,2}(?=\s*+$)")
_HEADER_LINES = 5
"""Lines that may stand between the first line of a private key and its text."""


class LineMasker:
    """Mask the lines of one file in their order. A private key may extend over many lines."""

    def __init__(self) -> None:
        self._harmless: set[str] = set()
        self._headers_left = 0
        self._in_key = False

    def masked(self, line: bytes) -> bytes:
        """Return a line without its newline, with its secrets masked. Bytes that are not UTF-8 stay as they are."""
        text = line.decode("utf-8", "surrogateescape")
        if text.startswith("{") and self._is_harmless_record(text):
            return line
        masked = redact_log_line(self._without_key(text))
        if masked != text and _is_json(text) and not _is_json(masked):
            masked = _masked_record(text)
        return masked.encode("utf-8", "surrogateescape")

    def _without_key(self, text: str) -> str:
        """Mask the text of a private key in a line after the one that begins it."""
        if self._headers_left and _KEY_LINE.search(text):
            self._headers_left, self._in_key = 0, True
        if self._in_key:
            self._in_key = bool(_KEY_LINE.search(text))
            return text if _KEY_ENDS.search(text) else _LAST_KEY_LINE.sub(MASK, text)
        begins = _KEY_BEGINS.search(text) and not _KEY_ENDS.search(text) and not text.startswith("{")
        self._headers_left = _HEADER_LINES if begins else max(0, self._headers_left - 1)
        return text

    def _is_harmless_record(self, text: str) -> bool:
        """Return whether masking leaves a JSON record unchanged: all of its strings are known to be harmless.

        Telemetry repeats the same strings in each record, and masking whole records takes ten times as long.
        """
        pieces = text.split('"')
        if "\\" in text or len(pieces) % 2 == 0:
            return False
        new = set(pieces[1::2]) - self._harmless
        if not all(_is_harmless(f'"{each}"') for each in new):
            return False
        if len(self._harmless) < _MAX_KNOWN:
            self._harmless |= new
        rest = "".join(pieces[::2])
        return _NUMBERS.issuperset(rest) and not _ADDRESS.search(rest)


def _is_harmless(string: str) -> bool:
    return redact(string) == string and all(redact(each) == each for each in (f"{string}{probe}" for probe in _PROBES))


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _masked_record(text: str) -> str:
    """Mask each string of a JSON record, where masking its text as a whole would break it."""
    end = text[len(text.rstrip()) :]
    record = json.dumps(_masked_value(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    masked = redact(record)
    return (masked if _is_json(masked) else record) + end


def _masked_value(value: Any, is_secret: bool = False) -> Any:
    """Mask the strings in a value, and everything but small numbers and flags where its name is that of a secret."""
    if isinstance(value, dict):
        return {redact(name): _masked_value(each, is_secret or _names_secret(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked_value(each, is_secret) for each in value]
    if isinstance(value, str):
        return MASK if is_secret and value else redact(value)
    is_small = value is None or abs(value) < _SMALL
    return MASK if is_secret and not is_small else value


def _names_secret(name: str) -> bool:
    return redact(f"{name}: {_SECRET}") != f"{name}: {redact(_SECRET)}"
