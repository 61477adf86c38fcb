"""`toolkit env`: every environment name the connectors read."""

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
    pattern: Annotated[str, typer.Argument(metavar="[WORD]", help="Only names that hold this word.")] = "",
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> int:
    """List every environment name the connectors read: its value, where the value came from, what it does.

    A value that cannot be used ends with exit 2 and the name of the variable.
    """
    import os

    from reports.pages import simple_page

    rows = list(settings(os.environ))
    for name in [] if quiet else unknown_names(os.environ, rows):
        note(f"{name} is set, and no connector reads it")
    asked = [row for row in rows if pattern.upper() in row["name"]]
    title = "What the connectors read of the environment"
    emit(_json(asked) if format is Format.JSON else simple_page(title, [_table(asked)], format), output)
    return 0


def settings(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Every setting as a row; raises `UsageError` on the first value that cannot be used.

    `source` is `environment` (then `read_from` names the variable), `venue` where the venue's description states the
    value, else `default`. Values of URLs and texts have their secrets masked.
    """
    from connectors.settings import COMMON_SETTINGS, resolve, venue_settings
    from connectors.venues import venues

    for resolved in resolve(COMMON_SETTINGS, environ).values():
        yield _row(None, resolved, stated=False)
    for venue in venues().values():
        stated = _stated(venue)
        for resolved in resolve(venue_settings(venue), environ).values():
            yield _row(venue.name, resolved, resolved.setting in stated)


def unknown_names(environ: Mapping[str, str], rows: list[dict[str, Any]]) -> list[str]:
    """Names that look meant for the connectors and are none of theirs; their values are nobody's business."""
    from connectors.venues import venues

    known = {name for row in rows for name in (row["name"], *row["aliases"])}
    ours = ("PARAPHINA_", *(f"{venue.prefix}_" for venue in venues().values()))
    return sorted(name for name in environ if name.startswith(ours) and name not in known)


def _stated(venue: Venue) -> list[Setting]:
    """What the venue's description says itself, rather than leaves to the defaults that all venues share."""
    from dataclasses import fields, replace

    from connectors.settings import venue_settings
    from connectors.venues.spec import Venue, VenueLimits

    shared: dict[str, Any] = {field.name: field.default for field in fields(Venue)}
    unstated = venue_settings(replace(venue, limits=VenueLimits(), fresh_ms=shared["fresh_ms"], settings=()))
    own = (venue.market, venue.instrument, venue.ws, venue.rest)
    return [setting for setting in venue_settings(venue) if setting in own or setting not in unstated]


def _row(venue: str | None, resolved: ResolvedSetting, stated: bool) -> dict[str, Any]:
    setting, given = resolved.setting, resolved.source != "default"
    return {
        "name": setting.name,
        "value": _shown(resolved.value),
        "source": "environment" if given else "venue" if stated else "default",
        "read_from": resolved.source if given else None,
        "default": _shown(setting.default),
        "kind": setting.kind.value,
        "venue": venue,
        "aliases": list(setting.aliases),
        "meaning": setting.meaning,
    }


def _shown(value: Value) -> Value:
    from toolkit.model.redaction import redact

    return redact(value) if isinstance(value, str) else value


def _json(rows: list[dict[str, Any]]) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode({"schema": "toolkit.env/1", "settings": rows})).decode()


def _table(rows: list[dict[str, Any]]) -> Table:
    from reports.elements import Cell, CellKind, Column, Table

    columns = tuple(Column(title) for title in ("name", "value", "from", "meaning"))
    return Table(
        columns,
        tuple(
            (
                Cell(row["name"], kind=CellKind.NAME),
                Cell(_written(row["value"])),
                Cell(_source(row)),
                Cell(row["meaning"]),
            )
            for row in rows
        ),
    )


def _source(row: dict[str, Any]) -> str:
    other = row["read_from"] not in (None, row["name"])
    return f"{row['source']}, as {row['read_from']}" if other else str(row["source"])


def _written(value: Value) -> str:
    """The value as the environment would spell it."""
    if value is None:
        return "unset"
    return str(int(value)) if isinstance(value, bool) else str(value)
