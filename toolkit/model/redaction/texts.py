"""Mask secrets in any text: log lines, messages, paths, URLs, labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from toolkit.model.redaction.secret_names import is_ambiguous, is_phrase_name, is_secret_name
from toolkit.model.redaction.shapes import AFTER_NAMES, BEFORE_NAMES, MASK, apply

_TRIGGERS = (
    "key", "secret", "token", "pass", "pwd", "pw", "auth", "jwt", "cookie", "mnemonic", "phrase", "sig", "sid", "cred",
    "bearer", "private", "otp", "contrase", "sessionid", "webhook", "-u",
)  # fmt: skip
"""One of these is in each text in which a name says that its value is a secret."""

_NAME = re.compile(
    r"""(?<![\w.-])(?P<dash>-{1,2})?(?P<name>\w[\w.-]*+)"""
    r"""(?P<sep>\\*+["']\s*+(?:=>|[:=,])\s*+|\s*+(?:=>|={1,2}|:(?!:)|%3[dD])\s*+|(?(dash)\s++(?![-\s])|(?!)))"""
)
"""A name and what stands between it and its value: `name=`, `"name": `, `--name `, `name%3D`, `("name", `."""
_QUALIFIER = re.compile(
    r"\b(?:private|secret|api|access|auth|signing|signer|session|master|wallet|seed|recovery|listen)[ \t]$",
    re.IGNORECASE,
)
"""Word before `key`, `phrase` or `token`, which makes the two the name of a secret."""
_SCHEME = re.compile(
    r"((?:bearer|basic|token)\s++)(?=[^\s,;&])|(?:digest|hmac|negotiate|aws4-hmac-sha256)\s[^\r\n]*+", re.I
)
_QUOTED = r"""(?:\\++(["'])(?:(?!\1).)*+(?:\1)?|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?)"""
_BARE = r"""[^\s"',;&)}\]\\]"""
_VALUE = re.compile(rf"""(?:[\w:]{{1,40}}\(){{0,3}}{_QUOTED}{_BARE}*+|(?:{_BARE}|\\(?!["']))++""", re.DOTALL)
_IN_QUOTES = re.compile(r"""((?:[\w:]{1,40}\(){0,3}\\*+(["'])).*?(\\*\2)""", re.DOTALL)
"""A value in quotes, which stay, so that masked JSON and TOML can still be read."""
_COOKIES = re.compile(r"""[^\s"';]*+(?:;[ ]?[^\s"';=]++=[^\s"';]*+)*+""")
_PHRASE = re.compile(r"(?:[ \t,]{1,2}[a-z]{3,8}(?![\w=:]))*+", re.IGNORECASE)
_HARMLESS = re.compile(
    r"""\\?["']?(?:\d{1,3}|true|false|yes|no|on|off|ok|none|null|missing|unset|\*\*\*)\\?["']?(?=[.!]?(?:[\s,;&)}\]]|$))""",
    re.IGNORECASE,
)
"""Values that are no secret, and that a masked one has already become."""
_TOKEN = re.compile(
    r"""(?:[\w:]{1,40}\(){0,3}\\?["']?(?=[\w.~+/=-]{0,64}\d)(?=[\d.~+/=_-]{0,64}[A-Za-z])[\w.~+/=-]{12}"""
)
_USER = re.compile(r"""((?<![\w-])-u\s*+["']?[^\s:'"]++:)(?!//)[^\s'"]++""")
_CACHED_CHARACTERS = 256
"""Longest text whose result is kept: columns and lists repeat short ones."""


def redact(text: str) -> str:
    """Mask user info of URLs, tokens, keys, addresses and home directories in a text; the rest is unchanged.

    Takes time linear in the text. Digests and commits in hexadecimal without `0x` stay, except as the value of a name
    of a secret.
    """
    return _cached(text) if len(text) <= _CACHED_CHARACTERS else redact_text(text)


def redact_all(value: Any) -> Any:
    """Mask secrets in each text within lists and mappings; the names of a mapping decide on its texts, and stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: _masked_entry(name, each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(each) for each in value]
    return value


def _masked_entry(name: object, value: Any) -> Any:
    if isinstance(value, str) and isinstance(name, str) and is_secret_name(name) and not is_ambiguous(name, True):
        return value if _HARMLESS.match(value) else MASK
    return redact_all(value)


def redact_text(text: str, is_argument: bool = False) -> str:
    """Mask as `redact` does; in an argument of a command, each name of a secret counts, whatever its value."""
    lowered = text.lower()
    text = apply(BEFORE_NAMES, text, lowered)
    if any(each in lowered for each in _TRIGGERS):
        text = _mask_named(_USER.sub(rf"\1{MASK}", text), is_argument)
    return apply(AFTER_NAMES, text, lowered)


_cached = lru_cache(4096)(redact_text)


def _mask_named(text: str, is_argument: bool) -> str:
    """Mask the values whose name is that of a secret."""
    pieces, end = [], 0
    while (match := _NAME.search(text, end)) is not None:
        pieces.append(text[end : match.end()])
        end = match.end()
        if (stop := _end_of_secret(text, match, is_argument)) > end:
            kept = _SCHEME.match(text, end)
            begin = kept.end() if kept and kept[1] else end
            pieces += [text[end:begin], _masked_value(text[begin:stop])]
            end = stop
    return "".join((*pieces, text[end:]))


def _masked_value(value: str) -> str:
    quoted = _IN_QUOTES.fullmatch(value)
    return f"{quoted[1]}{MASK}{quoted[3]}" if quoted else MASK


def _end_of_secret(text: str, match: re.Match[str], is_argument: bool) -> int:
    """Return where the secret after a name ends; the end of the match where its value is none."""
    name, start = match["name"], match.end()
    qualified = _QUALIFIER.search(text, max(0, match.start() - 12), match.start()) is not None
    is_phrase = is_phrase_name(name) or (qualified and name.lower() in ("phrase", "words"))
    if not (is_secret_name(name) or is_phrase):
        return start
    if (scheme := _SCHEME.match(text, start)) is not None and scheme[1] is None:
        return scheme.end()
    begin = scheme.end() if scheme else start
    is_named_only = not (is_argument or qualified or is_phrase or match["dash"] or scheme)
    if _HARMLESS.match(text, begin) or (
        # A name that other values have too says little; the value decides.
        is_named_only and is_ambiguous(name, ":" in match["sep"]) and not _TOKEN.match(text, begin)
    ):
        return start
    is_cookie = "cookie" in name.lower() and text[begin : begin + 1] not in ('"', "'", "\\")
    value = (_COOKIES if is_cookie else _VALUE).match(text, begin)
    if value is None or not value[0]:
        return start
    phrase = _PHRASE.match(text, value.end()) if is_phrase else None
    return phrase.end() if phrase else value.end()
