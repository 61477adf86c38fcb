"""Client of a simulated venue for tests: it subscribes to the topics of the venue's description and answers pings."""

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
from tests.simulation.fault_matrix import HEADERS, profile_of, with_instrument

NAMES = sorted(protocols())
START_UNIX_MS = 1_790_000_000_000


class Listener:
    """One venue and one connection to it in virtual time; `actions` are all actions of the venue with their times in ms."""

    def __init__(
        self, name: str, plan: Iterable[PlannedFault] = (), *, seed: int = 1, environ: Mapping[str, str] | None = None
    ) -> None:
        self.truth: list[TruthRow] = []
        self.venue: Venue = venues()[name]
        self.exchange = Exchange(
            protocols(profile_of(environ or {}))[name],
            seed=seed,
            start_unix_ms=START_UNIX_MS,
            plan=plan,
            write_truth=self.truth.append,
        )
        self.now_ms = 0
        self.actions: list[tuple[int, ExchangeAction]] = []
        self.conn_id: str | None = None
        resolved = resolve(venue_settings(self.venue), environ or {})
        self.target: Target = with_instrument(self.venue, target(self.venue, resolved, "ETH"), self.exchange)

    def connect(self) -> object:
        url = urlsplit(self.venue.socket_url(self.target.ws_urls[0], self.target))
        result, actions = self.exchange.connect(self.now_ms, url.path + (f"?{url.query}" if url.query else ""), HEADERS)
        if isinstance(result, Accepted):
            self.conn_id = result.conn_id
            self._record(actions)
            for topic in self.venue.topics(self.target):
                if topic.subscribe is not None:
                    self.send(topic.subscribe)
        return result

    def send(self, text: str) -> None:
        assert self.conn_id is not None
        self._record(self.exchange.receive(self.now_ms, self.conn_id, text))

    def ping(self) -> None:
        assert self.conn_id is not None
        self._record(self.exchange.receive_control(self.now_ms, self.conn_id, Control.PING, b"p"))

    def listen(self, until_ms: int, *, step_ms: int = 50, answers_pings: bool = True) -> None:
        while self.now_ms < until_ms:
            self.now_ms = min(self.now_ms + step_ms, until_ms)
            pinged = self._record(self.exchange.advance(self.now_ms))
            if pinged and answers_pings and self.conn_id is not None:
                self._record(self.exchange.receive_control(self.now_ms, self.conn_id, Control.PONG))

    def settle(self) -> TrueBook:
        """Listen until the next book and return it; the market has not moved since."""
        books = len(self.true_books())
        while len(self.true_books()) == books:
            self.listen(self.now_ms + 50)
        return self.true_books()[-1]

    def fetch(self, rest: RestSpec[object]) -> HttpResponse:
        call = rest.call(self.target)
        url = urlsplit(self.target.rest_urls[0] + call.path)
        request = Request(call.method, url.path, dict(parse_qsl(url.query)), (call.body or "").encode(), HEADERS)
        response, actions = self.exchange.request(self.now_ms, request)
        self._record(actions)
        return response

    def _record(self, actions: Iterable[ExchangeAction]) -> bool:
        pinged = False
        for action in actions:
            self.actions.append((self.now_ms, action))
            pinged = pinged or (isinstance(action, SendControl) and action.control is Control.PING)
            if isinstance(action, CloseConnection):
                self.conn_id = None
        return pinged

    # --- received frames and rows -----------------------------------------------------------------------------------

    def frames(self, content: Content, after_ms: int = -1, before_ms: int = 2**62) -> list[SendData]:
        return [
            action
            for at_ms, action in self.actions
            if isinstance(action, SendData) and action.content in content and after_ms < at_ms <= before_ms
        ]

    def true_books(self, after_ms: int = -1, before_ms: int = 2**62) -> list[TrueBook]:
        return [
            frame.true_book for frame in self.frames(Content.BOOK, after_ms, before_ms) if frame.true_book is not None
        ]

    def closes(self) -> list[tuple[int, CloseConnection]]:
        return [(at_ms, action) for at_ms, action in self.actions if isinstance(action, CloseConnection)]

    def events(self, *names: str) -> list[TruthRow]:
        return [row for row in self.truth if row["event"] in names]
