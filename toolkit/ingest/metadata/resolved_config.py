"""Reader of `config_resolved.json`, in which the program writes the configuration that it runs with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from toolkit.files.run_file import RunFile
from toolkit.model.redaction import redact_named
from toolkit.model.runs import SettingSource
from toolkit.model.vocabulary import Role
from toolkit.runlog.rust_debug import DebugTextError, flatten, parse_debug

CONFIG = "config."
"""Prefix of the names of settings from the program's configuration."""
VALUE_LENGTH = 300
_VARIABLES = {
    f"{CONFIG}{name}": f"PARAPHINA_{name.upper()}"
    for name in ("main_loop_interval_ms", "hedge_loop_interval_ms", "risk_loop_interval_ms", "fill_agg_interval_ms")
}
_IDENTITIES = frozenset({"id", "id_arc"})
"""Last parts of paths that repeat the name of a list element, which the path itself contains."""


class _ResolvedConfig(msgspec.Struct):
    config_hash: str
    config_version: str | None = None
    config_debug: str | None = None


def load(sources: Sequence[RunFile]) -> tuple[SettingSource, ...]:
    """Return the settings that the first resolved configuration among the files states; none without one.

    A configuration dump that is not understood from end to end contributes nothing. Raises `InputError` for a file that
    cannot be read.
    """
    for source in sources:
        if source.role is not Role.PROVENANCE:
            continue
        content = source.content()
        try:
            config = msgspec.json.decode(content, type=_ResolvedConfig)
        except msgspec.MsgspecError:
            continue  # Another kind of provenance file.
        return tuple(_settings(config, source.name, content))
    return ()


def _settings(config: _ResolvedConfig, file: str, content: bytes) -> Iterator[SettingSource]:
    yield SettingSource("config_hash", config.config_hash, file, line_of_key(content, "config_hash"))
    if config.config_version is not None:
        yield SettingSource("config_version", config.config_version, file, line_of_key(content, "config_version"))
    if config.config_debug is None:
        return
    try:
        values = dict(flatten(parse_debug(config.config_debug)))
    except DebugTextError:
        return
    line = line_of_key(content, "config_debug")
    for path, value in values.items():
        if path != "version" and path.rsplit(".", 1)[-1] not in _IDENTITIES:
            name = f"{CONFIG}{path}"
            yield SettingSource(name, redact_named(path, value)[:VALUE_LENGTH], file, line, _VARIABLES.get(name))


def line_of_key(content: bytes, key: str) -> int | None:
    """Return the one-based line of the first `"key":` in a JSON file; None where there is none."""
    found = re.search(rb'"' + re.escape(key.encode()) + rb'"\s*:', content)
    return content.count(b"\n", 0, found.start()) + 1 if found else None
