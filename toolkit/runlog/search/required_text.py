"""Texts that each match of a regular expression holds: a text without them need not be matched."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.runlog.search.pattern_parts import Alternatives, Group, PatternPart, alternatives_of

Clause = tuple[str, ...]
"""Texts of which each match holds at least one."""

_OPAQUE = re.compile(r"\(\?(?:<?[=!]|[a-zA-Z-]+:)")
"""Beginning of a group of which nothing is certain, because it looks around or has flags."""


def required_texts(pattern: str) -> tuple[Clause, ...]:
    """Return clauses that each match of a pattern fulfils, the one with the longest texts first.

    There are none of a pattern that ignores case.
    """
    if re.compile(pattern).flags & re.IGNORECASE:
        return ()
    return tuple(sorted(_of_alternatives(alternatives_of(pattern)), key=_length, reverse=True))


def _length(clause: Clause) -> int:
    return min(map(len, clause))


def _of_alternatives(alternatives: Alternatives) -> list[Clause]:
    """Return the clauses of alternatives: the best clauses of several make one."""
    found = [_of_sequence(parts) for parts in alternatives]
    if len(found) > 1:
        return [tuple(text for each in found for text in max(each, key=_length))] if all(found) else []
    return found[0]


def _of_sequence(parts: Sequence[PatternPart]) -> list[Clause]:
    """Return the clauses of parts that follow one another."""
    clauses, run = list[Clause](), ""
    for what, quantifier in parts:
        may_be_left_out = quantifier != "" and quantifier[0] != "+"
        found = [] if may_be_left_out else _of_part(what)
        if isinstance(found, str):
            run += found
        if quantifier or not isinstance(found, str):
            clauses += [(run,)] * bool(run)
            run = ""
            clauses += [] if isinstance(found, str) else found
    return [*clauses, (run,)] if run else clauses


def _of_part(what: str | Group) -> str | list[Clause]:
    """Return the character that a token matches, or the clauses of a group; no clause where none is certain."""
    if isinstance(what, Group):
        return [] if _OPAQUE.match(what.beginning) else _of_alternatives(what.alternatives)
    is_literal = len(what) == 1 or (len(what) == 2 and not what[1].isalnum())
    return what[-1] if is_literal and what not in (".", "^", "$") else []
