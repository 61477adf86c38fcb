"""Mask the lines of a file without changing their number, so that line numbers and figures stay."""

from __future__ import annotations

import json
import re

from toolkit.model.redaction import MASK, redact, redact_all

_NUMBERS = frozenset(" \r\t0123456789{}[],:.+-eEtrufalsn")
"""Characters of a JSON line outside its strings."""
_ADDRESS = re.compile(r"\.\d+\.|:\d*:")
"""Part of a network address that would consist of such characters."""
_PROBES = (": s3cr3tV4lue9876", ', "s3cr3tV4lue9876"', ": 12345678901", ': "abandon ability able about"', ": a; b=c")
"""Values after a string which masking would change if the string were the name of a secret."""
_MAX_KNOWN = 20_000
_KEY_BEGINS = re.compile(r"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----? ?END ")
_KEY_TEXT = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9+/]+={0,2}(?=\s*$)")
_MAX_KEY_LINES = 200


class LineMasker:
    """Mask the lines of one file in their order. A private key may extend over many lines."""

    def __init__(self) -> None:
        self._harmless: set[str] = set()
        self._key_lines_left = 0

    def masked(self, line: bytes) -> bytes:
        """Return a line without its newline, with its secrets masked. Bytes that are not UTF-8 stay as they are."""
        text = line.decode("utf-8", "surrogateescape")
        if text.startswith("{") and not self._key_lines_left and self._is_harmless_record(text):
            return line
        return self._masked_text(text).encode("utf-8", "surrogateescape")

    def _masked_text(self, text: str) -> str:
        if self._key_lines_left:
            self._key_lines_left = 0 if _KEY_ENDS.search(text) else self._key_lines_left - 1
            text = _KEY_TEXT.sub(MASK, text)
        elif _KEY_BEGINS.search(text) and not _KEY_ENDS.search(text):
            self._key_lines_left = _MAX_KEY_LINES
        masked = redact(text)
        return masked if masked == text or not _is_json(text) or _is_json(masked) else _masked_record(text)

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
    record = json.dumps(redact_all(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    masked = redact(record)
    return (masked if _is_json(masked) else record) + end
