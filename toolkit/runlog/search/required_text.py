"""Texts that each match of a regular expression holds: a text without them need not be matched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Clause = tuple[str, ...]
"""Texts of which each match holds at least one."""

TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:P<\w+>|<?[=!]|[a-zA-Z-]*:))?|[?*+]\??|\{\d*,?\d*\}|.", re.DOTALL
)
_OPTIONAL = re.compile(r"[?*]\??|\{\d*,?\d*\}")
_OPAQUE = re.compile(r"\(\?(?:<?[=!]|[a-zA-Z-]+:)")
"""Beginning of a group of which nothing is certain, because it looks around or has flags."""


def required_texts(pattern: str) -> tuple[Clause, ...]:
    """Return clauses that each match of a pattern fulfils, the one with the longest texts first.

    There are none of a pattern that ignores case.
    """
    if re.compile(pattern).flags & re.IGNORECASE:
        return ()
    return tuple(sorted(_of_alternatives(iter(TOKEN.findall(pattern))), key=_length, reverse=True))


def _length(clause: Clause) -> int:
    return min(map(len, clause))


def _of_alternatives(tokens: Iterator[str]) -> list[Clause]:
    """Return the clauses of the alternatives up to the end of their group: the best clauses of several make one."""
    alternatives = [list[str | list[Clause]]()]
    for token in tokens:
        parts = alternatives[-1]
        if token == ")":
            break
        if token == "|":
            alternatives.append([])
        elif token.startswith("("):
            inside = _of_alternatives(tokens)
            parts.append([] if _OPAQUE.match(token) else inside)
        elif _OPTIONAL.fullmatch(token):
            parts[-1] = []
        elif token[0] in "+.^$" or len(token) > 2 or (token[0] == "\\" and token[1].isalnum()):
            parts.append([])
        else:
            parts.append(token[-1])
    found = [_of_sequence(parts) for parts in alternatives]
    if len(found) > 1:
        return [tuple(text for each in found for text in max(each, key=_length))] if all(found) else []
    return found[0]


def _of_sequence(parts: Sequence[str | list[Clause]]) -> list[Clause]:
    """Return the clauses of parts that follow one another, each a character or the clauses of a group."""
    clauses, run = list[Clause](), ""
    for part in (*parts, []):
        if isinstance(part, str):
            run += part
        else:
            clauses += [(run,)] * bool(run) + part
            run = ""
    return clauses
