"""Fault scenarios: which fault occurs at which venue and when, read from a TOML file with one `[[fault]]` each:

    name = "a bad hour"

    [[fault]]
    venue = "lighter"     # or "all"
    at_s = 30
    kind = "mute"
    for_s = 20            # only for kinds that last; default: the duration of the kind
    every_s = 300         # repeat at this interval
    until_s = 3600        # latest start of a repetition

and the settings of the kind (such as `code = 1001`), see `connectors.simulator.faults.table`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.simulator.faults.spec import Fault
from connectors.simulator.faults.table import FAULTS
from toolkit.model.errors import InputError

TIMES = ("at_s", "for_s", "every_s", "until_s")
ALL = "all"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault of a scenario with all settings resolved; times are ms since the start.

    `for_ms` None happens at once, `every_ms` None occurs once, and `until_ms` None repeats without end.
    """

    venue: str
    fault: Fault
    at_ms: int
    for_ms: int | None = None
    every_ms: int | None = None
    until_ms: int | None = None
    values: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Named list of planned faults; the default has none."""

    name: str = "quiet"
    faults: tuple[PlannedFault, ...] = ()

    def of(self, venue: str) -> tuple[PlannedFault, ...]:
        """Return the faults of one venue, in the order of the file."""
        return tuple(planned for planned in self.faults if planned.venue == venue)


def plan(venue: str, kind: str, at_s: float, for_s: float | None = None, **values: int | str) -> PlannedFault:
    """Plan a fault at `at_s` for `for_s` seconds (default: of its kind); raises KeyError for an unknown kind."""
    fault = FAULTS[kind]
    lasts_s = fault.lasts_s if for_s is None else for_s
    return PlannedFault(
        venue, fault, _ms(at_s), None if lasts_s is None else _ms(lasts_s), values={**fault.values, **values}
    )


def read(text: str, file: str, venues: Collection[str]) -> Scenario:
    """Read a scenario from TOML text; raises InputError with the file and the number of the fault that is wrong."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(file, None, f"not TOML: {error}") from error
    if unknown := sorted(tables.keys() - {"name", "fault"}):
        raise InputError(file, None, f"unknown key {unknown[0]!r}; write name and [[fault]]")
    rows = tables.get("fault", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(file, None, "write each fault as a table [[fault]]")
    planned = [each for number, row in enumerate(rows, start=1) for each in _planned(row, number, file, venues)]
    return Scenario(str(tables.get("name", file)), tuple(planned))


def _planned(row: dict[str, Any], number: int, file: str, venues: Collection[str]) -> list[PlannedFault]:
    def invalid(why: str) -> InputError:
        return InputError(file, None, f"fault {number}: {why}")

    kind, venue = str(row.get("kind")), str(row.get("venue"))
    if kind not in FAULTS:
        raise invalid(f"kind {kind!r} is unknown; write one of {', '.join(FAULTS)}")
    if venue != ALL and venue not in venues:
        raise invalid(f"venue {venue!r} is unknown; write one of {', '.join([*venues, ALL])}")
    fault = FAULTS[kind]
    times = {name: _time(name, row[name], invalid) for name in TIMES if name in row}
    if "at_s" not in times:
        raise invalid("at_s is missing; write the start in seconds")
    if "for_s" in times and fault.lasts_s is None:
        raise invalid(f"for_s: a {kind} happens at once and does not last")
    if "until_s" in times and "every_s" not in times:
        raise invalid("until_s needs every_s")
    settings = {name: value for name, value in row.items() if name not in (*TIMES, "kind", "venue")}
    values = {**fault.values, **{name: _value(name, value, fault, invalid) for name, value in settings.items()}}
    lasts_ms = times.get("for_s", None if fault.lasts_s is None else _ms(fault.lasts_s))
    repeat = times.get("every_s"), times.get("until_s")
    selected = list(venues) if venue == ALL else [venue]
    return [PlannedFault(name, fault, times["at_s"], lasts_ms, *repeat, values=values) for name in selected]


def _time(name: str, value: object, invalid: Any) -> int:
    minimum = 1 if name in ("for_s", "every_s") else 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not minimum <= value < 10**9:
        raise invalid(f"{name} = {value!r}: write seconds, {'1 or more' if minimum else '0 or more'}")
    return _ms(value)


def _value(name: str, value: object, fault: Fault, invalid: Any) -> int | str:
    if name not in fault.values:
        known = ", ".join(fault.values) or "none"
        raise invalid(f"{name!r} is not a setting of {fault.kind}; its settings: {known}")
    default = fault.values[name]
    if isinstance(value, bool) or not isinstance(value, type(default)) or (isinstance(value, int) and value < 0):
        shape = "a whole number, 0 or more" if isinstance(default, int) else "text"
        raise invalid(f"{name} = {value!r}: write {shape}")
    return value


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)
