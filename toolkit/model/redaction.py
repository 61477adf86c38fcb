"""Mask secrets in text, command arguments and environment variables before they are recorded or shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MASK = "***"

KEPT_PREFIXES = ("PARAPHINA_", "HL_", "LIGHTER_", "EXTENDED_", "ASTER_", "PARADEX_")
"""Prefixes of the environment names that configure a connector. Other variables are never recorded."""

_SECRET_NAME = (
    r"(?:[a-z0-9]{1,20}[_-]){0,4}"
    r"(?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|listen[_-]?key|session[_-]?key|mbx-apikey|secret|token"
    r"|password|passwd|passphrase|signature|credentials?|jwt|mnemonic|cookie)"
)
_VALUE = r"""("[^"]*"|'[^']*'|[^\s"',;&)}\]]+)"""
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # user and password of a URL
        (r"""\b([a-z][a-z0-9+.-]{0,20}://)[^/?#\s"'<>]+@""", rf"\1{MASK}@"),
        # credentials after the name of their scheme, with or without the header name
        (r"""\b(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?)[^\s"',;&]+""", rf"\1{MASK}"),
        (r"\b((?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}", rf"\1{MASK}"),
        # a value whose name is that of a secret: key=value, "key": "value", --key value
        (rf"""(?<![a-z0-9])({_SECRET_NAME}["']?\s*[:=]\s*){_VALUE}""", rf"\1{MASK}"),
        (rf"(--{_SECRET_NAME}\s+)\S+", rf"\1{MASK}"),
        # tokens with a known shape: JWT, GitHub, GitLab, Slack, common API keys, AWS
        (r"\beyJ[a-z0-9_-]{5,}\.[a-z0-9_-]{5,}(?:\.[a-z0-9_-]*)?", MASK),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-)[a-z0-9_-]{16,}", MASK),
        (r"\bAKIA[a-z0-9]{16}\b", MASK),
        # wallet addresses, keys and signatures in hexadecimal
        (r"\b0x[0-9a-f]{40,}\b", f"0x{MASK}"),
        (r"\b[0-9a-f]{64}\b", MASK),
        # network addresses other than loopback and wildcard, and mail addresses
        (rf"\b(?!127\.|0\.0\.0\.0){_OCTET}(?:\.{_OCTET}){{3}}\b", MASK),
        (r"\b[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+\b", f"{MASK}@{MASK}"),
        # home directories, which contain the name of a person
        (r"""(?<!\w)(?:/home/|/Users/|[a-z]:\\Users\\)[^/\\\s:"'<>|]+""", "~"),
        (r"(?<![\w./-])/root(?=/|\b)", "~"),
    )
)


def redact(text: str) -> str:
    """Mask user info of URLs, tokens, keys, addresses and home directories in a text; the rest is unchanged."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


_SECRET_WORD = re.compile(r"KEY|SECRET|TOKEN|PASS|PRIVATE", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"([\w-]*(?:KEY|SECRET|TOKEN|PASS|PRIVATE)[\w-]*=)(\"[^\"]*\"|'[^']*'|[^\s\"']+)", re.IGNORECASE
)


def redact_argv(arguments: Sequence[str]) -> tuple[str, ...]:
    """Mask secrets and home directories in the arguments of a command.

    The argument after an option that names a secret (`--api-key`) is masked completely, unless it is an option itself.
    """
    masked, secret_follows = [], False
    for argument in arguments:
        masked.append(MASK if secret_follows and not argument.startswith("-") else redact_value(argument))
        secret_follows = argument.startswith("-") and "=" not in argument and bool(_SECRET_WORD.search(argument))
    return tuple(masked)


def redact_value(value: str) -> str:
    """Mask secrets in one argument or value, including assignments to a secret's name (`HL_API_KEY=…`)."""
    return redact(_ASSIGNMENT.sub(rf"\1{MASK}", value))


def redact_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that configure a connector, sorted by name, with secrets masked.

    The value of a variable whose name is that of a secret is masked completely.
    """
    kept = sorted(name for name in variables if name.startswith(KEPT_PREFIXES))
    return {name: redact_named(name, variables[name]) for name in kept}


def redact_named(name: str, value: str) -> str:
    """Mask secrets in the value of a variable or setting; it is masked completely if its name is that of a secret."""
    return MASK if _SECRET_WORD.search(name) else redact_value(value)
