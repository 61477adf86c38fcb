"""A small venue and a driver, to hold the session machine against by hand."""

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


def _read_book(body: Json, target: Target) -> Book:
    return Book("book", levels(body["bids"], 0, 1), levels(body["asks"], 0, 1), body.get("n"))


def venue(recovery: Recovery = Recovery.RESUBSCRIBE, **more: Any) -> Venue:
    """A venue with one book topic and one of trades."""

    def topics(target: Target) -> tuple[Topic, ...]:
        return (
            Topic("book", subscribe="+book", unsubscribe="-book", monotone=bool(target.options.get("monotone"))),
            Topic(TRADES, TopicKind.TRADES, subscribe="+trades"),
        )

    facts: dict[str, Any] = {
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
        "snapshot": RestSpec(lambda target: RestCall("/book"), _read_book),
    }
    return Venue(**{**facts, **more})


JSON_PINGS = KeepAlive(PingKind.JSON, "ping?")
LOOKUP = RestSpec(lambda target: RestCall("/markets"), lambda body, target: str(body[target.market]))
FUNDING = RestSpec(lambda target: RestCall("/funding"), lambda body, target: Funding("funding", rate(body["rate"])))


def full(n: int | None = None, bid: str = "100", ask: str = "101", topic: str = "book") -> str:
    return json.dumps({"topic": topic, "full": [[[bid, "1"]], [[ask, "1"]]], "n": n})


def diff(n: int, prev: int | None = None, bid: str = "100", amount: str = "2", first: int | None = None) -> str:
    prev = n - 1 if prev is None else prev
    return json.dumps({"diff": [[[bid, amount]], []], "n": n, "prev": prev, "first": first})


def body(n: int | None = None, bid: str = "100", ask: str = "101", amount: str = "1") -> bytes:
    return json.dumps({"bids": [[bid, amount]], "asks": [[ask, "1"]], "n": n}).encode()


class Bench:
    """Drives a connector by hand; `acts` are the actions of the last call, `log` all of them with their times."""

    def __init__(self, venue: Venue, limits: VenueLimits | None = None, uniform: float = 0.0, **target: Any) -> None:
        facts = {"ws_urls": ("wss://a",), "rest_urls": ("https://a",), "market": "ETH", "instrument": "ETH"}
        self.machine = Connector(venue, Target(**{**facts, **target}), limits or VenueLimits(), lambda: uniform)
        self.now_ms = 1_000_000
        self.acts: list[Action] = []
        self.log: list[tuple[int, Action]] = []

    def give(self, *inputs: SessionEvent) -> Bench:
        self.acts = []
        for given in inputs:
            self._step(given)
        return self

    def say(self, *frames: str | bytes) -> Bench:
        return self.give(*(Received(frame) for frame in frames))

    def pong(self) -> Bench:
        return self.give(ControlReceived(Control.PONG))

    def answer(self, data: bytes) -> Bench:
        """Answer the last fetch."""
        return self.give(Fetched(self.every(Fetch)[-1].ticket, data))

    def wait(self, ms: int) -> Bench:
        """Let time pass with nothing to read; the machine is stepped whenever it is due."""
        self.acts = []
        until_ms = self.now_ms + ms
        while (due_ms := self.machine.due_ms) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self._step(TimePassed())
        self.now_ms = until_ms
        return self

    def open(self) -> Bench:
        """Start, connect, be acknowledged."""
        return self.give(Started(), Opened()).say('{"ack": "book"}')

    def open_again(self) -> Bench:
        """The next attempt succeeds."""
        return self.give(Opened()).say('{"ack": "book"}')

    def live(self, n: int | None = 10) -> Bench:
        """Open, with a first book."""
        return self.open().say(full(n))

    def _step(self, given: SessionEvent) -> None:
        acts = self.machine.step(self.now_ms, given)
        self.acts += acts
        self.log += [(self.now_ms, act) for act in acts]

    def all(self, kind: type[Action]) -> list[Any]:
        """The last call's actions of one kind."""
        return [act for act in self.acts if isinstance(act, kind)]

    def every(self, kind: type[Action]) -> list[Any]:
        """All actions of one kind so far."""
        return [act for _, act in self.log if isinstance(act, kind)]

    def notes(self, kind: str) -> list[Note]:
        return [note for note in self.every(Note) if note.kind == kind]

    @property
    def closed(self) -> Close | None:
        """The close of the last call."""
        return next(iter(self.all(Close)), None)

    @property
    def published(self) -> list[Publish]:
        return self.all(Publish)


def limits(**more: int) -> VenueLimits:
    return replace(VenueLimits(), **more)
