"""Causes of failed builds, recognised by the words of a line anywhere in the output of the build."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

MAX_LINE_CHARS = 4_096
_SOURCE = re.compile(r"\s*(?:\d+\s*)?[|=]|\s*--> |error\[E\d+\]")
"""Matches quoted source code of a compile error; its words are not those of the build."""


@dataclass(frozen=True, slots=True)
class BuildCause:
    """A cause of failed builds: its code, and a clause that explains it."""

    code: str
    pattern: re.Pattern[str]
    text: str
    rank: int
    """Position in the table; the lowest of several is the most specific."""


@cache
def build_causes() -> tuple[BuildCause, ...]:
    """Return the known causes, the most specific first."""
    table = tomllib.loads((files("toolkit.runlog") / "build_causes.toml").read_text(encoding="utf-8"))
    return tuple(
        BuildCause(each["code"], re.compile(each["pattern"]), each["text"], rank)
        for rank, each in enumerate(table["cause"])
    )


def build_cause(line: str) -> BuildCause | None:
    """Return the most specific cause that a line of a build shows; None if it shows none."""
    line = line[:MAX_LINE_CHARS]
    if _SOURCE.match(line) and " = note: " not in line:
        return None
    return next((each for each in build_causes() if each.pattern.search(line)), None)
