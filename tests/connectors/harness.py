"""A small venue with JSON messages, and a harness that drives its connector by hand in virtual time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.session.connector import Connector
from connectors.session.events import (
    Action,
    Close,
    Control,
    ControlReceived,
    Fetch,
    Fetched,
    Note,
    Opened,
    Publish,
    Received,
    SessionEvent,
    Started,
    TimePassed,
)
from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    BookSide,
    ClosingSoon,
    DecodeMiss,
    Frame,
    Funding,
    Heartbeat,
    Json,
    Refusal,
    Trade,
)
from connectors.venues.parsing import integer, levels, price, rate, size
from connectors.venues.spec import (
    KeepAlive,
    PingKind,
    Recovery,
    RestCall,
    RestSpec,
    Setting,
    SettingType,
    Target,
    Topic,
    TopicKind,
    Venue,
    VenueLimits,
)

TRADES = "trades"


def decode(message: Json) -> Iterator[Frame]:
    match message:
        case {"full": [bids, asks], "topic": str(topic)}:
            yield Book(topic, levels(bids, 0, 1), levels(asks, 0, 1), message.get("n"))
        case {"diff": [bids, asks], "n": n, "prev": prev}:
            yield BookDelta("book", levels(bids, 0, 1), levels(asks, 0, 1), integer(n), prev, message.get("first"))
        case {"trade": at}:
            yield Trade(TRADES, price(at), size("1"), BookSide.BUY, "1")
        case {"ack": topic}:
            yield Ack(topic)
        case {"refusal": str(text)}:
            yield Refusal(text, topic=message.get("topic"))
        case {"beat": reply}:
            yield Heartbeat(pong=reply is None, reply=reply)
        case {"closing": ms}:
            yield ClosingSoon(ms)
        case _:
            yield DecodeMiss()


def _decode_book(body: Json, target: Target) -> Book:
    return Book("book", levels(body["bids"], 0, 1), levels(body["asks"], 0, 1), body.get("n"))


def venue(recovery: Recovery = Recovery.RESUBSCRIBE, **changed: Any) -> Venue:
    """Return a venue with one topic of the book and one of trades."""

    def topics(target: Target) -> tuple[Topic, ...]:
        return (
            Topic("book", subscribe="+book", unsubscribe="-book", monotone=bool(target.options.get("monotone"))),
            Topic(TRADES, TopicKind.TRADES, subscribe="+trades"),
        )

    fields: dict[str, Any] = {
        "name": "fjord",
        "title": "Fjord",
        "prefix": "FJORD",
        "rank": 9,
        "ws": Setting("FJORD_WS_URL", "wss://a", SettingType.URLS, ""),
        "rest": Setting("FJORD_REST_URL", "https://a", SettingType.URLS, ""),
        "market": Setting("FJORD_MARKET", "ETH", SettingType.TEXT, ""),
        "topics": topics,
        "decode": decode,
        "recovery": recovery,
        "snapshot": RestSpec(lambda target: RestCall("/book"), _decode_book),
    }
    return Venue(**{**fields, **changed})


JSON_PINGS = KeepAlive(PingKind.JSON, "ping?")
LOOKUP = RestSpec(lambda target: RestCall("/markets"), lambda body, target: str(body[target.market]))
FUNDING = RestSpec(lambda target: RestCall("/funding"), lambda body, target: Funding("funding", rate(body["rate"])))


def full(n: int | None = None, bid: str = "100", ask: str = "101", topic: str = "book") -> str:
    """Return the message of a whole book with sequence number `n` and one level of each side."""
    return json.dumps({"topic": topic, "full": [[[bid, "1"]], [[ask, "1"]]], "n": n})


def diff(n: int, prev: int | None = None, bid: str = "100", amount: str = "2", first: int | None = None) -> str:
    """Return the message of a delta of one bid; without `prev` it follows `n - 1`."""
    prev = n - 1 if prev is None else prev
    return json.dumps({"diff": [[[bid, amount]], []], "n": n, "prev": prev, "first": first})


def body(n: int | None = None, bid: str = "100", ask: str = "101", amount: str = "1") -> bytes:
    """Return the body of a REST snapshot of the book."""
    return json.dumps({"bids": [[bid, amount]], "asks": [[ask, "1"]], "n": n}).encode()


class Harness:
    """Drives a connector by hand.

    `actions` are those of the last call, `log` holds all actions with their times.
    """

    def __init__(self, venue: Venue, limits: VenueLimits | None = None, uniform: float = 0.0, **target: Any) -> None:
        fields = {"ws_urls": ("wss://a",), "rest_urls": ("https://a",), "market": "ETH", "instrument": "ETH"}
        self.machine = Connector(venue, Target(**{**fields, **target}), limits or VenueLimits(), lambda: uniform)
        self.now_ms = 1_000_000
        self.actions: list[Action] = []
        self.log: list[tuple[int, Action]] = []

    def step(self, *events: SessionEvent) -> Harness:
        """Pass in these events, all at the current time."""
        self.actions = []
        for event in events:
            self._step(event)
        return self

    def receive(self, *frames: str | bytes) -> Harness:
        """Pass in these data frames."""
        return self.step(*(Received(frame) for frame in frames))

    def pong(self) -> Harness:
        """Pass in a control pong."""
        return self.step(ControlReceived(Control.PONG))

    def answer(self, data: bytes) -> Harness:
        """Answer the last fetch."""
        return self.step(Fetched(self.all(Fetch)[-1].ticket, data))

    def wait(self, ms: int) -> Harness:
        """Let time pass without events; the machine is stepped whenever it is due."""
        self.actions = []
        until_ms = self.now_ms + ms
        while (due_ms := self.machine.due_ms) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self._step(TimePassed())
        self.now_ms = until_ms
        return self

    def open(self) -> Harness:
        """Start, connect and acknowledge the book's subscription."""
        return self.step(Started(), Opened()).receive('{"ack": "book"}')

    def reopen(self) -> Harness:
        """Let the next attempt succeed and acknowledge the book's subscription."""
        return self.step(Opened()).receive('{"ack": "book"}')

    def go_live(self, n: int | None = 10) -> Harness:
        """Open, and receive a first book."""
        return self.open().receive(full(n))

    def _step(self, event: SessionEvent) -> None:
        actions = self.machine.step(self.now_ms, event)
        self.actions += actions
        self.log += [(self.now_ms, action) for action in actions]

    def last(self, kind: type[Action]) -> list[Any]:
        """Return the last call's actions of one kind."""
        return [action for action in self.actions if isinstance(action, kind)]

    def all(self, kind: type[Action]) -> list[Any]:
        """Return all actions of one kind so far."""
        return [action for _, action in self.log if isinstance(action, kind)]

    def notes(self, kind: str) -> list[Note]:
        """Return all notes of one kind so far."""
        return [note for note in self.all(Note) if note.kind == kind]

    @property
    def closed(self) -> Close | None:
        """The close of the last call."""
        return next(iter(self.last(Close)), None)

    @property
    def published(self) -> list[Publish]:
        """The market events of the last call."""
        return self.last(Publish)


def limits(**changed: int) -> VenueLimits:
    """Return the default limits with these changes."""
    return replace(VenueLimits(), **changed)
