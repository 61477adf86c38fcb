"""Settings of a run from its files, and the differences between the settings of two runs.

Of the metadata only known names are taken: those that `toolkit env` lists, those that a profile sets, and the options
of `toolkit smoke`. The caller passes the known names in. Other names are listed without values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.analysis.metrics import CAP_UNKNOWN, NO_CAP
from toolkit.ingest.metadata.resolved_config import CONFIG
from toolkit.model.comparisons import SettingRow
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.redaction import redact
from toolkit.model.runs import RunInfo, SettingSource, pair_of
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


def recorded_settings(settings: Mapping[str, str], lines: Mapping[str, tuple[str, int | None]]) -> list[SettingSource]:
    """Return the settings that a run's metadata records, each with its source in `lines`."""
    return [SettingSource(name, value, *lines[name]) for name, value in settings.items() if name in lines]


def setting_differences(before: RunInfo, after: RunInfo, known: KnownSettings) -> tuple[SettingRow, ...] | None:
    """Return every setting that a file of either run states, differing ones first; None if no file states one.

    A setting that only one run states is no difference, because the other may have it too. A variable that the metadata
    of both runs could hold is different: it was set in one of them.
    """
    sides = _Side.of(before), _Side.of(after)
    names = sorted(sides[0].values.keys() | sides[1].values.keys())
    if not names:
        return None if before.settings is None or after.settings is None else ()
    defaults = known()
    rows = _without_repetition([_row(name, sides, defaults) for name in names], sides)
    rows = _with_under_test(rows, before, after)
    return tuple(sorted(rows, key=lambda row: (_KIND_ORDER.index(row.kind), row.name)))


_KIND_ORDER = (SettingKind.UNDER_TEST, SettingKind.DIFFERS, SettingKind.ONE_SIDE, SettingKind.PLACE, SettingKind.EQUAL)
_Source = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class _Side:
    """The settings of one run by name, their sources, and the variable that each sets."""

    is_own: bool
    recorded: Mapping[str, str] | None
    values: Mapping[str, str]
    sources: Mapping[str, _Source]
    variables: Mapping[str, str]

    @classmethod
    def of(cls, run: RunInfo) -> _Side:
        """Gather the settings of a run; the values in its metadata come first."""
        printed = {each.name: each.value for each in run.setting_sources}
        sources = {each.name: (each.file, each.line) for each in run.setting_sources}
        variables = {each.name: each.variable for each in run.setting_sources if each.variable}
        return cls(run.kind == OWN_RUN, run.settings, printed | dict(run.settings or {}), sources, variables)

    def tells(self, name: str) -> bool:
        """Return whether the run states the setting, or would if it had been set."""
        return name in self.values or (self.recorded is not None and _is_recorded(name))


def _is_recorded(name: str) -> bool:
    """Return whether metadata holds such a name: an environment variable or an option of the supervisor."""
    return name.isupper() or name.startswith("--")


def _row(name: str, sides: tuple[_Side, _Side], defaults: Mapping[str, str | None]) -> SettingRow:
    first, second = (side.values.get(name) for side in sides)
    kind = _kind((first, second), sides) if all(side.tells(name) for side in sides) else SettingKind.ONE_SIDE
    sources = [side.sources.get(name) for side in sides]
    # The defaults are those of our own connectors; another program has its own.
    unset = [side for side in sides if name not in side.values]
    default = defaults.get(name) if all(side.is_own for side in unset or sides) else None
    return SettingRow(name, first, second, default, kind, *sources)


def _with_under_test(rows: Iterable[SettingRow], before: RunInfo, after: RunInfo) -> list[SettingRow]:
    """Mark the rows of settings that differ on purpose, because both runs are a pair that was made to compare them."""
    pair = pair_of(before, after)
    under_test = pair.under_test if pair else ()
    return [
        replace(row, kind=SettingKind.UNDER_TEST) if row.kind is SettingKind.DIFFERS and row.name in under_test else row
        for row in rows
    ]


def _without_repetition(rows: Sequence[SettingRow], sides: tuple[_Side, _Side]) -> list[SettingRow]:
    """Drop rows that say the same of the same variable as another, and those of one side where another has both."""
    by_variable: dict[str, list[SettingRow]] = {}
    for row in rows:
        variables = [side.variables[row.name] for side in sides if row.name in side.variables]
        by_variable.setdefault(variables[0] if variables else row.name, []).append(row)
    return [row for group in by_variable.values() for row in _distinct(group)]


def _distinct(group: Sequence[SettingRow]) -> Iterable[SettingRow]:
    told = [row for row in group if row.kind is not SettingKind.ONE_SIDE] or group
    # Of equal rows the variable's own name stays: it is what a user can set.
    own_name_first = sorted(told, key=lambda row: (not row.name.isupper(), row.name.startswith(CONFIG)))
    return {(row.before, row.after): row for row in reversed(own_name_first)}.values()


def _kind(values: tuple[str | None, str | None], sides: tuple[_Side, _Side]) -> SettingKind:
    if values[0] == values[1]:
        return SettingKind.EQUAL
    first, second = (_without_place(value, side.values) for value, side in zip(values, sides, strict=True))
    return SettingKind.PLACE if first == second else SettingKind.DIFFERS


def _without_place(value: str | None, settings: Mapping[str, str]) -> str | None:
    """Replace what must differ between two runs: the run directory and the port of a simulated venue."""
    if value is None:
        return None
    directory = settings.get("PARAPHINA_LIVE_OUT_DIR", "")
    replaced = value.replace(directory, "{run}") if len(directory) > 1 else value
    return _LOOPBACK_PORT.sub("", replaced)
