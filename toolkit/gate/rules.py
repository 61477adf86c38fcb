"""Parse gate files: every rule of the TOML text is checked before a run is evaluated.

A file is a list of `[[rule]]` tables, each with `figure`, at least one limit, and options. The key `never_seen` above
them is the verdict on a configured venue that was never seen: `"inconclusive"` (the default) or `"fail"`.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

import msgspec

from toolkit.model.errors import UsageError
from toolkit.model.figures import FigureSpec
from toolkit.model.gates import GateRule
from toolkit.model.vocabulary import PLATEAU_LIMIT_PATTERN, GateVerdict

LIMITS = ("max", "min", "max_ratio_to_baseline", "max_delta_to_baseline")
"""Keys that set a limit. A `[[rule]]` with several of them becomes one rule per limit."""

_PLACEHOLDER = re.compile(r"<[a-z_]+>")
_PLACEHOLDER_PATTERNS = {"<limit>": PLATEAU_LIMIT_PATTERN}
_PLATEAU_FIGURE = re.compile(r"\.plateau_(?:event_)?(?P<limit>[0-9]{1,9})(?P<unit>m?s)\.")
_NEVER_SEEN_VERDICTS = {"inconclusive": GateVerdict.INCONCLUSIVE, "fail": GateVerdict.FAIL}


@dataclass(frozen=True, slots=True)
class Gate:
    """Name, rules, and verdict on never-seen venues of a gate file."""

    name: str
    rules: tuple[GateRule, ...]
    never_seen: GateVerdict = GateVerdict.INCONCLUSIVE


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[dict[str, Any]]
    never_seen: Literal["inconclusive", "fail"] = "inconclusive"


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    figure: Annotated[str, msgspec.Meta(min_length=1)]
    max: int | float | None = None
    min: int | float | None = None
    max_ratio_to_baseline: Annotated[float, msgspec.Meta(gt=0)] | None = None
    max_delta_to_baseline: int | float | None = None
    min_n: Annotated[int, msgspec.Meta(ge=0)] = 0
    per_10_min: bool = False
    venues: Annotated[list[str], msgspec.Meta(min_length=1)] | None = None
    on_null: Literal["inconclusive", "fail", "not_applicable"] = "inconclusive"
    why: str | None = None


def parse_gate(text: str, name: str, catalogue: Sequence[FigureSpec]) -> Gate:
    """Return the gate of a TOML text. `name` is the name of the file in messages.

    Raises `UsageError`, naming file and rule, for invalid TOML, an unknown key, a limit that is missing, not finite or
    of the wrong type, `venues` on a figure of the run, and a figure that is not in the catalogue.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {error}; a gate file holds [[rule]] tables and, above them, never_seen") from error
    if not file.rule:
        raise UsageError(f"{name}: holds no [[rule]]; a gate needs at least one")
    rules = tuple(
        rule for number, table in enumerate(file.rule, 1) for rule in _parse_rule(table, name, number, catalogue)
    )
    return Gate(name, rules, _NEVER_SEEN_VERDICTS[file.never_seen])


def plateau_limits_ms(rules: Iterable[GateRule]) -> tuple[int, ...]:
    """Return the age limits (ms) of the plateau figures that the rules name, which the analysis has to compute."""
    return tuple(limit for rule in rules if (limit := plateau_limit_ms(rule.figure)) is not None)


def plateau_limit_ms(figure: str) -> int | None:
    """Return the age limit (ms) in the name of a plateau figure; None for another figure."""
    match = _PLATEAU_FIGURE.search(figure)
    return int(match["limit"]) * (1 if match["unit"] == "ms" else 1_000) if match else None


def _parse_rule(
    table: Mapping[str, object], name: str, number: int, catalogue: Sequence[FigureSpec]
) -> Iterator[GateRule]:
    location = f"{name}: rule {number}"
    try:
        fields = msgspec.convert(table, _Rule)
    except msgspec.ValidationError as error:
        raise UsageError(f"{location}: {error}; a rule may hold {', '.join(_Rule.__struct_fields__)}") from error
    location = f"{location} ({fields.figure})"
    figure = _PLACEHOLDER.sub("*", fields.figure)
    limits = {key: limit for key in LIMITS if (limit := getattr(fields, key)) is not None}
    if not limits:
        raise UsageError(f"{location}: has no limit; give one of {', '.join(LIMITS)}")
    if not all(map(math.isfinite, limits.values())):
        raise UsageError(f"{location}: a limit must be a finite number")
    if fields.venues is not None and not figure.startswith("*."):
        raise UsageError(f"{location}: venues applies only to a figure of every venue (*.{figure.partition('.')[2]})")
    _check_in_catalogue(figure, location, catalogue)
    venues = None if fields.venues is None else tuple(fields.venues)
    for key, limit in limits.items():
        yield GateRule(
            figure,
            min_n=fields.min_n,
            per_10_min=fields.per_10_min,
            venues=venues,
            on_null=fields.on_null,
            why=fields.why,
            **{key: limit},
        )


def _check_in_catalogue(figure: str, location: str, catalogue: Sequence[FigureSpec]) -> None:
    if any(_matches_catalogue_name(spec.name, figure) for spec in catalogue):
        return
    names = sorted({_PLACEHOLDER.sub("*", spec.name) for spec in catalogue})
    nearest = get_close_matches(figure, names, 3, 0.5)
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    raise UsageError(f"{location}: there is no such figure{hint}; `toolkit figures` lists all")


def _matches_catalogue_name(catalogue_name: str, pattern: str) -> bool:
    """Return True if a figure with this catalogue name can match the name or pattern of a rule."""
    names, patterns = catalogue_name.split("."), pattern.split(".")
    same_scope = (names[0] == "run") == (patterns[0] == "run")
    return same_scope and len(names) == len(patterns) and all(map(_matches_part, names, patterns))


def _matches_part(catalogue_part: str, pattern: str) -> bool:
    if re.fullmatch(
        _PLACEHOLDER.sub(lambda match: _PLACEHOLDER_PATTERNS.get(match[0], "[^.]+"), catalogue_part), pattern
    ):
        return True
    return fnmatchcase(_PLACEHOLDER.sub("x", catalogue_part), pattern)
