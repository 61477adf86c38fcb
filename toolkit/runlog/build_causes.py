"""Causes of failed builds, recognised by the words of a line anywhere in the output of the build."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from toolkit.model.vocabulary import DiagnosisCode
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.search.line_shapes import remembered, without_digits

MAX_LINE_CHARS = 4_096
MAX_CHAIN_CHARS = 1_000
"""Characters of a chain of causes that are kept."""
_MAX_DIGITS = 4
_LONGEST_BUILD_S = 10**9
_SOURCE = re.compile(r"\s*(?:\d+\s*)?[|=]|\s*--> |error\[E\d+\]")
"""Matches quoted source code of a compile error; its words are not those of the build."""


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


@dataclass
class CauseChain:
    """Causes that a log lists after `Caused by:`, read line by line."""

    last: tuple[Ref, str] | None = None
    """The causes after the last `Caused by:`, without indentation; a numbered chain is joined by colons."""
    may_follow: bool = False
    """True if the next line may be a cause."""
    _follows: bool = False
    _next: str = ""
    """The number of the next cause of a numbered chain; empty outside of one."""

    def add(self, family: str, ref: Ref, text: str) -> None:
        """Add the next line."""
        if self.may_follow and text.strip():
            self._add_cause(ref, text.strip())
        self._follows = family == "caused_by"
        self.may_follow = self._follows or self._next != ""

    def _add_cause(self, ref: Ref, text: str) -> None:
        number, is_numbered, cause = text.partition(": ")
        if self._next and is_numbered and number == self._next and self.last is not None:
            first, chain = self.last
            self.last = first, f"{chain}: {cause}"[:MAX_CHAIN_CHARS]
        elif self._follows:
            self.last = ref, (cause if number.isdecimal() and is_numbered else text)[:MAX_CHAIN_CHARS]
        else:
            number = ""
        self._next = str(int(number) + 1) if number.isdecimal() and len(number) <= _MAX_DIGITS else ""


@cache
def build_causes() -> tuple[BuildCause, ...]:
    """Return the known causes, the most specific first."""
    table = tomllib.loads((files("toolkit.runlog") / "build_causes.toml").read_text(encoding="utf-8"))
    return tuple(
        BuildCause(
            DiagnosisCode(each["code"]),
            re.compile(each["pattern"]),
            tuple(map(str.lower, each["words"])),
            each["text"],
            rank,
        )
        for rank, each in enumerate(table["cause"])
    )


def build_cause(line: str) -> BuildCause | None:
    """Return the most specific cause that a line of a build shows; None if it shows none."""
    line = line[:MAX_LINE_CHARS]
    if not _may_show_cause(line) or (_SOURCE.match(line) and " = note: " not in line):
        return None
    return next((each for each in build_causes() if each.pattern.search(line)), None)


@remembered
def _may_show_cause(shape: str) -> bool:
    """Return true for the shape of a line that holds a word of a cause; a search for words is faster than patterns."""
    lowered = shape.lower()
    return any(word in lowered for word in _words())


@cache
def _words() -> tuple[str, ...]:
    """Return words of which every line that shows a cause contains one, none a part of another."""
    words = {without_digits(word) for cause in build_causes() for word in cause.words}
    return tuple(sorted(each for each in words if not any(other != each and other in each for other in words)))


def build_duration_ms(fields: Mapping[str, str]) -> int:
    """Return the duration of a build in ms; 0 for one that no build takes."""
    hours, minutes, seconds = (float(fields.get(unit, 0)) for unit in "hms")
    duration_s = (hours * 60 + minutes) * 60 + seconds
    return round(duration_s * 1_000) if duration_s < _LONGEST_BUILD_S else 0
