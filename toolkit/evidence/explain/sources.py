"""Table of sources: for each figure of the catalogue, how the lines behind it are found.

The files of the folder `table` hold `[[source]]` tables. `figures` are names with placeholders, whose words are the SQL
parameters `$venue`, `$reason`, …; a key with the name of a placeholder lists the words that it may stand for.

`rows` names an SQL file of `toolkit/db/sql/explain`, which returns one row per record, line, socket, …, and `of` says
what the rows are. `among` filters them, one `[words, condition]` after the other; `amount` is then the number of each
row (`same` is the window of one venue and life in order), and `counted` marks the rows that the figure counts.
`statistic` names the function of `statistics.py` that gives the value (default: the last word of the figure's name, or
`count`). `stretch` joins successive rows, and their amount becomes their `ms` or `ticks`.

A `formula` computes the figure from other figures, its `inputs`, or reads what files of the `stated` roles state. Of
several sources that fit and whose `when` holds, the one with the largest value counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from toolkit.model.vocabulary import PLATEAU_LIMIT_PATTERN

Filter = tuple[str, str]
"""Words for the rows that are kept, and the SQL condition."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to find the lines behind the figures of some names (see the module)."""

    figures: tuple[str, ...]
    rows: str | None = None
    of: str = ""
    when: str | None = None
    among: tuple[Filter, ...] = ()
    counted: Filter | None = None
    amount: str | None = None
    refs: str = "refs"
    about: str | None = None
    by: str | None = None
    statistic: str | None = None
    stretch: str | None = None
    least: int = 1
    complement: bool = False
    whole: str | None = None
    needs: tuple[str, ...] = ()
    formula: str | None = None
    inputs: Mapping[str, str] = {}
    stated: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = {}


_WORD_PATTERNS = {
    "scope": r"[A-Za-z0-9_-]+", "venue": r"(?!run\.)[A-Za-z0-9_-]+", "stat": r"p\d+|max|min|mean", "tw_stat": r"p\d+",
    "stretch_stat": "count|total_ms|longest_ms", "limit": PLATEAU_LIMIT_PATTERN, "reason": ".+", "class": ".+",
    "event": ".+",
}  # fmt: skip
"""What a placeholder stands for; every other one is a word without a dot. Text from a log may contain anything."""


@cache
def sources() -> tuple[Source, ...]:
    """Return all sources."""
    folder = files("toolkit.evidence.explain") / "table"
    found = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            for table in tomllib.loads(entry.read_text(encoding="utf-8"))["source"]:
                words = {key: table.pop(key) for key in list(table) if key not in Source.__struct_fields__}
                found.append(msgspec.convert({**table, "words": words}, Source))
    return tuple(found)


def sources_of(figure: str) -> list[tuple[Source, dict[str, str]]]:
    """Return the sources of a figure, each with the words of the placeholders in its name."""
    found = []
    for source in sources():
        for pattern in source.figures:
            match = _pattern(pattern, tuple(source.words.items())).fullmatch(figure)
            if match:
                scope, _, metric = figure.partition(".")
                found.append((source, {"scope": scope, "metric": metric, **match.groupdict()}))
                break
    return found


@cache
def _pattern(name: str, words: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    patterns = {**_WORD_PATTERNS, **{key: "|".join(map(re.escape, values)) for key, values in words}}
    parts = re.split(r"<([a-z_]+)>", name)
    text = "".join(
        f"(?P<{part}>{patterns.get(part, '[^.]+')})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile(text, re.DOTALL)
