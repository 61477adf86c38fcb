"""Tests of the simulated Paradex: schemas in the URL, binary streams beside JSON ones, and books grouped by a tick."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.market import FullBook, grouped
from connectors.simulator.messages import Accepted, HttpResponse, Request, SendData
from connectors.simulator.protocols import protocols
from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.simulator.scenario import plan
from connectors.venues.paradex_messages import PUBLIC

START_UNIX_MS = 1_790_000_000_000
SBE = "/v1?sbeSchemaId=1&sbeSchemaVersion={}"
SUBSCRIBE = '{{"jsonrpc":"2.0","method":"subscribe","params":{{"channel":"{}"}},"id":7}}'


def exchange(profile: ClientProfile = ClientProfile.CURRENT, *faults: Any) -> Exchange:
    return Exchange(protocols(profile)["paradex"], start_unix_ms=START_UNIX_MS, plan=faults)


@pytest.mark.parametrize("profile", ClientProfile)
@pytest.mark.parametrize(
    ("query", "known"),
    [("", False), ("?sbeSchemaId=2&sbeSchemaVersion=1", False), ("?sbeSchemaId=1&sbeSchemaVersion=9", False),
     ("?sbeSchemaId=1", False), ("?sbeSchemaId=1&sbeSchemaVersion=0", True), (SBE.format(2)[3:], True)],
)  # fmt: skip
def test_a_url_must_name_a_known_schema_except_that_of_an_older_client(
    profile: ClientProfile, query: str, known: bool
) -> None:
    result, _ = exchange(profile).connect(100, f"/v1{query}")
    if known or (not query and profile is ClientProfile.PARAPHINA):
        assert isinstance(result, Accepted)
    else:
        assert isinstance(result, HttpResponse) and result.status == 400
        assert json.loads(result.body)["error"] == "INVALID_REQUEST_PARAMETER"


def frames(venue: Exchange, path: str, channel: str, until_ms: int = 10_000) -> list[str | bytes]:
    """Return the data frames of one channel, without the acknowledgement."""
    result, _ = venue.connect(100, path)
    assert isinstance(result, Accepted)
    actions = venue.receive(100, result.conn_id, SUBSCRIBE.format(channel))
    actions += venue.advance(until_ms)
    data = [action.data for action in actions if isinstance(action, SendData)]
    assert isinstance(data[0], str) and '"result"' in data[0]
    return data[1:]


def equal_books(text: str | bytes, octets: str | bytes) -> bool:
    assert isinstance(text, str) and isinstance(octets, bytes)
    data, message = json.loads(text)["params"]["data"], PUBLIC.read(octets)
    both = {"BUY": {}, "SELL": {}}
    for row in [*data["inserts"], *data["updates"], *data["deletes"]]:
        both[row["side"]][Decimal(row["price"])] = Decimal(row["size"])
    return both == {"BUY": dict(message["bids"]), "SELL": dict(message["asks"])} and data["seq_no"] == message["seq"]


@pytest.mark.parametrize("kind", ["snapshot@15@100ms", "snapshot@15@100ms@0_5", "interactive@15@50ms", "deltas"])
def test_binary_books_have_the_levels_and_numbers_of_json_books(kind: str) -> None:
    channel = f"order_book.ETH-USD-PERP.{kind}"
    texts = frames(exchange(ClientProfile.PARAPHINA), "/v1", channel)
    octets = frames(exchange(), SBE.format(1), channel)
    assert len(texts) > 50
    assert all(equal_books(text, data) for text, data in zip(texts, octets, strict=True))


@pytest.mark.parametrize("version", range(4))
@pytest.mark.parametrize(
    ("channel", "name"),
    [("bbo.ALL", "BboEvent"), ("trades.ALL", "TradeEvent"), ("funding_data", "FundingDataEvent"),
     ("markets_summary", "MarketSummaryEvent"), ("markets_summary.ETH-USD-PERP", "MarketSummaryEvent")],
)  # fmt: skip
def test_binary_channels_have_one_template_each_in_the_version_of_the_url(
    version: int, channel: str, name: str
) -> None:
    messages = [
        PUBLIC.read(data) for data in frames(exchange(), SBE.format(version), channel) if isinstance(data, bytes)
    ]
    assert {(message["template"], message["version"], message["market"]) for message in messages} == {
        (name, version, "ETH-USD-PERP")
    }
    if name == "TradeEvent":
        assert {message["tradeIdStr"] is None for message in messages} == {version < 2}


def test_funding_has_14_decimals_in_json_and_8_in_binary_frames() -> None:
    (text, *_), (octets, *_) = (
        frames(exchange(profile), path, "funding_data.ETH-USD-PERP")
        for profile, path in ((ClientProfile.PARAPHINA, "/v1"), (ClientProfile.CURRENT, SBE.format(1)))
    )
    assert isinstance(text, str) and isinstance(octets, bytes)
    rate = json.loads(text)["params"]["data"]["funding_rate"]
    assert len(rate.partition(".")[2]) == 14
    assert str(PUBLIC.read(octets)["fundingRate"]) == rate[:-6]


def test_an_idle_binary_connection_gets_a_heartbeat_every_20_seconds() -> None:
    venue = exchange(ClientProfile.CURRENT, plan("paradex", "quiet_market", 0, 200))
    beats = [PUBLIC.read(data) for data in frames(venue, SBE.format(1), "trades.ETH-USD-PERP", 50_000)]  # type: ignore[arg-type]
    assert [(beat["template"], beat["ts"] // 1_000 - START_UNIX_MS) for beat in beats] == [
        ("HeartbeatEvent", 20_100),
        ("HeartbeatEvent", 40_100),
    ]


def test_a_grouped_book_adds_the_sizes_of_each_step_away_from_the_spread() -> None:
    book = FullBook({99: 1, 95: 2, 90: 4}, {101: 8, 110: 16, 111: 32})
    assert grouped(book, 10) == FullBook({90: 7}, {110: 24, 120: 32})
    assert grouped(book, 1) is book


def test_candles_add_up_the_trades_that_the_rest_interface_lists() -> None:
    venue = exchange()
    venue.advance(20_000)
    ask = {"market": "ETH-USD-PERP", "page_size": "1000"}
    trades = json.loads(venue.request(20_000, Request("GET", "/v1/trades", ask))[0].body)["results"]
    window = {"symbol": "ETH-USD-PERP", "resolution": "60", "start_at": "0", "end_at": str(START_UNIX_MS + 20_000)}
    (candle,) = json.loads(venue.request(20_000, Request("GET", "/v1/markets/klines", window))[0].body)["results"]
    prices = [float(trade["price"]) for trade in trades]
    assert candle[4] == prices[0]
    assert candle[2] >= max(prices) and candle[3] <= min(prices)
    assert candle[5] >= sum(float(trade["size"]) for trade in trades[:5])


def test_requests_above_1500_a_minute_are_refused_until_there_is_room() -> None:
    venue = exchange()
    request = Request("GET", "/v1/system/time")
    served = [venue.request(number, request)[0] for number in range(1_501)]
    assert [response.status for response in served] == [200] * 1_500 + [429]
    assert dict(served[0].headers)["x-ratelimit-remaining"] == "1499"
    assert dict(served[-1].headers)["Retry-After"] == "59"
    assert venue.request(60_001, request)[0].status == 200
