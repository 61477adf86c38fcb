"""Parts of a regular expression: its alternatives, each a sequence of tokens and groups with their quantifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:P<\w+>|<?[=!]|[a-zA-Z-]*:))?|[?*+]\??|\{\d*,?\d*\}|.", re.DOTALL
)
_QUANTIFIER = re.compile(r"[?*+]\??|\{\d*,?\d*\}")

Alternatives: TypeAlias = "list[list[PatternPart]]"


class Group(NamedTuple):
    """A group of a pattern: its beginning, such as `(?P<name>`, and its alternatives."""

    beginning: str
    alternatives: Alternatives


class PatternPart(NamedTuple):
    """A token of a pattern (a character, an escape or a set) or a group, and its quantifier, empty without one."""

    what: str | Group
    quantifier: str


def alternatives_of(pattern: str) -> Alternatives:
    """Return the alternatives of a pattern that is a valid regular expression."""
    return _alternatives(iter(_TOKEN.findall(pattern)))


def _alternatives(tokens: Iterator[str]) -> Alternatives:
    """Return the alternatives up to the end of their group."""
    found = [list[PatternPart]()]
    for token in tokens:
        parts = found[-1]
        if token == ")":
            break
        if token == "|":
            found.append([])
        elif token.startswith("("):
            parts.append(PatternPart(Group(token, _alternatives(tokens)), ""))
        elif _QUANTIFIER.fullmatch(token):
            # A quantifier in braces and the mark that makes it lazy are two tokens.
            parts[-1] = PatternPart(parts[-1].what, parts[-1].quantifier + token)
        else:
            parts.append(PatternPart(token, ""))
    return found
