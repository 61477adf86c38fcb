"""Regular expressions of the beginnings of what other regular expressions match."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from toolkit.runlog.search.pattern_parts import Alternatives, Group, alternatives_of

_NAME = re.compile(r"\(\?P<(\w+)>")
_LOOKAROUND = re.compile(r"\(\?<?[=!]")
_NEVER = "(?:(?!))"

_Expressions = tuple[str, str, str]
"""Expressions of a part of a pattern, and of a beginning of the part up to the end of the text; its quantifier."""


def beginnings(pattern: str, left_out: Collection[str]) -> re.Pattern[str]:
    """Return a pattern of the texts with which a longer match may begin, before any of the groups `left_out`.

    A text that it matches may be none, because what the pattern looks for around a place is ignored. Each beginning of
    a text that it matches is one too.
    """
    _, begun = _of_alternatives(alternatives_of(pattern), left_out)
    return re.compile(begun)


def _of_alternatives(alternatives: Alternatives, left_out: Collection[str]) -> tuple[str, str]:
    """Return the expressions of alternatives, and of their beginnings."""
    found = [
        [
            (*(_of_group(what, left_out) if isinstance(what, Group) else (what, r"\Z")), quantifier)
            for what, quantifier in parts
            if what not in ("^", "$", r"\b", r"\B")
        ]
        for parts in alternatives
    ]
    wholes = ("".join(whole + quantifier for whole, _, quantifier in parts) for parts in found)
    return f"(?:{'|'.join(wholes)})", f"(?:{'|'.join(map(_begun, found))})"


def _of_group(group: Group, left_out: Collection[str]) -> tuple[str, str]:
    whole, begun = _of_alternatives(group.alternatives, left_out)
    name = _NAME.match(group.beginning)
    if name and name[1] in left_out:
        return _NEVER, _NEVER
    if _LOOKAROUND.match(group.beginning):
        return "(?:)", _NEVER
    has_flags = group.beginning not in ("(", "(?:") and not name
    return (f"{group.beginning}{whole})", f"{group.beginning}{begun})") if has_flags else (whole, begun)


def _begun(parts: Sequence[_Expressions]) -> str:
    """Return the expression of the beginnings of parts that follow one another."""
    result = _NEVER
    for whole, begun, quantifier in reversed(parts):
        before = f"{whole}*" if quantifier and quantifier[0] != "?" else ""
        result = f"(?:{before}{begun}|{whole}{quantifier}{result})"
    return result
