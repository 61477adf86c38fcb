"""Paradex, beyond its tapes: the URL that names the schema, and binary frames in a session."""

from __future__ import annotations

import json

import pytest

from connectors.session.events import ConnectFailed, Note, Opened, Publish, Received, Started
from connectors.settings import resolve, target, venue_settings
from connectors.venues.paradex import VENUE
from connectors.venues.paradex_messages import BBO, HEARTBEAT, PUBLIC
from connectors.venues.spec import VenueLimits
from tests.connectors.harness import Harness
from toolkit.model.vocabulary import ReconnectReason as Reason

PLAIN = "wss://ws.api.prod.paradex.trade/v1"
NAMED = "sbeSchemaId=1&sbeSchemaVersion=1"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, f"{PLAIN}?{NAMED}"),
        ({"PARADEX_WS_ENCODING": "json"}, PLAIN),
        ({"PARADEX_WS_URL": "ws://a/v1?x=1"}, f"ws://a/v1?x=1&{NAMED}"),
        (
            {"PARADEX_WS_URL": "ws://a/v1?sbeSchemaId=1&sbeSchemaVersion=2"},
            "ws://a/v1?sbeSchemaId=1&sbeSchemaVersion=2",
        ),
    ],
)
def test_the_socket_url_names_the_binary_schema_unless_json_is_chosen(environ: dict[str, str], url: str) -> None:
    market = target(VENUE, resolve(venue_settings(VENUE), environ))
    assert VENUE.socket_url(market.ws_urls[0], market) == url


def binary(data: bytes) -> Received:
    return Received(data, binary=True)


def best(seq: int = 5) -> Received:
    values = {"ts": 1, "seq": seq, "bidPrice": "100", "bidSize": "1", "askPrice": "101", "askSize": "1"}
    return binary(PUBLIC.write(BBO, {**values, "market": "ETH"}, 1))


def unknown(template: int = 77) -> Received:
    return binary(b"\x04\x00" + bytes([template]) + b"\x00\x01\x00\x03\x00" + b"\x00\x00\x00\x00")


def live(limits: VenueLimits | None = None) -> Harness:
    options = {setting.name: setting.default for setting in VENUE.settings}
    harness = Harness(VENUE, limits, options=options).step(Started(), Opened())
    harness.receive(json.dumps({"jsonrpc": "2.0", "result": {"channel": "bbo.ETH"}, "id": 1}))
    return harness.step(best())


def test_binary_frames_make_a_book() -> None:
    harness = live()
    assert harness.machine.live
    assert [type(each.event).__name__ for each in harness.published] == ["Book"]
    assert harness.notes("first_top")[0].fields["bid_px"] == "100"


def test_messages_of_an_unknown_type_are_counted_and_shown_and_never_end_the_session() -> None:
    harness = live()
    for _ in range(500):
        harness.step(unknown())
        assert harness.closed is None
    noted = harness.notes("unrecognised")
    assert [note.fields["count"] for note in noted] == [1, 2, 3, 100, 200, 300, 400, 500]
    assert noted[0].fields["detail"] == "template 77"
    assert noted[0].fields["snippet"] == "04004d00 01000300 00000000"
    assert harness.machine.counters.counts["unrecognised"] == 500


def test_damaged_binary_frames_are_parse_errors_that_name_the_missing_part() -> None:
    harness = live()
    data = best().data
    assert isinstance(data, bytes)
    for _ in range(VenueLimits().parse_errors):
        harness.step(binary(data[:-2]))
    assert harness.closed is None
    note = harness.notes("parse_error")[0]
    assert note.fields["detail"] == "BboEvent.market: 1 of 3 bytes"
    assert str(note.fields["snippet"]).startswith("30000200 01000100 ")
    assert harness.step(binary(b"")).closed.reason is Reason.PARSE_ERROR


def test_a_binary_message_of_a_wrong_shape_is_a_miss_with_its_keys() -> None:
    harness = live()
    data = best().data
    assert isinstance(data, bytes)
    harness.step(binary(data[:4] + b"\x02\x00" + data[6:]))
    assert harness.notes("decode_miss")[0].fields["keys"] == "schema,template,version"


def test_a_binary_heartbeat_is_a_heartbeat() -> None:
    harness = live()
    harness.wait(6_000)
    harness.step(binary(PUBLIC.write(HEARTBEAT, {"ts": 1, "seq": 0}, 1)))
    harness.wait(4_500)
    harness.pong()
    harness.wait(2_000)
    assert [note.fields["silence"] for note in harness.notes("reconnect")] == ["heartbeat_only"]


def test_a_refused_schema_is_a_connect_error_with_its_status() -> None:
    options = {setting.name: setting.default for setting in VENUE.settings}
    harness = Harness(VENUE, options=options).step(Started(), ConnectFailed("HTTP 400 Bad Request", status=400))
    assert harness.closed is not None
    assert (harness.closed.reason, harness.closed.status) == (Reason.CONNECT_ERROR, 400)


def test_a_binary_book_without_a_number_replaces_the_book() -> None:
    harness = live()
    values = {"ts": 1, "bidPrice": "99", "bidSize": "1", "market": "ETH"}
    harness.step(binary(PUBLIC.write(BBO, values, 1)))
    assert [type(action) for action in harness.actions if isinstance(action, Publish | Note)] == [Publish]
