"""Properties: under lost, repeated and swapped frames and late snapshots, every published book was once true."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
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
    FetchFailed,
    Opened,
    Ping,
    Publish,
    Received,
    Send,
    SessionEvent,
    SocketClosed,
    TimePassed,
)
from connectors.simulator.messages import HttpResponse, TrueBook
from connectors.simulator.protocols import aster, extended, hyperliquid, lighter, paradex
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import Recovery
from tests.connectors.harness import Harness, full, limits, venue
from tests.simulation.one_connector import Simulation

Levels = dict[str, int]


class Market:
    """A venue at which every id is one changed level; `truth[id]` is the bid side at that id."""

    def __init__(self) -> None:
        self.truth: dict[int, Levels] = {100: {"50": 1}}
        self.sent_id = self.id = 100

    def move(self, changes: Iterable[tuple[int, int]]) -> str:
        """Change some levels; return the message of the delta with all of them."""
        changed: Levels = {}
        for at, amount in changes:
            book = dict(self.truth[self.id])
            book[str(50 + at)] = amount
            self.id += 1
            self.truth[self.id] = {price: size for price, size in book.items() if size}
            changed[str(50 + at)] = amount
        rows = [[price, str(size)] for price, size in changed.items()]
        delta = {"diff": [rows, []], "n": self.id, "prev": self.sent_id, "first": self.sent_id + 1}
        self.sent_id = self.id
        return json.dumps(delta)

    def book(self, at: int) -> dict[str, object]:
        rows = [[price, str(size)] for price, size in self.truth[at].items()]
        return {"bids": rows, "asks": [], "n": at}

    def whole_book(self) -> str:
        """Return the message of the whole book."""
        book = self.book(self.id)
        return json.dumps({"topic": "book", "full": [book["bids"], []], "n": self.id})


class Wire:
    """A connector at a market, and an adversary that loses, repeats and swaps frames between them."""

    def __init__(self, recovery: Recovery) -> None:
        self.harness = Harness(venue(recovery), limits(resyncs=1_000))
        self.rest = recovery is Recovery.REST
        self.market = Market()
        self.frames: list[str] = []
        self.book = OrderBook()
        self.harness.open()
        self.subscribed()

    def subscribed(self) -> None:
        """Answer a subscription with a whole book, unless books come by REST."""
        if not self.rest:
            self.frames.append(self.market.whole_book())

    def step(self, event: SessionEvent) -> None:
        for action in self.harness.step(event).actions:
            match action:
                case Publish(event=market_event) if isinstance(market_event, Book | BookDelta):
                    self.apply(market_event)
                case Send(text="+book"):
                    self.subscribed()
                case Ping():
                    self.step(ControlReceived(Control.PONG))

    def apply(self, event: Book | BookDelta) -> None:
        """Apply a published event; its book must equal the market's at that number."""
        if isinstance(event, Book):
            self.book.replace(event)
        else:
            self.book.apply(event)
        assert self.book.seq is not None
        true_levels = {Decimal(price): Decimal(size) for price, size in self.market.truth[self.book.seq].items()}
        assert dict(self.book.depth()[0]) == true_levels, f"at {self.book.seq} after {event}"

    def wait(self, ms: int) -> None:
        """Let time pass and accept every connection attempt."""
        until_ms = self.harness.now_ms + ms
        while self.harness.now_ms < until_ms:
            due_ms = self.harness.machine.due_ms
            self.harness.now_ms = max(self.harness.now_ms, min(until_ms, until_ms if due_ms is None else due_ms))
            self.step(TimePassed())
            if self.harness.machine.state is ConnectorState.CONNECTING:
                self.frames = []
                self.step(Opened())

    def perform(self, action: tuple[str, object]) -> None:
        """Carry out one act of the adversary."""
        match action:
            case "move", changes:
                self.frames.append(self.market.move(changes))  # type: ignore[arg-type]
            case "deliver", _ if self.frames:
                self.step(Received(self.frames.pop(0)))
            case "repeat", _ if self.frames:
                self.step(Received(self.frames[0]))
            case "lose", _ if self.frames:
                self.frames.pop(0)
            case "swap", _ if len(self.frames) > 1:
                self.frames[:2] = reversed(self.frames[:2])
            case "whole", _ if not self.rest:
                self.frames.append(self.market.whole_book())
            case "answer", int(late):
                self.answer(late)
            case "wait", int(ms):
                self.wait(ms)
            case "reset", _:
                self.step(SocketClosed(None))

    def answer(self, late: int = 0) -> None:
        """Answer the newest request with a book that is `late` changes old."""
        fetches = self.harness.all(Fetch)
        if fetches:
            body = self.market.book(max(100, self.market.id - late))
            self.step(Fetched(fetches[-1].ticket, json.dumps(body).encode()))

    def settle(self) -> None:
        """Deliver every frame and answer every request for a while, as the market moves on."""
        for n in range(40):
            self.frames.append(self.market.move([(n % 7, n + 1)]))
            while self.frames:
                self.step(Received(self.frames.pop(0)))
            self.answer()
            self.wait(1_000)
        while self.frames:
            self.step(Received(self.frames.pop(0)))


WEIGHTS = {"move": 8, "deliver": 8, "repeat": 1, "lose": 2, "swap": 1, "whole": 1, "answer": 2, "wait": 2, "reset": 0.2}


def random_acts(random: Random, length: int) -> Iterator[tuple[str, object]]:
    """Draw acts of the adversary, with frequent losses and short waits."""
    for name in random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=length):
        match name:
            case "move":
                count = random.randrange(1, 4)
                yield name, [(random.randrange(7), random.randrange(4)) for _ in range(count)]
            case "answer":
                yield name, random.randrange(9)
            case "wait":
                yield name, random.randrange(1, 4_000)
            case _:
                yield name, None


@pytest.mark.untraced
@pytest.mark.parametrize("recovery", Recovery)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_published_book_was_true_at_its_number_and_recovers_once_no_frame_is_lost(
    recovery: Recovery, seed: int
) -> None:
    wire = Wire(recovery)
    for action in random_acts(Random(seed), 200):
        wire.perform(action)
    wire.settle()
    assert wire.harness.machine.live
    assert wire.book.seq == wire.market.id


# --- the five venues on a bad wire ------------------------------------------------------------------------------------


class BadWire(Simulation):
    """A simulation that loses, repeats and swaps data frames; `true_books` are all states of the venue's book."""

    chance = 0.0
    random = Random(0)

    def __init__(self, *args: object, **more: object) -> None:
        self.true_books: set[object] = set()
        self.never_true: list[int] = []
        self.late: list[partial[None]] = []
        super().__init__(*args, **more)  # type: ignore[arg-type]

    def _receive(self, socket: int, received: Received, true_book: TrueBook | None, now_ms: int) -> None:
        if true_book is not None:
            self.true_books.add(true_book.levels())
        deliver = partial(super()._receive, socket, received, true_book)
        draw = self.random.random() if true_book is not None else 1.0
        if draw < self.chance:
            return
        if draw < 2 * self.chance:
            self.late.append(deliver)
            return
        deliver(now_ms)
        if draw < 3 * self.chance:
            deliver(now_ms)
        while self.late:
            self.late.pop()(now_ms)

    def _receive_response(
        self,
        fetch: Fetch,
        response: HttpResponse,
        answered: Callable[[int, Fetched | FetchFailed], None],
        now_ms: int,
    ) -> None:
        if response.true_book is not None:
            self.true_books.add(response.true_book.levels())
        super()._receive_response(fetch, response, answered, now_ms)

    def _handle_event(self, now_ms: int, event: SessionEvent, true_book: TrueBook | None = None) -> None:
        before = self.record.books
        super()._handle_event(now_ms, event, true_book)
        if self.record.books > before and self.book.depth() not in self.true_books:
            self.never_true.append(now_ms)


PROTOCOLS = {module.PROTOCOL.venue: module.PROTOCOL for module in (aster, extended, hyperliquid, lighter, paradex)}
FEEDS = {"paradex": "deltas", "paradex.bbo": "bbo"}


@pytest.mark.untraced
@pytest.mark.parametrize("name", [*PROTOCOLS, "paradex.bbo"])
@pytest.mark.parametrize("seed", range(2))
def test_no_connector_publishes_a_book_that_was_never_true_on_a_bad_wire(name: str, seed: int) -> None:
    venue_name = name.partition(".")[0]
    environ = {"PARAPHINA_PARADEX_PUBLIC_FEED": FEEDS[name]} if name in FEEDS else {}
    wire = BadWire(venues()[venue_name], PROTOCOLS[venue_name], environ=environ, seed=seed)
    wire.random = Random(seed)
    wire.chance = 0.01
    wire.run(40_000)
    assert wire.never_true == []
    assert wire.record.books > 50
    wire.chance = 0.0
    wire.run(100_000)
    assert wire.machine.live
    assert wire.has_true_book


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
def test_the_machine_keeps_to_its_protocol_under_any_events_at_any_time(
    recovery: Recovery, steps: list[tuple[int, SessionEvent]]
) -> None:
    harness = Harness(venue(recovery)).open()
    for after_ms, event in steps:
        harness.now_ms += after_ms
        before = harness.machine.state
        actions = harness.step(event).actions
        closes = [number for number, action in enumerate(actions) if type(action).__name__ == "Close"]
        assert closes in ([], [len(actions) - 1])
        if any(isinstance(action, Publish | Send) for action in actions):
            assert before in (ConnectorState.OPEN, ConnectorState.CONNECTING)
        assert sum(isinstance(action, Connect) for action in actions) <= int(before is ConnectorState.WAITING)
        assert harness.machine.due_ms is not None or harness.machine.state is ConnectorState.CONNECTING
