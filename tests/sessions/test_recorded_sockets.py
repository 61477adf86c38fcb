"""Sessions of the real program against simulated venues, compared with the venues' own record of every connection.

`tests/data/sockets` holds the run's log without its snapshot lines, and the record without frames and REST requests.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from toolkit.model.runs import Session
from toolkit.runlog.parse import parse
from toolkit.runlog.session_lines import session_line
from toolkit.sessions.by_life import replay
from toolkit.sessions.machine import SessionIncident

DATA = Path(__file__).parents[1] / "data" / "sockets"
VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
BY_FAULT = {"malformed_json": "parse_error", "mute": "stale_watchdog", "heartbeat_only": "stale_watchdog"}
PRINTS_NO_CLOSE = ("hyperliquid", "paradex")
"""Their clients end a session after a close frame without a line."""


@cache
def sessions() -> tuple[list[Session], list[SessionIncident]]:
    lines = gzip.decompress((DATA / "run.log.gz").read_bytes()).decode().splitlines()
    events = [
        (0, event)
        for number, line in enumerate(lines, 1)
        for found in parse(line).records
        if (event := session_line(found, (0, number))) is not None
    ]
    return replay(events)


@cache
def truth() -> tuple[dict[str, Any], ...]:
    lines = gzip.decompress((DATA / "truth.jsonl.gz").read_bytes()).decode().splitlines()
    return tuple(json.loads(line) for line in lines)


def true_reasons(venue: str) -> list[str | None]:
    """Return the reason of each connection's end in order, from what the venue did and saw; None if it stayed open."""
    reasons: dict[str, str | None] = {}
    fault = None
    for event in truth():
        if event["venue"] != venue:
            continue
        connection = event["conn_id"]
        match event["event"]:
            case "accept":
                reasons[connection] = None
            case "fault_start":
                fault = event["kind"]
            case "server_close" if event["how"] == "tcp_abort":
                reasons[connection] = "stream_ended"
            case "server_close":
                reasons[connection] = "unknown" if venue in PRINTS_NO_CLOSE else "server_close"
            case "subscribe_refused":
                reasons[connection] = "subscribe_error"
            case "client_gone" if reasons[connection] is None and event["t_unix_ms"] < truth()[-1]["t_unix_ms"] - 5_000:
                reasons[connection] = BY_FAULT[str(fault)]
    return list(reasons.values())


@pytest.mark.parametrize("venue", VENUES)
def test_every_connection_that_a_venue_accepted_is_a_session_with_its_reason(venue: str) -> None:
    found, _ = sessions()
    connected = [each for each in found if each.venue == venue and each.reached != "connecting"]
    assert [each.reason for each in connected] == true_reasons(venue)


@pytest.mark.parametrize("venue", VENUES)
def test_every_attempt_that_a_venue_turned_away_is_a_failed_one(venue: str) -> None:
    found, incidents = sessions()
    failed = [each.reason for each in found if each.venue == venue and each.reached == "connecting"]
    failed += [each.reason for each in incidents if each.venue == venue and each.kind == "connect_failure"]
    # A closed port keeps no record: the client tried twice in the eight seconds without a listener.
    refused = 2 if venue == "hyperliquid" else sum(e["event"] == "door" and e["venue"] == venue for e in truth())
    assert failed == ["connect_error"] * refused


def test_the_refused_subscriptions_are_those_that_the_venues_refused() -> None:
    found, _ = sessions()
    refused = Counter(each.venue for each in found if each.reason == "subscribe_error")
    assert refused == Counter(e["venue"] for e in truth() if e["event"] == "subscribe_refused")
    books = Counter(each.venue for each in found if each.reached == "first_book")
    assert all(
        books[venue] <= sum(e["event"] == "subscribed" and e["venue"] == venue for e in truth()) for venue in VENUES
    )
