"""Venue descriptions: every module of this package that defines a `VENUE`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from connectors.venues.spec import Venue


def venues() -> dict[str, Venue]:
    """Return every venue by name, in the order of telemetry arrays."""
    found = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    described = [module.VENUE for module in found if hasattr(module, "VENUE")]
    return {venue.name: venue for venue in sorted(described, key=lambda venue: (venue.rank, venue.name))}
