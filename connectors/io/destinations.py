"""Count of the places that a run's connections went to: this machine, elsewhere, or wherever a proxy led."""

from __future__ import annotations

from connectors.hosts import is_loopback_host
from connectors.io.proxies import Proxy


class Destinations:
    """Connections that were established, by their other end.

    `loopback` counts those to a loopback address, whatever name led there, and `elsewhere` those to any other address.
    `proxied` counts those through a proxy: their other end is known to the proxy alone.
    """

    def __init__(self) -> None:
        self.loopback = self.elsewhere = self.proxied = 0

    def add(self, address: object, proxy: Proxy | None) -> None:
        """Count a connection to `address`, the socket address of the peer."""
        if proxy is not None:
            self.proxied += 1
        elif is_loopback_host(peer_host(address)):
            self.loopback += 1
        else:
            self.elsewhere += 1

    @property
    def all_loopback(self) -> bool | None:
        """True if every connection went to this machine; None without a connection."""
        if self.elsewhere or self.proxied:
            return False
        return True if self.loopback else None

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return {"loopback": self.loopback, "elsewhere": self.elsewhere, "proxied": self.proxied}


def peer_host(address: object) -> str:
    """Return the host of a socket address, empty if there is none."""
    return str(address[0]) if isinstance(address, tuple) and address else ""
