"""Settings that the program prints in its log: at its start, with audit lines, and where a limit was exceeded.

Only keys of recognised line families count. Text from outside, such as a payload in an error message, never does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import duckdb

from toolkit.db.memory import with_memory
from toolkit.db.store import sql
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.model.redaction import redact_setting
from toolkit.model.runs import SettingSource
from toolkit.model.vocabulary import MAX_SETTING_VALUES, MAX_SETTINGS
from toolkit.runlog.ending_lines import Ref

_START_KEYS = ("network", "venues", "connectors", "cfg", "cfg_hash")
"""Keys of the start-up line that configure the run; the others name the build or an address."""
_INTERVALS = "intervals_ms"
"""Key of the start-up line that states several settings."""
_NAMES = {
    ("audit_ping_sent", "interval_ms"): "{venue}_ping_interval_ms",
    ("audit_rest_monitor", "threshold_ms"): "rest_monitor_threshold_ms",
    ("audit_rest_monitor", "mode"): "{venue}_rest_monitor_mode",
    ("audit_arb_gate", "threshold_ms"): "arb_gate_threshold_ms",
    ("audit_quiet_refresh", "quiet_refresh_ms"): "{venue}_quiet_refresh_ms",
    ("audit_quiet_refresh", "transport_stale_ms"): "{venue}_transport_stale_ms",
    ("rest_fallback_activated", "threshold"): "rest_monitor_threshold_ms",
    ("enforcer_restart", "threshold"): "force_restart_threshold_ms",
    ("own_fallback_activated", "text"): "{venue}_rest_fallback_stale_ms",
    ("ws_connecting", "connect_timeout"): "{venue}_connect_timeout",
    ("ws_connecting", "readonly"): "{venue}_readonly",
    ("startup", "trade_mode"): "trade_mode",
}
"""Name of a setting by family and key."""
_VARIABLES = {
    "rest_monitor_threshold_ms": "PARAPHINA_REST_MONITOR_THRESHOLD_MS",
    "force_restart_threshold_ms": "PARAPHINA_FORCE_RESTART_MS",
    "hyperliquid_rest_fallback_stale_ms": "PARAPHINA_HL_REST_FALLBACK_STALE_MS",
    "intervals_ms.main": "PARAPHINA_MAIN_LOOP_INTERVAL_MS",
    "intervals_ms.hedge": "PARAPHINA_HEDGE_LOOP_INTERVAL_MS",
    "intervals_ms.risk": "PARAPHINA_RISK_LOOP_INTERVAL_MS",
    "trade_mode": "PARAPHINA_TRADE_MODE",
    "risk_profile": "PARAPHINA_RISK_PROFILE",
    "cfg_hash": "config_hash",
    "cfg": "config_version",
}
"""Other name of a setting: its environment variable, or its key in the resolved configuration."""
_VENUE_VARIABLES = {
    "ping_interval_ms": "PING_INTERVAL_MS",
    "read_timeout_ms": "WS_READ_TIMEOUT_MS",
    "transport_stale_ms": "TRANSPORT_STALE_MS",
    "connect_first_frame_timeout_ms": "CONNECT_FIRST_FRAME_TIMEOUT_MS",
    "control_frame_only_timeout_ms": "CONNECT_CONTROL_FRAME_ONLY_TIMEOUT_MS",
    "connect_book_timeout_ms": "CONNECT_BOOK_TIMEOUT_MS",
    "post_publish_fallback_after_ms": "POST_PUBLISH_FALLBACK_AFTER_MS",
    "post_publish_fallback_deadline_ms": "POST_PUBLISH_FALLBACK_DEADLINE_MS",
}
"""End of the variable that sets a limit of one venue, by the limit's name after the venue's."""
_SHORT_NAMES = {"hyperliquid": "HL"}
_FALLBACK_LIMIT = re.compile(r" \(WS stale for >(\d+)ms\)")
_VALUE = re.compile(r"[\w.,:+-]{1,200}")
"""Form of the names and values of settings."""
_SINGLE = rf"(?:{'|'.join(_START_KEYS)})=[\pL\pN_.,:+-]+"
"""Form of a setting on the start-up line, for the database: its `\\w` has no letters but the English ones."""
_BATCH_ROWS = 10_000
_LINE_BITS = 40
"""Bits of the line in the number that the query makes of a file number and a line."""


_Statement = tuple[str, str | None, str | None]
"""Name and value that a line states, and a note on it; no value stands for values after the first of the setting."""


@dataclass(slots=True)
class _Setting:
    """A setting has a first line and the values that lines state."""

    name: str
    first: Ref
    values: dict[str, None] = field(default_factory=dict)
    """The first `MAX_SETTING_VALUES` values."""
    note: str | None = None
    further: int = 0
    """Statements of further values."""

    def add(self, value: str | None, note: str | None, count: int) -> None:
        """Add a value that `count` lines state; None is one that is not listed."""
        self.note = self.note or note
        if value is not None and (value in self.values or len(self.values) < MAX_SETTING_VALUES):
            self.values[value] = None
        else:
            self.further += count

    def source(self, loaded: LoadedRun) -> SettingSource:
        """Return the setting with its first line; of values that are not listed it has the number of statements."""
        more = [f"{self.further} statements of other values"] if self.further else []
        value = " and ".join([*sorted(self.values), *more])
        return SettingSource(self.name, value, *loaded.file_and_line(self.first), _variable(self.name), self.note)


def logged_settings(con: duckdb.DuckDBPyConnection, run_key: int, loaded: LoadedRun) -> tuple[SettingSource, ...]:
    """Return the settings that the log of a loaded run states, each with its first line, in the order of the lines.

    They are the first `MAX_SETTINGS`. What states further ones, or further values of one, is counted in `loaded`.
    """
    found: dict[str, _Setting] = {}
    names = loaded.log.names
    names.further_settings = 0
    for place, (name, value, note), count in _valid_statements(con, run_key, loaded.log.torn):
        setting = found.get(name)
        if setting is None and len(found) < MAX_SETTINGS:
            setting = found[name] = _Setting(name, divmod(place, 1 << _LINE_BITS))
        if setting is not None:
            setting.add(value, note, count)
        else:
            names.further_settings += count
    names.further_values = Counter({name: each.further for name, each in found.items() if each.further})
    return tuple(each.source(loaded) for each in found.values())


def _valid_statements(
    con: duckdb.DuckDBPyConnection, run_key: int, torn: Iterable[Ref]
) -> Iterator[tuple[int, _Statement, int]]:
    """Yield each value that whole lines state, with the place of its first line and the number of the lines.

    They are in the order of the first lines.
    """
    parameters = {
        "run_key": run_key,
        "torn": [file_no << _LINE_BITS | line for file_no, line in torn],
        "single": _SINGLE,
        "several": f"{_INTERVALS}=",
        "most": MAX_SETTING_VALUES,
    }
    result = with_memory(con, lambda con: con.execute(sql("logged_settings"), parameters))
    while rows := result.fetchmany(_BATCH_ROWS):
        for family, venue, key, value, variable, raw, place, _, count in rows:
            for each in _statements(family, venue, key, value, variable, raw):
                if _is_valid(*each[:2]):
                    yield place, each, count


def _is_valid(name: str, value: str | None) -> bool:
    if _VALUE.fullmatch(name) is None:
        return False
    return value is None or (_VALUE.fullmatch(value) is not None and (not name.endswith("_ms") or value.isdigit()))


def _statements(
    family: str, venue: str | None, key: str, value: str | None, name: str | None, raw: str | None
) -> Iterable[_Statement]:
    if value is None:
        return ((key, None, None),)
    if family == "startup" and key == _INTERVALS:
        return _intervals(value)
    if family == "startup" and key in _START_KEYS:
        return ((key, value, None),)
    if family in ("config_override", "config_refused"):
        variable = name or ""
        refused = f"set to {redact_setting(variable, raw)}, which was refused" if raw else None
        return ((variable, redact_setting(variable, value), refused),)
    if family == "audit_limits":
        return ((key, value, None),) if venue and key.startswith(f"{venue}_") else ()
    if family == "effective_setting":
        return ((name or "", value, None),)
    if family == "own_fallback_activated":
        limit = _FALLBACK_LIMIT.fullmatch(value)
        return ((_NAMES[family, key].format(venue=venue), limit[1], None),) if limit else ()
    return ((_NAMES[family, key].format(venue=venue), value, None),)


def _intervals(value: str) -> Iterator[_Statement]:
    """Yield the loop intervals of a start-up line, by names such as `intervals_ms.main`."""
    for interval in value.split():
        loop, _, milliseconds = interval.partition(":")
        if milliseconds.isdigit():
            yield f"{_INTERVALS}.{loop}", milliseconds, None


def _variable(name: str) -> str | None:
    venue, _, key = name.partition("_")
    if name in _VARIABLES or key not in _VENUE_VARIABLES:
        return _VARIABLES.get(name)
    return f"PARAPHINA_{_SHORT_NAMES.get(venue, venue.upper())}_{_VENUE_VARIABLES[key]}"
