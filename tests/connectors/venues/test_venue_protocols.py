"""A venue's decode function against the simulator of the same venue, which was written separately."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.session.book import OrderBook, SequenceCheck, check_sequence
from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.settings import resolve, target, venue_settings
from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, ExchangeAction, Request, SendData, TrueBook
from connectors.simulator.protocols import protocols
from connectors.venues import venues
from connectors.venues.frames import Ack, Book, BookDelta, DecodeMiss, Frame, Refusal, Trade
from connectors.venues.spec import Recovery, RestSpec, Target, Venue
from tests.simulation.fault_matrix import HEADERS, profile_of

T = TypeVar("T")

SECONDS = 55
"""Shorter than the time after which a simulated venue closes a socket without keep-alive."""

START_UNIX_MS = 1_790_000_000_000

FEEDS = [
    *((name, {}) for name in protocols()),
    ("extended", {"PARAPHINA_EXTENDED_WS_DEPTH_LEVELS": "1"}),
    ("hyperliquid", {"HL_L2_FAST": "0"}),
    ("aster", {"ASTER_WS_URL": "wss://fstream.asterdex.com/stream"}),
    ("lighter", {"PARAPHINA_LIGHTER_WS_READONLY": "1"}),
    *(
        ("paradex", {"PARAPHINA_PARADEX_PUBLIC_FEED": feed})
        for feed in ("orderbook", "deltas", "interactive", "interactive_50ms")
    ),
    *(
        ("paradex", {"PARAPHINA_PARADEX_PUBLIC_FEED": feed, "PARADEX_WS_ENCODING": "json"})
        for feed in ("bbo", "orderbook", "deltas")
    ),
]
every_feed = pytest.mark.parametrize(
    ("name", "environ"), FEEDS, ids=lambda part: "-".join(part.values()) if isinstance(part, dict) else part
)


class Client:
    """Connects a venue's description to its simulator without sockets or session."""

    def __init__(self, name: str, environ: dict[str, str]) -> None:
        self.venue: Venue = venues()[name]
        self.exchange = Exchange(protocols(profile_of(environ))[name], seed=7, start_unix_ms=START_UNIX_MS)
        self.now_ms = 1_000
        self.target: Target = target(self.venue, resolve(venue_settings(self.venue), environ), base="ETH")
        if self.venue.lookup is not None:
            self.target = replace(self.target, instrument=self.fetch(self.venue.lookup))

    def fetch(self, rest: RestSpec[T]) -> T:
        call = rest.call(self.target)
        base = urlsplit(self.target.rest_urls[0]).path
        path, _, query = (base + call.path).partition("?")
        request = Request(call.method, path, dict(parse_qsl(query)), (call.body or "").encode(), HEADERS)
        answer, _ = self.exchange.request(self.now_ms, request)
        assert answer.status == 200, call
        return rest.decode(json.loads(answer.body), self.target)

    def frames(self) -> Iterator[tuple[Frame, TrueBook | None]]:
        """Subscribe every topic and yield the frames of one run, each with the simulator's book."""
        url = urlsplit(self.venue.socket_url(self.target.ws_urls[0], self.target))
        met, actions = self.exchange.connect(self.now_ms, f"{url.path}?{url.query}" if url.query else url.path, HEADERS)
        assert isinstance(met, Accepted)
        for topic in self.venue.topics(self.target):
            if topic.subscribe is not None:
                actions += self.exchange.receive(self.now_ms, met.conn_id, topic.subscribe)
        while self.now_ms < SECONDS * 1_000:
            yield from self.read(actions)
            self.now_ms += 10
            actions = self.exchange.advance(self.now_ms)

    def read(self, actions: list[ExchangeAction]) -> Iterator[tuple[Frame, TrueBook | None]]:
        for action in actions:
            if isinstance(action, SendData):
                received = Received(action.data, binary=isinstance(action.data, bytes))
                for frame in decode(self.venue, self.target, received, parse(self.venue, received)):
                    yield frame, action.true_book


@every_feed
def test_every_simulated_frame_is_decoded_and_of_a_subscribed_topic(name: str, environ: dict[str, str]) -> None:
    client = Client(name, environ)
    subscribed = {topic.key for topic in client.venue.topics(client.target)}
    seen: Counter[str | None] = Counter()
    for frame, _ in client.frames():
        assert not isinstance(frame, DecodeMiss | Refusal)
        if not isinstance(frame, Ack):
            seen[getattr(frame, "topic", None)] += 1
    assert subscribed <= set(seen) <= subscribed | {None}


@every_feed
def test_every_time_in_a_frame_is_since_the_start_of_the_simulation(name: str, environ: dict[str, str]) -> None:
    client = Client(name, environ)
    seen_times: Counter[type[Frame]] = Counter()
    for frame, _ in client.frames():
        if (at_ms := getattr(frame, "exchange_ms", None)) is not None:
            assert START_UNIX_MS <= at_ms <= START_UNIX_MS + client.now_ms
            seen_times[type(frame)] += 1
    assert Book in seen_times or BookDelta in seen_times
    assert (Trade in seen_times) is (name != "extended")


@every_feed
def test_the_decoded_book_equals_the_simulators_after_every_frame(name: str, environ: dict[str, str]) -> None:
    client = Client(name, environ)
    book, equal, bridging = OrderBook(), 0, False
    for frame, true_book in client.frames():
        match frame:
            case Book():
                book.replace(frame)
            case BookDelta():
                if client.venue.recovery is Recovery.REST and book.seq is None:
                    book.replace(client.fetch(client.venue.snapshot))
                    bridging = True
                assert check_sequence(book.seq, frame, bridging=bridging) is SequenceCheck.FOLLOWS
                bridging = False
                book.apply(frame)
            case _:
                continue
        assert true_book is not None
        assert book.depth(true_book.depth) == true_book.levels()
        equal += 1
    assert equal > SECONDS / 6


@every_feed
def test_the_rest_book_equals_the_simulators_and_names_its_topic(name: str, environ: dict[str, str]) -> None:
    client = Client(name, environ)
    list(client.frames())
    book = client.fetch(client.venue.snapshot)
    assert book.topic == client.venue.topics(client.target)[0].key
    stored = OrderBook()
    stored.replace(book)
    depth = min(len(book.bids), len(book.asks), 10)
    bids, asks = client.exchange.market_data.rest_state(client.now_ms).book.top(depth)
    precision = client.exchange.market_data.protocol.precision
    assert stored.depth(depth) == (
        tuple(precision.level(*row) for row in bids),
        tuple(precision.level(*row) for row in asks),
    )
