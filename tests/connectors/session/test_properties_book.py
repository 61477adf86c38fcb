"""No interleaving of frames, gaps, repeats, swaps and late snapshots publishes a book that was never true."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.session.book import OrderBook
from connectors.session.connector import ConnectorState
from connectors.session.events import (
    Connect,
    Control,
    ControlReceived,
    Fetch,
    Fetched,
    Opened,
    Ping,
    Publish,
    Received,
    Send,
    SessionEvent,
    SocketClosed,
    TimePassed,
)
from connectors.simulator.messages import Sight
from connectors.simulator.protocols import aster, extended, hyperliquid, lighter, paradex
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import Recovery
from tests.connectors.bench import Bench, full, limits, venue
from tests.simulation.one_connector import Simulation

Levels = dict[str, int]


class Market:
    """A venue whose every id is one changed level; `truth[id]` is the bid side at that id."""

    def __init__(self) -> None:
        self.truth: dict[int, Levels] = {100: {"50": 1}}
        self.told = self.id = 100

    def move(self, changes: Iterable[tuple[int, int]]) -> str:
        """Change some levels; the delta that tells of all of them."""
        changed: Levels = {}
        for at, amount in changes:
            book = dict(self.truth[self.id])
            book[str(50 + at)] = amount
            self.id += 1
            self.truth[self.id] = {price: size for price, size in book.items() if size}
            changed[str(50 + at)] = amount
        rows = [[price, str(size)] for price, size in changed.items()]
        delta = {"diff": [rows, []], "n": self.id, "prev": self.told, "first": self.told + 1}
        self.told = self.id
        return json.dumps(delta)

    def whole(self, at: int) -> dict[str, object]:
        rows = [[price, str(size)] for price, size in self.truth[at].items()]
        return {"bids": rows, "asks": [], "n": at}

    def frame(self) -> str:
        book = self.whole(self.id)
        return json.dumps({"topic": "book", "full": [book["bids"], []], "n": self.id})


class Wire:
    """A connector at a market, and an adversary between them."""

    def __init__(self, recovery: Recovery) -> None:
        self.bench = Bench(venue(recovery), limits(resyncs=1_000))
        self.rest = recovery is Recovery.REST
        self.market = Market()
        self.frames: list[str] = []
        self.held = OrderBook()
        self.bench.open()
        self.subscribed()

    def subscribed(self) -> None:
        """The venue answers a subscription by a whole book, unless books come by REST."""
        if not self.rest:
            self.frames.append(self.market.frame())

    def give(self, given: SessionEvent) -> None:
        for act in self.bench.give(given).acts:
            match act:
                case Publish(event=event) if isinstance(event, Book | BookDelta):
                    self.take(event)
                case Send(text="+book"):
                    self.subscribed()
                case Ping():
                    self.give(ControlReceived(Control.PONG))

    def take(self, event: Book | BookDelta) -> None:
        if isinstance(event, Book):
            self.held.replace(event)
        else:
            self.held.apply(event)
        assert self.held.seq is not None
        meant = {Decimal(price): Decimal(size) for price, size in self.market.truth[self.held.seq].items()}
        assert dict(self.held.bids.levels()) == meant, f"at {self.held.seq} after {event}"

    def wait(self, ms: int) -> None:
        """Time passes; a connector that connects is let in."""
        until_ms = self.bench.now_ms + ms
        while self.bench.now_ms < until_ms:
            due_ms = self.bench.machine.due_ms
            self.bench.now_ms = max(self.bench.now_ms, min(until_ms, until_ms if due_ms is None else due_ms))
            self.give(TimePassed())
            if self.bench.machine.state is ConnectorState.CONNECTING:
                self.frames = []
                self.give(Opened())

    def do(self, step: tuple[str, object]) -> None:
        match step:
            case "move", changes:
                self.frames.append(self.market.move(changes))  # type: ignore[arg-type]
            case "deliver", _ if self.frames:
                self.give(Received(self.frames.pop(0)))
            case "repeat", _ if self.frames:
                self.give(Received(self.frames[0]))
            case "lose", _ if self.frames:
                self.frames.pop(0)
            case "swap", _ if len(self.frames) > 1:
                self.frames[:2] = reversed(self.frames[:2])
            case "whole", _ if not self.rest:
                self.frames.append(self.market.frame())
            case "answer", int(late):
                self.answer(late)
            case "wait", int(ms):
                self.wait(ms)
            case "reset", _:
                self.give(SocketClosed(None))

    def answer(self, late: int = 0) -> None:
        """Answer the newest request, by a book that may be some changes old."""
        fetches = self.bench.every(Fetch)
        if fetches:
            body = self.market.whole(max(100, self.market.id - late))
            self.give(Fetched(fetches[-1].ticket, json.dumps(body).encode()))

    def settle(self) -> None:
        """An honest wire for a while: what was said arrives, requests are answered, the market goes on."""
        for n in range(40):
            self.frames.append(self.market.move([(n % 7, n + 1)]))
            while self.frames:
                self.give(Received(self.frames.pop(0)))
            self.answer()
            self.wait(1_000)
        while self.frames:
            self.give(Received(self.frames.pop(0)))


WEIGHTS = {"move": 8, "deliver": 8, "repeat": 1, "lose": 2, "swap": 1, "whole": 1, "answer": 2, "wait": 2, "reset": 0.2}


def walk(random: Random, length: int) -> Iterator[tuple[str, object]]:
    """What an adversary does; loss is frequent and patience short."""
    for step in random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=length):
        match step:
            case "move":
                count = random.randrange(1, 4)
                yield step, [(random.randrange(7), random.randrange(4)) for _ in range(count)]
            case "answer":
                yield step, random.randrange(9)
            case "wait":
                yield step, random.randrange(1, 4_000)
            case _:
                yield step, None


@pytest.mark.parametrize("recovery", Recovery)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_published_book_was_true_at_its_number_and_an_honest_wire_makes_it_whole_again(
    recovery: Recovery, seed: int
) -> None:
    wire = Wire(recovery)
    for step in walk(Random(seed), 200):
        wire.do(step)
    wire.settle()
    assert wire.bench.machine.live
    assert wire.held.seq == wire.market.id


# --- the five venues on a bad wire ------------------------------------------------------------------------------------


class BadWire(Simulation):
    """Loses, repeats and swaps data frames; `meant` are all books that the venue ever meant."""

    chance = 0.0
    random = Random(0)

    def __init__(self, *args: object, **more: object) -> None:
        self.meant: set[object] = set()
        self.never_true: list[int] = []
        self.late: list[partial[None]] = []
        super().__init__(*args, **more)  # type: ignore[arg-type]

    def _receive(self, socket: int, data: str | bytes, sight: Sight | None, now_ms: int) -> None:
        if sight is not None:
            self.meant.add(sight.levels())
        deliver = partial(super()._receive, socket, data, sight)
        fate = self.random.random() if sight is not None else 1.0
        if fate < self.chance:
            return
        if fate < 2 * self.chance:
            self.late.append(deliver)
            return
        deliver(now_ms)
        if fate < 3 * self.chance:
            deliver(now_ms)
        while self.late:
            self.late.pop()(now_ms)

    def _answer(self, ticket: int, answer: object, now_ms: int) -> None:
        if (sight := getattr(answer, "sight", None)) is not None:
            self.meant.add(sight.levels())
        super()._answer(ticket, answer, now_ms)  # type: ignore[arg-type]

    def _give(self, now_ms: int, given: SessionEvent, sight: Sight | None = None) -> None:
        before = self.story.books
        super()._give(now_ms, given, sight)
        if self.story.books > before and self.book.depth() not in self.meant:
            self.never_true.append(now_ms)


DIALECTS = {module.DIALECT.venue: module.DIALECT for module in (aster, extended, hyperliquid, lighter, paradex)}
FEEDS = {"paradex": "deltas", "paradex.bbo": "bbo"}


@pytest.mark.parametrize("name", [*DIALECTS, "paradex.bbo"])
@pytest.mark.parametrize("seed", range(2))
def test_on_a_bad_wire_no_venues_connector_publishes_a_book_that_was_never_true(name: str, seed: int) -> None:
    venue_name = name.partition(".")[0]
    environ = {"PARAPHINA_PARADEX_PUBLIC_FEED": FEEDS[name]} if name in FEEDS else {}
    wire = BadWire(venues()[venue_name], DIALECTS[venue_name], environ=environ, seed=seed)
    wire.random = Random(seed)
    wire.chance = 0.01
    wire.run(40_000)
    assert wire.never_true == []
    assert wire.story.books > 50
    wire.chance = 0.0
    wire.run(100_000)
    assert wire.machine.live
    assert wire.true


# --- any input at any time --------------------------------------------------------------------------------------------

INPUTS = st.one_of(
    st.sampled_from(
        [
            Opened(),
            TimePassed(),
            SocketClosed(None),
            SocketClosed(1001),
            Received("{"),
            Received("[]"),
            Received(full(1)),
        ]
    ),
    st.text(max_size=20).map(Received),
    st.binary(max_size=20).map(Received),
    st.builds(Fetched, st.integers(0, 5), st.binary(max_size=10)),
)


@pytest.mark.parametrize("recovery", Recovery)
@given(steps=st.lists(st.tuples(st.integers(0, 30_000), INPUTS), max_size=50))
def test_whatever_comes_whenever_the_machine_answers_and_keeps_to_its_protocol(
    recovery: Recovery, steps: list[tuple[int, SessionEvent]]
) -> None:
    bench = Bench(venue(recovery)).open()
    for after_ms, thing in steps:
        bench.now_ms += after_ms
        was = bench.machine.state
        acts = bench.give(thing).acts
        closes = [number for number, act in enumerate(acts) if type(act).__name__ == "Close"]
        assert closes in ([], [len(acts) - 1])
        if any(isinstance(act, Publish | Send) for act in acts):
            assert was in (ConnectorState.OPEN, ConnectorState.CONNECTING)
        assert sum(isinstance(act, Connect) for act in acts) <= int(was is ConnectorState.WAITING)
        assert bench.machine.due_ms is not None or bench.machine.state is ConnectorState.CONNECTING
