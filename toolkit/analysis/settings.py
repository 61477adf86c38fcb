"""The settings a run was made with, as far as its metadata tells, and where those of two runs differ.

Only names of a known table are ever taken from a run: those that `toolkit env` lists, those that a profile sets, the
options of `toolkit smoke`. What other names held is nobody's business; that they were there is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from toolkit.model.records import RunInfo, SettingRow
from toolkit.model.redaction import redact
from toolkit.model.vocabulary import SettingKind

OF_A_PROFILE = ("PARAPHINA_LIVE_OUT_DIR", "PARAPHINA_TELEMETRY_MODE", "PARAPHINA_TRADE_MODE")
"""What a profile sets that no connector reads."""
OPTIONS = ("--feed", "--scenario", "--seed", "--base", "--venues", "--profile")
"""The options of `toolkit smoke` that decide what a run meets."""
VALUE_LENGTH = 300

_LOOPBACK_PORT = re.compile(r"(?<=//127\.0\.0\.1):\d+|(?<=//localhost):\d+|(?<=//\[::1\]):\d+")


@cache
def documented() -> Mapping[str, str | None]:
    """Every name that may be shown, and what holds where it is not set (None: nothing)."""
    # Most runs that are analysed hold no settings, and need no connector loaded.
    from connectors.settings import COMMON, of_venue
    from connectors.venues import venues

    table = [*COMMON, *(setting for venue in venues().values() for setting in of_venue(venue))]
    defaults = {name: setting.default for setting in table for name in (setting.name, *setting.aliases)}
    known = {name: _spelled(default) for name, default in defaults.items()}
    return known | dict.fromkeys((*OF_A_PROFILE, *OPTIONS))


def _spelled(default: object) -> str | None:
    if default is None:
        return None
    return str(int(default)) if isinstance(default, bool) else str(default)


def shown(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings among the variables, by name: secrets in their values masked, long ones cut."""
    known = sorted(environment.keys() & documented().keys())
    values = {name: redact(environment[name]) for name in known}
    return {name: value if len(value) <= VALUE_LENGTH else f"{value[:VALUE_LENGTH]}…" for name, value in values.items()}


def withheld(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The names among the variables whose values are not shown."""
    return tuple(sorted(environment.keys() - documented().keys()))


def differences(before: RunInfo, after: RunInfo) -> tuple[SettingRow, ...] | None:
    """Each setting that either run has, those that differ first; None where a run's files do not hold its settings."""
    if before.settings is None or after.settings is None:
        return None
    rows = _rows(before.settings, after.settings)
    return tuple(sorted(rows, key=lambda row: (_FIRST.index(row.kind), row.name)))


_FIRST = (SettingKind.DIFFERS, SettingKind.PLACE, SettingKind.EQUAL)


def _rows(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[SettingRow]:
    for name in before.keys() | after.keys():
        values = before.get(name), after.get(name)
        yield SettingRow(name, *values, documented().get(name), _kind(values, (before, after)))


def _kind(values: tuple[str | None, str | None], sides: tuple[Mapping[str, str], Mapping[str, str]]) -> SettingKind:
    if values[0] == values[1]:
        return SettingKind.EQUAL
    first, second = (_anywhere(value, side) for value, side in zip(values, sides, strict=True))
    return SettingKind.PLACE if first == second else SettingKind.DIFFERS


def _anywhere(value: str | None, settings: Mapping[str, str]) -> str | None:
    """A value without what must differ between two runs: the run's own directory, the port of a simulated venue."""
    if value is None:
        return None
    directory = settings.get("PARAPHINA_LIVE_OUT_DIR", "")
    placed = value.replace(directory, "{run}") if len(directory) > 1 else value
    return _LOOPBACK_PORT.sub("", placed)
