"""The dialects that are spoken: every module of this package that holds a `DIALECT`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from connectors.simulator.protocols.base import Dialect


def dialects() -> dict[str, Dialect]:
    """Every dialect by venue name, in alphabetical order."""
    found = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    spoken = [module.DIALECT for module in found if hasattr(module, "DIALECT")]
    return {dialect.venue: dialect for dialect in sorted(spoken, key=lambda dialect: dialect.venue)}
