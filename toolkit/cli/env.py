"""`toolkit env`: the environment variables that the connectors read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Format, FormatOption, OutputOption, QuietOption
from toolkit.cli.output import emit, note

if TYPE_CHECKING:
    from connectors.settings import ResolvedSetting
    from connectors.venues.spec import Setting, Value, Venue
    from reports.elements import Table


def env(
    pattern: Annotated[
        str, typer.Argument(metavar="[WORD]", help="List only variables whose name contains WORD.")
    ] = "",
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> int:
    """List the environment variables that the connectors read.

    Each is printed with its value, the source of the value, and its meaning. An invalid value is named, and the exit
    code is 2.
    """
    import os

    from reports.pages import simple_page

    rows = list(settings(os.environ))
    for name in [] if quiet else unknown_names(os.environ, rows):
        note(f"{name} is set, and no connector reads it; check its spelling")
    selected = [row for row in rows if pattern.upper() in row["name"]]
    title = "Environment variables of the connectors"
    emit(_json(selected) if format is Format.JSON else simple_page(title, [_table(selected)], format), output)
    return 0


def settings(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield every setting as a row, with the keys of the command's JSON.

    `source` is `environment` (then `read_from` names the variable), `venue` if the venue's description sets the
    default, else `default`. Secrets within texts and URLs are masked.

    Raises `UsageError` at the first invalid value.
    """
    from connectors.settings import COMMON_SETTINGS, NETWORK_SETTINGS, resolve, venue_settings
    from connectors.venues import venues

    for resolved in resolve(COMMON_SETTINGS, environ).values():
        yield _row(None, resolved, set_by_venue=False)
    for setting in NETWORK_SETTINGS:
        # As everywhere on a system, the name in small letters comes first.
        read = next((name for name in (*setting.aliases, setting.name) if environ.get(name)), setting.name)
        (resolved,) = resolve([setting], {read: environ.get(read, "")}).values()
        yield _row(None, resolved, set_by_venue=False)
    for venue in venues().values():
        venue_specific = _venue_specific(venue)
        for resolved in resolve(venue_settings(venue), environ).values():
            yield _row(venue.name, resolved, resolved.setting in venue_specific)


def unknown_names(environ: Mapping[str, str], rows: list[dict[str, Any]]) -> list[str]:
    """Return names with a prefix of the connectors that no connector reads; their values are not disclosed."""
    from connectors.venues import venues

    known = {name for row in rows for name in (row["name"], *row["aliases"])}
    prefixes = ("PARAPHINA_", *(f"{venue.prefix}_" for venue in venues().values()))
    return sorted(name for name in environ if name.startswith(prefixes) and name not in known)


def _venue_specific(venue: Venue) -> list[Setting]:
    """Return the settings whose default the venue's description sets; all venues share the other defaults."""
    from dataclasses import fields, replace

    from connectors.settings import venue_settings
    from connectors.venues.spec import Venue, VenueLimits

    shared: dict[str, Any] = {field.name: field.default for field in fields(Venue)}
    shared_settings = venue_settings(replace(venue, limits=VenueLimits(), fresh_ms=shared["fresh_ms"], settings=()))
    always_specific = (venue.market, venue.instrument, venue.ws, venue.rest)
    return [
        setting for setting in venue_settings(venue) if setting in always_specific or setting not in shared_settings
    ]


def _row(venue: str | None, resolved: ResolvedSetting, set_by_venue: bool) -> dict[str, Any]:
    setting, from_environment = resolved.setting, resolved.source != "default"
    return {
        "name": setting.name,
        "value": _masked(resolved.value),
        "source": "environment" if from_environment else "venue" if set_by_venue else "default",
        "read_from": resolved.source if from_environment else None,
        "default": _masked(setting.default),
        "kind": setting.kind.value,
        "venue": venue,
        "aliases": list(setting.aliases),
        "meaning": setting.meaning,
    }


def _masked(value: Value) -> Value:
    from toolkit.model.redaction import redact

    return redact(value) if isinstance(value, str) else value


def _json(rows: list[dict[str, Any]]) -> str:
    from toolkit.model.quotes import json_text

    return json_text({"schema": "toolkit.env/1", "settings": rows})


def _table(rows: list[dict[str, Any]]) -> Table:
    from reports.elements import Cell, CellKind, Column, Table

    columns = tuple(Column(title) for title in ("name", "value", "from", "meaning"))
    return Table(
        columns,
        tuple(
            (
                Cell(row["name"], kind=CellKind.NAME),
                Cell(_spelled(row["value"])),
                Cell(_source(row)),
                Cell(row["meaning"]),
            )
            for row in rows
        ),
    )


def _source(row: dict[str, Any]) -> str:
    is_alias = row["read_from"] not in (None, row["name"])
    return f"{row['source']}, as {row['read_from']}" if is_alias else str(row["source"])


def _spelled(value: Value) -> str:
    """Return the value as it is written in an environment variable."""
    if value is None:
        return "unset"
    return str(int(value)) if isinstance(value, bool) else str(value)
