"""A venue as a pure machine: connections and requests in, frames and answers out, time as an argument.

Same seed, same scenario, same calls at the same times: the same frames, byte for byte. Every method that takes time
first lives through what was due before it, so a door may be late without changing what is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from connectors.session.events import Control
from connectors.simulator.connections import Link, Switchboard
from connectors.simulator.faults.active import Trouble, refusal
from connectors.simulator.faults.injector import Injector
from connectors.simulator.ground_truth import Tell, book_facts
from connectors.simulator.market import Print
from connectors.simulator.market_data import Board, fold
from connectors.simulator.messages import Accepted, Act, Answer, Content, Door, Hung, Refused, Request, Say, Sight
from connectors.simulator.protocols.base import Begin, Dialect, Finish, Leave, Reply, Response, Stream
from connectors.simulator.scenario import Planned, Scenario

FUNDING_MS = 1_000
NO_SUCH_PATH = Answer(404, b'{"status":"ERROR","error":{"code":404,"message":"Not found"}}')


class Exchange:
    """One venue. `plan` is its part of the scenario, `tell` takes the rows of the truth."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        base: str = "ETH",
        seed: int = 1,
        start_unix_ms: int = 0,
        plan: Iterable[Planned] = (),
        tell: Tell | None = None,
    ) -> None:
        self.dialect = dialect
        self.board = Board(dialect, base, seed, start_unix_ms)
        self.trouble = Trouble()
        self.lines = Switchboard(dialect, self.trouble, start_unix_ms, tell)
        self.lines.at(dialect.update_ms, self._update)
        Injector(dialect, self.board, self.lines, self.trouble, partial(self._move, hurry=True)).arrange(plan)

    @property
    def due_ms(self) -> int:
        """When `advance` has something to do."""
        return self.lines.due_ms

    def advance(self, now_ms: int) -> list[Act]:
        """Live until now."""
        self.lines.advance(now_ms)
        acts, self.lines.acts = self.lines.acts, []
        return acts

    # --- what clients do ------------------------------------------------------------------------------------------

    def open(self, now_ms: int, path: str) -> tuple[Accepted | Answer | Refused | Hung, list[Act]]:
        """A client comes by this URL path (with its query)."""
        self.lines.advance(now_ms)
        return self._met(now_ms, path), self.advance(now_ms)

    def hear(self, now_ms: int, name: str, data: str | bytes) -> list[Act]:
        """A data frame of a client."""
        self.lines.advance(now_ms)
        if (link := self.lines.links.get(name)) is not None:
            link.heard_ms = now_ms
            link.client_frames += 1
            self._answer(now_ms, link, data)
        return self.advance(now_ms)

    def heard(self, now_ms: int, name: str, control: Control, payload: bytes = b"") -> list[Act]:
        """A control frame of a client; a ping is answered unless a fault withholds it."""
        self.lines.advance(now_ms)
        if (link := self.lines.links.get(name)) is not None:
            link.heard_ms = now_ms
            if control is Control.PONG:
                link.asked_ms = None
            else:
                link.client_pings += 1
                self.lines.signal(link, Control.PONG, payload)
        return self.advance(now_ms)

    def left(self, now_ms: int, name: str, code: int | None = None) -> list[Act]:
        """A client is gone."""
        self.lines.advance(now_ms)
        if (link := self.lines.links.get(name)) is not None:
            self.lines.gone(now_ms, link, code)
        return self.advance(now_ms)

    def overrun(self, now_ms: int, name: str) -> None:
        """A client does not read what it is sent; its connection is over."""
        if (link := self.lines.links.get(name)) is not None:
            self.lines.tell(now_ms, "slow_consumer", link)
            self.lines.hang_up(now_ms, link)

    def request(self, now_ms: int, request: Request) -> tuple[Answer, list[Act]]:
        """A REST request."""
        self.lines.advance(now_ms)
        answer = self.trouble.rest() or self._look_up(now_ms, request)
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        path = request.path + (f"?{query}" if query else "")
        self.lines.tell(now_ms, "rest_request", path=path, status=answer.status)
        return answer, self.advance(now_ms)

    # --- how it answers -------------------------------------------------------------------------------------------

    def _met(self, now_ms: int, path: str) -> Accepted | Answer | Refused | Hung:
        door, fault = self.trouble.door()
        if fault is not None:
            self.lines.tell(now_ms, "door", door=door, path=path, fault=fault.name)
            if door is Door.STATUS:
                return refusal(fault)
            return Refused() if door is Door.REFUSE else Hung()
        streams = self.dialect.arrive(path, self.board.symbol)
        if streams is None:
            self.lines.tell(now_ms, "no_such_path", path=path)
            return NO_SUCH_PATH
        link = self.lines.connect(now_ms, path)
        for fault in self.trouble.idling():
            self.lines.watch(now_ms, link, fault.idle(), fault)
        if (words := self.dialect.greeting(link.serial)) is not None:
            self.lines.say(now_ms, link, words, Content.GREETING)
        for stream in streams:
            self._subscribe(now_ms, link, Begin(stream))
        return Accepted(link.name)

    def _answer(self, now_ms: int, link: Link, data: str | bytes) -> None:
        try:
            message = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if words := self.dialect.unreadable(data if isinstance(data, str) else repr(data)):
                self.lines.say(now_ms, link, words, Content.REFUSAL)
            return
        for response in self.dialect.hear(message, link.caller(), self.board.answer(now_ms)):
            self._respond(now_ms, link, response)

    def _look_up(self, now_ms: int, request: Request) -> Answer:
        moment = self.board.answer(now_ms, updates_ago=self.trouble.updates_late)
        try:
            body = self.dialect.rest(request, moment)
        except (ValueError, RecursionError) as error:
            return Answer(400, msgspec.json.encode({"error": str(error)}))
        if body is None:
            return NO_SUCH_PATH
        text = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        return Answer(200, text, sight=Sight(moment.book, moment.grid, None))

    def _respond(self, now_ms: int, link: Link, response: Response) -> None:
        match response:
            case Reply(text, content):
                self.lines.say(now_ms, link, text, content)
            case Begin():
                self._subscribe(now_ms, link, response)
            case Finish(channel, ack):
                link.streams.pop(channel, None)
                self.lines.tell(now_ms, "unsubscribed", link, channel=channel)
                if ack is not None:
                    self.lines.say(now_ms, link, ack, Content.ACK)
            case Leave():
                self.lines.hang_up(now_ms, link)

    def _subscribe(self, now_ms: int, link: Link, begin: Begin) -> None:
        stream = begin.stream
        if self.trouble.refuses:
            self.lines.tell(now_ms, "subscribe_refused", link, channel=stream.channel)
            self.lines.say(now_ms, link, self.dialect.refusal(stream.channel), Content.REFUSAL)
            return
        self.lines.tell(now_ms, "subscribed", link, channel=stream.channel)
        if begin.ack is not None:
            self.lines.say(now_ms, link, begin.ack, Content.ACK)
        link.streams[stream.channel] = stream
        stream.since = self.board.market.number
        if stream.opens:
            trades = self.board.market.trades if stream.content is Content.TRADES else ()
            self._send(now_ms, link, stream, whole=True, trades=trades)

    # --- data -----------------------------------------------------------------------------------------------------

    def _update(self, now_ms: int) -> None:
        self._move(now_ms)
        self.lines.at(now_ms + self.dialect.update_ms, self._update)

    def _move(self, now_ms: int, *, hurry: bool = False) -> None:
        """Move the market and tell everyone who is due; in a `hurry` everyone."""
        touched, before, trade = self.board.step(now_ms, self.trouble.looks, quiet=self.trouble.quiet)
        for link in self.lines.links.values():
            for stream in link.streams.values():
                if stream.chained:
                    fold(stream, touched, before)
                if hurry or now_ms >= stream.due_ms:
                    self._offer(now_ms, link, stream, trade)

    def _offer(self, now_ms: int, link: Link, stream: Stream, trade: Print | None) -> None:
        """Send a stream's next frame if it has anything to say."""
        match stream.content:
            case Content.TRADES if trade is not None:
                self._send(now_ms, link, stream, whole=False, trades=(trade,))
            case Content.FUNDING:
                self._send(now_ms, link, stream, whole=False)
            case Content.BOOK:
                whole_due = _whole_due(now_ms, stream)
                if whole_due or stream.resends or self.trouble.frozen or self.board.changed(stream):
                    self._send(now_ms, link, stream, whole=whole_due or not stream.chained)

    def _send(self, now_ms: int, link: Link, stream: Stream, *, whole: bool, trades: Iterable[Print] = ()) -> None:
        if stream.content in self.trouble.withheld:
            return
        said = self.dialect.encode(stream, self.board.frame(stream, now_ms, whole=whole, trades=trades))
        self._pace(now_ms, stream, whole=whole)
        self.board.told(stream)
        sight = self.board.sight(stream)
        stream.opened, stream.said = True, Say(link.name, said, stream.content, sight)
        if sight is not None and link.to_lose:
            link.to_lose -= 1
            self.lines.tell(now_ms, "frame_lost", link, channel=stream.channel, number=stream.number)
            return
        if sight is not None and self.lines.told:
            facts = book_facts(sight)
            self.lines.tell(now_ms, "frame", link, channel=stream.channel, number=stream.number, **facts)
        self.lines.say(now_ms, link, said, stream.content, sight)

    def _pace(self, now_ms: int, stream: Stream, *, whole: bool) -> None:
        slow_ms = self.trouble.slow_ms if stream.content is Content.BOOK else 0
        least_ms = FUNDING_MS if stream.content is Content.FUNDING else 0
        stream.due_ms = now_ms + max(stream.period_ms, slow_ms, least_ms)
        if whole and stream.whole_ms is not None:
            stream.whole_due_ms = now_ms + stream.whole_ms


def _whole_due(now_ms: int, stream: Stream) -> bool:
    """A chained stream that opens with a whole book still owes it, or owes the next of its regular ones."""
    owes = not stream.opened or (stream.whole_ms is not None and now_ms >= stream.whole_due_ms)
    return stream.chained and stream.opens and owes


def exchanges(
    dialects: Mapping[str, Dialect],
    scenario: Scenario,
    *,
    base: str = "ETH",
    seed: int = 1,
    start_unix_ms: int = 0,
    tell: Tell | None = None,
) -> dict[str, Exchange]:
    """The exchanges of these venues; `start_unix_ms` is the wall clock at their time 0."""
    return {
        name: Exchange(dialect, base=base, seed=seed, start_unix_ms=start_unix_ms, plan=scenario.of(name), tell=tell)
        for name, dialect in dialects.items()
    }
