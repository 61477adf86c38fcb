"""Regular expressions of the beginnings of what other regular expressions match."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from toolkit.runlog.search.required_text import TOKEN

_QUANTIFIER = re.compile(r"[?*+]\??|\{\d*,?\d*\}")
_NAME = re.compile(r"\(\?P<(\w+)>")
_LOOKAROUND = re.compile(r"\(\?<?[=!]")
_NEVER = "(?:(?!))"

_Part = tuple[str, str, str]
"""Expressions of a part of a pattern, and of a beginning of the part up to the end of the text; its quantifiers."""


def beginnings(pattern: str, left_out: Collection[str]) -> re.Pattern[str]:
    """Return a pattern of the texts with which a longer match may begin, before any of the groups `left_out`.

    A text that it matches may be none, because what the pattern looks for around a place is ignored. Each beginning of
    a text that it matches is one too.
    """
    _, begun = _of_alternatives(iter(TOKEN.findall(pattern)), left_out)
    return re.compile(begun)


def _of_alternatives(tokens: Iterator[str], left_out: Collection[str]) -> tuple[str, str]:
    """Return the expressions of the alternatives up to the end of their group, and of their beginnings."""
    alternatives = [list[_Part]()]
    for token in tokens:
        parts = alternatives[-1]
        if token == ")":
            break
        if token == "|":
            alternatives.append([])
        elif token.startswith("("):
            parts.append(_of_group(token, tokens, left_out))
        elif _QUANTIFIER.fullmatch(token):
            whole, begun, quantifiers = parts[-1]
            parts[-1] = whole, begun, quantifiers + token
        elif token not in ("^", "$", r"\b", r"\B"):
            parts.append((token, r"\Z", ""))
    wholes = ("".join(whole + quantifiers for whole, _, quantifiers in parts) for parts in alternatives)
    return f"(?:{'|'.join(wholes)})", f"(?:{'|'.join(map(_begun, alternatives))})"


def _of_group(token: str, tokens: Iterator[str], left_out: Collection[str]) -> _Part:
    whole, begun = _of_alternatives(tokens, left_out)
    name = _NAME.match(token)
    if name and name[1] in left_out:
        return _NEVER, _NEVER, ""
    if _LOOKAROUND.match(token):
        return "(?:)", _NEVER, ""
    has_flags = token.startswith("(?") and token != "(?:" and not name
    return (f"{token}{whole})", f"{token}{begun})", "") if has_flags else (whole, begun, "")


def _begun(parts: Sequence[_Part]) -> str:
    """Return the expression of the beginnings of parts that follow one another."""
    result = _NEVER
    for whole, begun, quantifiers in reversed(parts):
        before = f"{whole}*" if quantifiers and quantifiers[0] != "?" else ""
        result = f"(?:{before}{begun}|{whole}{quantifiers}{result})"
    return result
