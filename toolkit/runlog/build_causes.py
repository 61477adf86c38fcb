"""Causes of failed builds, recognised by the words of a line anywhere in the output of the build."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import attrgetter

from toolkit.model.vocabulary import DiagnosisCode
from toolkit.runlog.search.line_shapes import remembered, without_digits

MAX_LINE_CHARS = 4_096
_LONGEST_BUILD_S = 10**9
SOURCE = re.compile(r"\s*(?:\d+\s*)?[|=]|\s*--> |error\[E\d+\]", re.ASCII)
"""Matches quoted source code of a compile error; its words are not those of the build, except those of a note."""
NOTE = " = note: "


@dataclass(frozen=True, slots=True)
class BuildCause:
    """A cause of failed builds: its code, and a clause that explains it."""

    code: DiagnosisCode
    pattern: re.Pattern[str]
    words: tuple[str, ...]
    """Words in lower case; every line that shows the cause contains one of them."""
    text: str
    rank: int
    """Position in the table; the lowest of several is the most specific."""


@cache
def build_causes() -> tuple[BuildCause, ...]:
    """Return the known causes, the most specific first."""
    table = tomllib.loads((files("toolkit.runlog") / "build_causes.toml").read_text(encoding="utf-8"))
    return tuple(
        BuildCause(
            DiagnosisCode(each["code"]),
            re.compile(each["pattern"], re.ASCII),
            tuple(map(str.lower, each["words"])),
            each["text"],
            rank,
        )
        for rank, each in enumerate(table["cause"])
    )


def build_cause(line: str) -> BuildCause | None:
    """Return the most specific cause that a line of a build shows; None if it shows none."""
    line = line[:MAX_LINE_CHARS]
    causes = _likely_causes(line)
    if not causes or (SOURCE.match(line) and NOTE not in line):
        return None
    return next((each for each in causes if each.pattern.search(line)), None)


@remembered
def _likely_causes(shape: str) -> tuple[BuildCause, ...]:
    """Return the causes of which the shape of a line holds a word; a search for words is faster than patterns."""
    lowered = shape.lower()
    found = {cause for word, causes in _causes_by_word().items() if word in lowered for cause in causes}
    return tuple(sorted(found, key=attrgetter("rank"))) if found else ()


@cache
def _causes_by_word() -> dict[str, list[BuildCause]]:
    """Return the causes by words of which every line that shows the cause contains one, without digits.

    None is a part of another: the causes of a longer word are those of the shorter one too.
    """
    words = [(without_digits(word), cause) for cause in build_causes() for word in cause.words]
    shortest = {word for word, _ in words if not any(other != word and other in word for other, _ in words)}
    return {short: [cause for word, cause in words if short in word] for short in sorted(shortest)}


def build_duration_ms(fields: Mapping[str, str]) -> int:
    """Return the duration of a build in ms; 0 for one that no build takes."""
    hours, minutes, seconds = (float(fields.get(unit, 0)) for unit in "hms")
    duration_s = (hours * 60 + minutes) * 60 + seconds
    return round(duration_s * 1_000) if duration_s < _LONGEST_BUILD_S else 0
