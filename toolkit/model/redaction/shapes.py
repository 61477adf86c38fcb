"""Secrets that are known by their shape, wherever they stand: tokens, keys, addresses, webhooks, home directories.

Each rule has words, in lower case, one of which is in every text that it changes: most texts have none, and are not
searched. The expressions take time linear in the text: each attempt begins at a word that is rare, or at the start of a
run of characters that is read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

MASK = "***"


@dataclass(frozen=True, slots=True)
class Rule:
    """Texts that `pattern` matches and their replacement; `triggers` are the words that the module names."""

    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]
    triggers: tuple[str, ...]


def apply(rules: Iterable[Rule], text: str, lowered: str) -> str:
    """Return the text with what the rules match replaced; `lowered` is the text in lower case."""
    for rule in rules:
        for trigger in rule.triggers:
            if trigger in lowered:
                text = rule.pattern.sub(rule.replacement, text)
                break
    return text


def _rule(pattern: str, replacement: str, *triggers: str, flags: re.RegexFlag = re.IGNORECASE) -> Rule:
    return Rule(re.compile(pattern, flags), replacement, triggers)


_CASED = re.RegexFlag(0)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

_URLS = (
    # user and password of a URL of any scheme; a password may contain a slash, a port is followed by one
    _rule(r"""(?<=://)(?:[^/?#\s"'<>]+|[^/?#\s"'<>:@]{1,128}:(?!\d{1,5}[/?#])[^\s"'<>@]{1,512})@""", f"{MASK}@", "@"),
    # webhooks: their path is the key
    _rule(
        r"""((?:hooks\.slack\.com|discord(?:app)?\.com/api(?:/v\d{1,2})?/webhooks)/)[^\s"'<>)]+""",
        rf"\1{MASK}", "hooks.slack.com/", "/webhooks/",
    ),
    _rule(r"""(api\.telegram\.org/(?:file/)?bot)[^\s"'<>/]+""", rf"\1{MASK}", "api.telegram.org/"),
    _rule(r"""(softlayer\.com/soap/v[\d.]{1,4}/)[^\s"'<>/]+""", rf"\1{MASK}", "softlayer.com/"),
    _rule(
        r"""(://[^\s/"'<>]{1,255}/(?:[^\s/?"'<>]{1,64}/){0,4}?(?:incoming)?web-?hook[a-z0-9]{0,8}/)[^\s"'<>)]+""",
        rf"\1{MASK}", "webhook", "web-hook",
    ),
)  # fmt: skip
_TOKENS = (
    _rule(
        r"-----? ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10} ?-----?[^-]*+(?:-----?[^-\n]{0,60}-----?)?",
        f"-----BEGIN PRIVATE KEY----- {MASK}", "private key", flags=_CASED,
    ),
    _rule(r"\beyJ[a-z0-9_=-]{5,}\.[a-z0-9_=-]{5,}(?:\.[a-z0-9_.+/=-]*)?", MASK, "eyj"),
    _rule(
        r"\b(?:gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941|xox[abeoprs]-|xapp-"
        r"|[srp]k[-_]|npm_|pypi-AgE|sq0[a-z]{3}-|hf_|ya29\.|AIza)[a-z0-9_.-]{16,}",
        MASK, "gh", "gl", "gr13", "xox", "xapp-", "k-", "k_", "npm_", "pypi-", "sq0", "hf_", "ya29.", "aiza",
    ),
    _rule(r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}", MASK, "a3t", "abia", "acca", "akia", "asia"),
    _rule(r"\bSG\.[\w-]{16,64}\.[\w-]{16,}", MASK, "sg.", flags=_CASED),
    _rule(r"\b[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,}", MASK, ".", flags=_CASED),
    _rule(r"(?<![a-z0-9])[0-9a-z]{32}-us[0-9]{1,2}\b", MASK, "-us"),
    _rule(r"(?<![\w:])\d{8,10}:[\w-]{35}(?![\w-])", MASK, ":"),
    _rule(r"\b(?:AC|SK)[a-z0-9]{32}\b", MASK, "ac", "sk", flags=_CASED),
    _rule(r"\bAKC[A-Za-z0-9]{10,}", MASK, "akc", flags=_CASED),
    _rule(
        r"\bAP(?=[A-Za-z0-9]{0,40}[a-z])(?=[A-Za-z0-9]{0,40}\d)[\dA-F][A-Za-z0-9]{8,}", MASK, "ap", flags=_CASED
    ),
    # wallet addresses, keys and signatures in hexadecimal; what is named as a digest stays
    _rule(
        r"(?<!sha256[=: ])(?<!digest[=: ])(?<!commit[=: ])\b0x[0-9a-f]{32,}", f"0x{MASK}", "0x"
    ),
    # hexadecimal and other tokens after the word for them
    _rule(
        r"\b((?:key|secret|token|seed|signature|password|passphrase|jwt)\s{1,4}(?:is\s)?[\"']?)"
        r"(?:[0-9a-f]{32,}|(?=[a-z+/=_]{0,64}\d)[a-z0-9+/=_]{20,})",
        rf"\1{MASK}", "key", "secret", "token", "seed", "signature", "password", "passphrase", "jwt",
    ),
    _rule(r"\b((?:bearer|basic)\s{1,4})[a-z0-9._~+/=-]{8,}", rf"\1{MASK}", "bearer", "basic"),
)  # fmt: skip


def _mixed(match: re.Match[str]) -> str:
    """Mask a long word whose characters change between upper case, lower case and digits as those of chance do.

    In names, paths and dates at most a third of the neighbours differ in kind, in random text three in five.
    """
    word = match[0]
    kinds = ["U" if each.isupper() else "l" if each.islower() else "0" if each.isdigit() else "" for each in word]
    if word.startswith(("sha", "_")) or not {"U", "l", "0"} <= set(kinds) or not _MIXED_CASE.search(word):
        return word
    changes = sum(a != b and a != "" and b != "" for a, b in pairwise(kinds))
    return MASK if changes >= _CHANGES * len(word) else word


_CHANGES = 0.42
_MIXED_CASE = re.compile("[A-Z][a-z0-9]|[a-z0-9][A-Z]")
_MIXED = Rule(re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{28,}={0,2}"), _mixed, ("",))

_PERSONAL = (
    # network addresses other than loopback and wildcard; four numbers after a version or a product are no address
    _rule(
        rf"(?<![\w.])(?<!version )(?<!version=)(?<![a-z]/)(?!127\.|0\.0\.0\.0){_OCTET}(?:\.{_OCTET}){{3}}\b",
        MASK, ".",
    ),
    # network addresses of IP version 6: routed ones, those of a site and of a link
    _rule(
        r"(?<![\w:.])(?:[23][0-9a-f]{3}|f[cd][0-9a-f]{2}|fe[89ab][0-9a-f])"
        r"(?=(?::[0-9a-f]{1,4}){7}(?![\w:])|(?::[0-9a-f]{1,4}){0,6}::)(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
        MASK, ":",
    ),
    # mail addresses
    _rule(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]++@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+\b", f"{MASK}@{MASK}", "@"),
    # home directories, which contain the name of a person
    _rule(
        r"""(?<!\w)(?:/home/|/Users/|[a-z]:\\Users\\)[^/\\\s:"'<>|]+""", "~", "/home/", "/users/", ":\\users\\"
    ),
    _rule(r"(?<![\w./-])/root(?=/|\b)", "~", "/root"),
)  # fmt: skip

BEFORE_NAMES = _URLS
"""Rules that are applied before named values are masked."""
AFTER_NAMES = (*_TOKENS, _MIXED, *_PERSONAL)
"""Rules that are applied after it."""
