"""A client of a loopback venue that only listens: it subscribes what the venue's description says and answers pings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit

from connectors.session.events import Control
from connectors.settings import resolve, target, venue_settings
from connectors.simulator.exchange import Exchange
from connectors.simulator.ground_truth import TruthRow
from connectors.simulator.messages import (
    Accepted,
    CloseConnection,
    Content,
    ExchangeAction,
    HttpResponse,
    Request,
    SendControl,
    SendData,
    TrueBook,
)
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import PlannedFault
from connectors.venues import venues
from connectors.venues.spec import RestSpec, Target, Venue
from tests.simulation.fault_matrix import with_instrument

NAMES = sorted(protocols())
START_UNIX_MS = 1_790_000_000_000


class Listener:
    """One venue and one connection to it, in virtual time; `acts` is all that the venue did to it, with the time."""

    def __init__(
        self, name: str, plan: Iterable[PlannedFault] = (), *, seed: int = 1, environ: Mapping[str, str] | None = None
    ) -> None:
        self.truth: list[TruthRow] = []
        self.venue: Venue = venues()[name]
        self.exchange = Exchange(
            protocols()[name], seed=seed, start_unix_ms=START_UNIX_MS, plan=plan, write_truth=self.truth.append
        )
        self.now_ms = 0
        self.actions: list[tuple[int, ExchangeAction]] = []
        self.conn_id: str | None = None
        resolved = resolve(venue_settings(self.venue), environ or {})
        self.target: Target = with_instrument(self.venue, target(self.venue, resolved, "ETH"), self.exchange)

    def connect(self) -> object:
        url = urlsplit(self.venue.socket_url(self.target.ws_urls[0], self.target))
        met, actions = self.exchange.connect(self.now_ms, url.path + (f"?{url.query}" if url.query else ""))
        if isinstance(met, Accepted):
            self.conn_id = met.conn_id
            self._note(actions)
            for topic in self.venue.topics(self.target):
                if topic.subscribe is not None:
                    self.send(topic.subscribe)
        return met

    def send(self, text: str) -> None:
        assert self.conn_id is not None
        self._note(self.exchange.receive(self.now_ms, self.conn_id, text))

    def ping(self) -> None:
        assert self.conn_id is not None
        self._note(self.exchange.receive_control(self.now_ms, self.conn_id, Control.PING, b"p"))

    def listen(self, until_ms: int, *, step_ms: int = 50, answers: bool = True) -> None:
        while self.now_ms < until_ms:
            self.now_ms = min(self.now_ms + step_ms, until_ms)
            asked = self._note(self.exchange.advance(self.now_ms))
            if asked and answers and self.conn_id is not None:
                self._note(self.exchange.receive_control(self.now_ms, self.conn_id, Control.PONG))

    def settle(self) -> TrueBook:
        """Listen on to the next book; gives it, and the venue has not moved since."""
        books = len(self.sights())
        while len(self.sights()) == books:
            self.listen(self.now_ms + 50)
        return self.sights()[-1]

    def fetch(self, rest: RestSpec[object]) -> HttpResponse:
        call = rest.call(self.target)
        url = urlsplit(self.target.rest_urls[0] + call.path)
        request = Request(call.method, url.path, dict(parse_qsl(url.query)), (call.body or "").encode())
        answer, actions = self.exchange.request(self.now_ms, request)
        self._note(actions)
        return answer

    def _note(self, actions: Iterable[ExchangeAction]) -> bool:
        asked = False
        for action in actions:
            self.actions.append((self.now_ms, action))
            asked = asked or (isinstance(action, SendControl) and action.control is Control.PING)
            if isinstance(action, CloseConnection):
                self.conn_id = None
        return asked

    # --- what came --------------------------------------------------------------------------------------------------

    def said(self, content: Content, after_ms: int = -1, before_ms: int = 2**62) -> list[SendData]:
        return [
            action
            for at_ms, action in self.actions
            if isinstance(action, SendData) and action.content in content and after_ms < at_ms <= before_ms
        ]

    def sights(self, after_ms: int = -1, before_ms: int = 2**62) -> list[TrueBook]:
        return [say.true_book for say in self.said(Content.BOOK, after_ms, before_ms) if say.true_book is not None]

    def hang_ups(self) -> list[tuple[int, CloseConnection]]:
        return [(at_ms, action) for at_ms, action in self.actions if isinstance(action, CloseConnection)]

    def events(self, *names: str) -> list[TruthRow]:
        return [row for row in self.truth if row["event"] in names]
