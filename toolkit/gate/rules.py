"""Gate files: the rules of a TOML text, every one checked before a run is judged by it.

A file is a list of `[[rule]]` tables: `figure`, one limit or more, and how to apply it. `never_seen` above them is the
verdict on a configured venue that was never seen (`"inconclusive"`, the default, or `"fail"`).
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
"""The keys that state a limit; a rule with several is as many rules."""

_PLACEHOLDER = re.compile(r"<[a-z_]+>")
_WORDS = {"<limit>": PLATEAU_LIMIT_PATTERN}
_PLATEAU = re.compile(r"\.plateau_(?:event_)?(?P<limit>[0-9]{1,9})(?P<unit>m?s)\.")
_NEVER_SEEN = {"inconclusive": GateVerdict.INCONCLUSIVE, "fail": GateVerdict.FAIL}


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate as its file states it."""

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
    """The gate that a TOML text states; `name` is how messages refer to the file.

    Raises `UsageError` naming file and rule for an unknown key, a limit that is missing or of the wrong type, and a
    figure that is not in the catalogue.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {error}; a gate file holds [[rule]] tables and, above them, never_seen") from error
    if not file.rule:
        raise UsageError(f"{name}: holds no [[rule]]; a gate without a rule can say nothing")
    rules = tuple(rule for number, table in enumerate(file.rule, 1) for rule in _rules(table, name, number, catalogue))
    return Gate(name, rules, _NEVER_SEEN[file.never_seen])


def plateau_limits_ms(rules: Iterable[GateRule]) -> tuple[int, ...]:
    """The ages of the plateaus that the rules speak of: a run must be looked at for them."""
    asked = (_PLATEAU.search(rule.figure) for rule in rules)
    return tuple(int(each["limit"]) * (1 if each["unit"] == "ms" else 1_000) for each in asked if each)


def _rules(table: Mapping[str, object], name: str, number: int, catalogue: Sequence[FigureSpec]) -> Iterator[GateRule]:
    where = f"{name}: rule {number}"
    try:
        stated = msgspec.convert(table, _Rule)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: {error}; a rule may hold {', '.join(_Rule.__struct_fields__)}") from error
    where = f"{where} ({stated.figure})"
    figure = _PLACEHOLDER.sub("*", stated.figure)
    limits = {key: limit for key in LIMITS if (limit := getattr(stated, key)) is not None}
    if not limits:
        raise UsageError(f"{where}: has no limit; give one of {', '.join(LIMITS)}")
    if not all(map(math.isfinite, limits.values())):
        raise UsageError(f"{where}: a limit must be a finite number")
    if stated.venues is not None and not figure.startswith("*."):
        raise UsageError(f"{where}: venues goes with a figure of every venue (*.{figure.partition('.')[2]})")
    _known(figure, where, catalogue)
    venues = None if stated.venues is None else tuple(stated.venues)
    for key, limit in limits.items():
        yield GateRule(
            figure,
            min_n=stated.min_n,
            per_10_min=stated.per_10_min,
            venues=venues,
            on_null=stated.on_null,
            why=stated.why,
            **{key: limit},
        )


def _known(figure: str, where: str, catalogue: Sequence[FigureSpec]) -> None:
    if any(_could_be(spec.name, figure) for spec in catalogue):
        return
    names = sorted({_PLACEHOLDER.sub("*", spec.name) for spec in catalogue})
    nearest = get_close_matches(figure, names, 3, 0.5)
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    raise UsageError(f"{where}: there is no such figure{hint}; `toolkit figures` lists all")


def _could_be(catalogued: str, asked: str) -> bool:
    """Whether a figure of that catalogue name could have the name, or fit the pattern, that a rule asks for."""
    ours, theirs = catalogued.split("."), asked.split(".")
    same_scope = (ours[0] == "run") == (theirs[0] == "run")
    return same_scope and len(ours) == len(theirs) and all(map(_part, ours, theirs))


def _part(catalogued: str, asked: str) -> bool:
    if re.fullmatch(_PLACEHOLDER.sub(lambda found: _WORDS.get(found[0], "[^.]+"), catalogued), asked):
        return True
    return fnmatchcase(_PLACEHOLDER.sub("x", catalogued), asked)
