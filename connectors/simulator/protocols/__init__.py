"""The dialects that are spoken: every module of this package that holds a `PROTOCOL`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from connectors.simulator.protocols.base import VenueProtocol


def protocols() -> dict[str, VenueProtocol]:
    """Every dialect by venue name, in alphabetical order."""
    found = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    spoken = [module.PROTOCOL for module in found if hasattr(module, "PROTOCOL")]
    return {protocol.venue: protocol for protocol in sorted(spoken, key=lambda protocol: protocol.venue)}
