"""Requests that a simulated venue refuses, because they name another host."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

FOREIGN_REQUESTS = 3
REFUSALS = (": refused a client: its host is not", f": refused {FOREIGN_REQUESTS} times: its host is not")
"""Ends of the notices that a venue writes about these requests: at the first one, and when it closes."""


def send_foreign_requests(url: str) -> None:
    """Send requests that name another host to the venue of this URL, which refuses them."""
    parts = urlsplit(url)
    for _ in range(FOREIGN_REQUESTS):
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")
            assert client.recv(1)


def refusals(text: str, venue: str = r"\w+") -> list[int]:
    """Return how often a text has each of `REFUSALS` after the name of a venue."""
    return [len(re.findall(venue + each, text, re.IGNORECASE)) for each in REFUSALS]
