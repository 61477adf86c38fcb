"""What a log says of its run as a whole."""

from __future__ import annotations

import pytest

from toolkit.runlog.facts import LogFacts
from toolkit.runlog.parse import parse


@pytest.mark.parametrize(
    ("urls", "loopback"),
    [
        ([], None),
        (["ws://127.0.0.1:9001/ws", "ws://localhost:9002", "ws://[::1]:9003/"], True),
        (["ws://127.0.0.1:9001/ws", "wss://fstream.asterdex.com/ws"], False),
        (["ws://[::1:9003/"], False),
    ],
    ids=["no address", "this host", "another host", "half of a pair of brackets"],
)
def test_the_venues_are_simulated_where_every_socket_goes_to_this_host(urls: list[str], loopback: bool | None) -> None:
    facts = LogFacts()
    for line, url in enumerate(urls, 1):
        text = f"INFO: Aster public WS connecting url={url}"
        for found in parse(text).found:
            facts.see(found, (0, line), text)
    assert facts.loopback_only is loopback
