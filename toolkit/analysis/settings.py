"""Settings of a run from its metadata, and the differences between the settings of two runs.

Only known names are shown with values: those that `toolkit env` lists, those that a profile sets, and the options of
`toolkit smoke`. The caller passes the known names in. Other names are listed without values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from toolkit.analysis.metrics import CAP_UNKNOWN, NO_CAP
from toolkit.model.comparisons import SettingRow
from toolkit.model.redaction import redact
from toolkit.model.run_meta import RunMeta
from toolkit.model.runs import RunInfo
from toolkit.model.vocabulary import SettingKind

KnownSettings = Callable[[], Mapping[str, str | None]]
"""Returns the names whose values may be shown, each with the default of our connectors (None: no default).

A function, so that the names are loaded only for a run that has settings.
"""
VALUE_LENGTH = 300
"""Characters of a value that are shown; a longer value is cut."""
_CAP = "PARAPHINA_L2_TICK_DELTA_BUFFER_MAX"
OWN_RUN = "toolkit"
"""Kind of a run of the connectors of `toolkit smoke`."""

_LOOPBACK_PORT = re.compile(r"(?<=//127\.0\.0\.1):\d+|(?<=//localhost):\d+|(?<=//\[::1\]):\d+")


def settings_of(meta: RunMeta, known: KnownSettings) -> tuple[dict[str, str] | None, tuple[str, ...]]:
    """Return the visible settings of a run (None if its metadata records no environment) and the withheld names."""
    names = meta.options | (meta.environment or {})
    if not names:
        return (None if meta.environment is None else {}), ()
    return (None if meta.environment is None else visible_settings(names, known())), withheld_names(names, known())


def visible_settings(environment: Mapping[str, str], known: Mapping[str, str | None]) -> dict[str, str]:
    """Return the known variables by name, with secrets masked and values cut at `VALUE_LENGTH`."""
    names = sorted(environment.keys() & known.keys())
    values = {name: redact(environment[name]) for name in names}
    return {name: value if len(value) <= VALUE_LENGTH else f"{value[:VALUE_LENGTH]}…" for name, value in values.items()}


def withheld_names(environment: Mapping[str, str], known: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the sorted names of the variables whose values are not shown."""
    return tuple(sorted(environment.keys() - known.keys()))


def delta_cap(meta: RunMeta | None) -> str:
    """Return the cap of buffered deltas of a run of our own connectors, `NO_CAP` or `CAP_UNKNOWN`.

    For another program it is unknown: a command can change its environment, and its defaults are its own.
    """
    if meta is None or meta.producer != OWN_RUN or meta.environment is None:
        return CAP_UNKNOWN
    return meta.environment.get(_CAP, "").strip() or NO_CAP


def setting_differences(before: RunInfo, after: RunInfo, known: KnownSettings) -> tuple[SettingRow, ...] | None:
    """Return every setting of either run, differing ones first; None if the settings of a run are not recorded."""
    if before.settings is None or after.settings is None:
        return None
    rows = _rows(before, after, known())
    return tuple(sorted(rows, key=lambda row: (_KIND_ORDER.index(row.kind), row.name)))


_KIND_ORDER = (SettingKind.DIFFERS, SettingKind.PLACE, SettingKind.EQUAL)


def _rows(before: RunInfo, after: RunInfo, known: Mapping[str, str | None]) -> Iterator[SettingRow]:
    sides = before.settings or {}, after.settings or {}
    for name in sides[0].keys() | sides[1].keys():
        values = sides[0].get(name), sides[1].get(name)
        # The defaults are those of our own connectors; another program has its own.
        unset = [run for run, value in zip((before, after), values, strict=True) if value is None]
        ours = all(run.kind == OWN_RUN for run in unset or (before, after))
        yield SettingRow(name, *values, known.get(name) if ours else None, _kind(values, sides))


def _kind(values: tuple[str | None, str | None], sides: tuple[Mapping[str, str], Mapping[str, str]]) -> SettingKind:
    if values[0] == values[1]:
        return SettingKind.EQUAL
    first, second = (_without_place(value, side) for value, side in zip(values, sides, strict=True))
    return SettingKind.PLACE if first == second else SettingKind.DIFFERS


def _without_place(value: str | None, settings: Mapping[str, str]) -> str | None:
    """Replace what must differ between two runs: the run directory and the port of a simulated venue."""
    if value is None:
        return None
    directory = settings.get("PARAPHINA_LIVE_OUT_DIR", "")
    replaced = value.replace(directory, "{run}") if len(directory) > 1 else value
    return _LOOPBACK_PORT.sub("", replaced)
