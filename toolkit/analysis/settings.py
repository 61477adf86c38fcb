"""The settings of a run, as far as its metadata holds them, and the differences between those of two runs.

Only known names are taken from a run: those that `toolkit env` lists, those that a profile sets, and the options of
`toolkit smoke`. The caller passes the known names in. Other names are listed without values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from toolkit.model.comparisons import SettingRow
from toolkit.model.redaction import redact
from toolkit.model.run_meta import RunMeta
from toolkit.model.runs import RunInfo
from toolkit.model.vocabulary import SettingKind

KnownSettings = Callable[[], Mapping[str, str | None]]
"""Gives every name that may be shown, with the value that applies where it is not set (None: no value).

A function, so that the names are loaded only for a run that has settings.
"""
VALUE_LENGTH = 300

_LOOPBACK_PORT = re.compile(r"(?<=//127\.0\.0\.1):\d+|(?<=//localhost):\d+|(?<=//\[::1\]):\d+")


def settings_of(meta: RunMeta, known: KnownSettings) -> tuple[dict[str, str] | None, tuple[str, ...]]:
    """The settings of a run by name, None where its metadata holds none, and the names of what else was set."""
    names = meta.options | (meta.environment or {})
    if not names:
        return (None if meta.environment is None else {}), ()
    return (None if meta.environment is None else shown(names, known())), withheld(names, known())


def shown(environment: Mapping[str, str], known: Mapping[str, str | None]) -> dict[str, str]:
    """The known settings among the variables, by name: secrets in their values masked, long values cut."""
    names = sorted(environment.keys() & known.keys())
    values = {name: redact(environment[name]) for name in names}
    return {name: value if len(value) <= VALUE_LENGTH else f"{value[:VALUE_LENGTH]}…" for name, value in values.items()}


def withheld(environment: Mapping[str, str], known: Mapping[str, str | None]) -> tuple[str, ...]:
    """The names among the variables whose values are not shown."""
    return tuple(sorted(environment.keys() - known.keys()))


def differences(before: RunInfo, after: RunInfo, known: KnownSettings) -> tuple[SettingRow, ...] | None:
    """Each setting that either run has, those that differ first; None where a run's files do not hold its settings."""
    if before.settings is None or after.settings is None:
        return None
    rows = _rows(before.settings, after.settings, known())
    return tuple(sorted(rows, key=lambda row: (_FIRST.index(row.kind), row.name)))


_FIRST = (SettingKind.DIFFERS, SettingKind.PLACE, SettingKind.EQUAL)


def _rows(before: Mapping[str, str], after: Mapping[str, str], known: Mapping[str, str | None]) -> Iterator[SettingRow]:
    for name in before.keys() | after.keys():
        values = before.get(name), after.get(name)
        yield SettingRow(name, *values, known.get(name), _kind(values, (before, after)))


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
