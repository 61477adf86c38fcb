"""Venue protocols of the simulator: each module of this package that defines `PROTOCOL` adds one venue."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from connectors.simulator.protocols.base import VenueProtocol
from connectors.simulator.protocols.client_profile import ClientProfile


def protocols(profile: ClientProfile = ClientProfile.CURRENT) -> dict[str, VenueProtocol]:
    """Return every protocol by venue name, in alphabetical order, as clients of `profile` know it."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    known = [module.PROTOCOL for module in modules if hasattr(module, "PROTOCOL")]
    return {each.venue: each.for_profile(profile) for each in sorted(known, key=lambda protocol: protocol.venue)}
