"""Clients of the conformance table, read from `clients.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = HERE / "clients"


@dataclass(frozen=True, slots=True)
class Client:
    """One client: its packages, the Pythons that it runs on (best first) and the venues that it knows.

    `alone` are packages installed without their dependencies.
    """

    name: str
    python: tuple[str, ...]
    packages: tuple[str, ...]
    venues: tuple[str, ...]
    alone: tuple[str, ...] = ()

    @property
    def script(self) -> Path:
        """Return the script that its environment's Python runs; no script has the name of a package."""
        return SCRIPTS / f"run_{self.name.replace('-', '_')}.py"

    @property
    def version(self) -> str:
        """Return the name and version of the client's own package."""
        return (*self.packages, *self.alone)[0].replace("==", " ")


def clients(text: str | None = None) -> dict[str, Client]:
    """Return the clients by name, in the order of the file."""
    rows = tomllib.loads(text or (HERE / "clients.toml").read_text())["client"]
    known = [Client(**{key: value if key == "name" else tuple(value) for key, value in row.items()}) for row in rows]
    return {client.name: client for client in known}
