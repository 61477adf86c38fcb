"""Settings of our connectors that a pair of runs is made to compare, as given on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from connectors import settings
from connectors.venues.spec import Setting, Venue
from toolkit.model.errors import UsageError
from toolkit.smoke.producer_env import paraphina_environment


def read_settings(option: str, words: Sequence[str], venues: Iterable[Venue], simulated: bool) -> dict[str, str]:
    """Return the settings `NAME=VALUE` of a side by name; `option` is the option that gives them.

    Raises `UsageError` for a name that the connectors of these venues do not read, with the nearest names, for one that
    the run sets itself, and for a value that cannot be used.
    """
    table = _by_name(venues)
    taken = _set_by_the_run(venues, simulated)
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not value.strip():
            raise UsageError(f"{option} {word}: write NAME=VALUE; `toolkit env` lists the names")
        if name not in table:
            nearest = get_close_matches(name, table, 3, 0.5)
            hint = f"; nearest: {', '.join(nearest)}" if nearest else "; `toolkit env` lists the names"
            raise UsageError(f"{option} {name}: the connectors read no such name{hint}")
        if table[name].name in taken:
            raise UsageError(f"{option} {name}: the run sets this name itself; compare another one")
        if table[name].name in found:
            raise UsageError(f"{option} {name}: given twice; write it once")
        try:
            settings.resolve((table[name],), {name: value})
        except UsageError as error:
            raise UsageError(f"{option} {error}") from error
        found[table[name].name] = value
    return found


def with_settings(environ: Mapping[str, str], chosen: Mapping[str, str], venues: Iterable[Venue]) -> dict[str, str]:
    """Return the environment with these settings; other names of the same settings are removed."""
    table = _by_name(venues)
    replaced = {alias for alias, setting in table.items() if setting.name in chosen}
    return {name: value for name, value in environ.items() if name not in replaced} | dict(chosen)


def _by_name(venues: Iterable[Venue]) -> dict[str, Setting]:
    table = (*settings.COMMON_SETTINGS, *(each for venue in venues for each in settings.venue_settings(venue)))
    return {name: setting for setting in table for name in (setting.name, *setting.aliases)}


def _set_by_the_run(venues: Iterable[Venue], simulated: bool) -> set[str]:
    """Return the names that lead the run's files into its directory, and its sockets to simulated venues."""
    urls = ((venue.ws, venue.rest, venue.market, venue.instrument) for venue in venues) if simulated else ()
    return {*paraphina_environment(Path()), *(each.name for group in urls for each in group if each is not None)}
