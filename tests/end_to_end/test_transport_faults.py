"""Tests of faults that exist only between real sockets: fragments, compression, redirects, huge and dripping messages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.process import VENUES, SmokeResult, rows
from toolkit.model.vocabulary import ReconnectReason as Reason

each_venue = pytest.mark.parametrize("venue", VENUES)


def ends(result: SmokeResult, venue: str) -> list[dict[str, Any]]:
    """Return the ends of attempts and sessions that a connector noted."""
    events = rows(result.out / "events.jsonl")
    return [row["fields"] for row in events if (row.get("venue"), row.get("kind")) == (venue, "reconnect")]


@each_venue
def test_only_the_faults_that_break_a_connection_end_sessions(transport: SmokeResult, venue: str) -> None:
    reconnects = transport.reconnects(venue)
    # The reset, the resets before compression and redirect, and the huge message.
    assert reconnects.pop(Reason.STREAM_ENDED) == 4
    assert reconnects.keys() == {Reason.STALE_WATCHDOG}


@each_venue
def test_a_message_that_drips_is_a_silence_of_a_socket_that_answers_nothing(transport: SmokeResult, venue: str) -> None:
    assert {end["silence"] for end in ends(transport, venue) if "silence" in end} == {"half_open"}


@each_venue
def test_a_huge_message_ends_the_socket_with_its_length_and_the_limit(transport: SmokeResult, venue: str) -> None:
    (detail,) = (end["detail"] for end in ends(transport, venue) if "1009" in end["detail"])
    assert "8388608 bytes exceeds limit of" in detail


@each_venue
def test_a_redirect_is_a_connect_error_with_its_status(transport: SmokeResult, venue: str) -> None:
    redirected = [end for end in ends(transport, venue) if end["reason"] == Reason.CONNECT_ERROR]
    assert {end["status"] for end in redirected} == {307}
    assert len(redirected) == len(transport.truth_rows("door", venue)) > 0
    assert transport.value(f"{venue}.connect_failures.connect_error") == len(redirected)
