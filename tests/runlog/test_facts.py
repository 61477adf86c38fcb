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
        for found in parse(text).records:
            facts.add(found, (0, line), text)
    assert facts.loopback_only is loopback


@pytest.mark.parametrize(
    ("lines", "venues"),
    [
        (["WS_AUDIT venue=paradex reconnect_reason=read_timeout count=1", "INFO: Aster public WS connected url=ws://h"],
         ("paradex", "aster")),
        (["paraphina_live | trade_mode=shadow | venues=lighter,aster | build_id=b", "INFO: Paradex public WS connected url=ws://h"],
         ("lighter", "aster", "paradex")),
        (["WS_AUDIT venue=novel component=novel_thing x=1"], ()),
    ],
    ids=["a lost beginning", "one more than it was started with", "an audit line of no known family"],
)  # fmt: skip
def test_a_log_tells_its_venues(lines: list[str], venues: tuple[str, ...]) -> None:
    facts = LogFacts()
    for number, text in enumerate(lines, 1):
        for found in parse(text).records:
            facts.add(found, (0, number), text)
    assert facts.venues == venues
