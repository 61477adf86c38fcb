"""Texts and groups that each match of a regular expression holds: a text without those texts need not be matched."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

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


def always_sets(pattern: str, groups: Collection[str]) -> bool:
    """Return true if each match of a pattern sets one of the named groups."""
    beginnings = tuple(f"(?P<{name}>" for name in groups)
    return bool(beginnings) and _all_hold(alternatives_of(pattern), beginnings)


def _all_hold(alternatives: Alternatives, beginnings: tuple[str, ...]) -> bool:
    return all(any(_holds(each, beginnings) for each in parts) for parts in alternatives)


def _holds(part: PatternPart, beginnings: tuple[str, ...]) -> bool:
    """Return true if each match of a part sets one of the groups with these beginnings."""
    if _may_be_left_out(part) or not isinstance(part.what, Group):
        return False
    is_opaque = _OPAQUE.match(part.what.beginning) is not None
    return part.what.beginning in beginnings or (not is_opaque and _all_hold(part.what.alternatives, beginnings))


def _may_be_left_out(part: PatternPart) -> bool:
    return part.quantifier != "" and part.quantifier[0] != "+"


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
    for part in parts:
        found = [] if _may_be_left_out(part) else _of_part(part.what)
        if isinstance(found, str):
            run += found
        if part.quantifier or not isinstance(found, str):
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
