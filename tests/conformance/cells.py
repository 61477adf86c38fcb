"""Cells of the conformance table: what the events of a client and the venue's ground truth say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.conformance.truth import Truth

Event: TypeAlias = dict[str, Any]
COLUMNS = ("connect", "subscribe", "parsed", "book equal to the truth", "keep-alive", "reconnect after a drop")
NOT_REACHED = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """Result of one column: passed, failed, or not reached (None), with the measured fact and its details."""

    passed: bool | None
    fact: str
    details: str = ""

    def __str__(self) -> str:
        return self.fact if self.passed is None else f"{'yes' if self.passed else '**no**'}: {self.fact}"


def cells(events: Sequence[Event], truth: Truth, quiet_s: float, stderr: str = "") -> list[Cell]:
    """Return a cell for each column; `quiet_s` is the time that a connection must live, in seconds."""
    of = {
        kind: [event for event in events if event["event"] == kind]
        for kind in ("book", "parsed", "failed", "subscribed")
    }
    connected = bool(truth.connections) and any(event["event"] == "connected" for event in events)
    connect = Cell(connected, "" if connected else _why(of["failed"], stderr))
    if not connected:
        return [connect, *[Cell(None, NOT_REACHED)] * (len(COLUMNS) - 1)]
    channels = sorted({event["channel"] for event in of["subscribed"]})
    wanted = {channel for event in events if event["event"] == "wants" for channel in event["channels"]}
    silent = sorted(wanted.difference(channels))
    number = f"{len(channels)} channel{'s' if len(channels) > 1 else ''}"
    number += f"; no data of {', '.join(silent)}" if silent else ""
    subscribe = Cell(bool(channels) and not silent, number if channels else _why(of["failed"], stderr))
    return [
        Cell(True, f"{len(truth.connections)} sockets"),
        subscribe,
        _parsed(of["book"], of["parsed"], of["failed"]),
        _books(of["book"], truth),
        _keep_alive(events, truth, quiet_s),
        _reconnect(events, truth),
    ]


def _why(failures: Sequence[Event], stderr: str) -> str:
    if failures:
        return str(failures[0]["why"])
    return next((line for line in reversed(stderr.splitlines()) if line.strip()), "no event")


def _parsed(books: Sequence[Event], others: Sequence[Event], failures: Sequence[Event]) -> Cell:
    counts = Counter({"book": len(books)}) + Counter(event["kind"] for event in others)
    refused = [event for event in failures if event["what"] == "parse"]
    details = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    fact = f"{counts.total()} messages of {len(counts)} kinds"
    fact += f"; {len(refused)} refused: {refused[0]['why']}" if refused else ""
    return Cell(bool(counts) and not refused, fact, details)


def _books(books: Sequence[Event], truth: Truth) -> Cell:
    """Look up each book of the client among the books that the venue sent, in their order."""
    from_socket = [book for book in books if book["of"] == "socket"]
    if not from_socket:
        return Cell(None, NOT_REACHED)
    at, equal, first = 0, 0, None
    places: dict[int | None, list[int]] = {}
    for place, (checksum, _) in enumerate(truth.books):
        places.setdefault(checksum, []).append(place)
    for number, book in enumerate(from_socket, start=1):
        found = next(
            (place for place in places.get(truth.checksum(book["bids"], book["asks"]), ()) if place >= at), None
        )
        if found is None:
            first = first or f"book {number}, best {book['bids'][:1]} {book['asks'][:1]}"
        else:
            at, equal = found, equal + 1
    deepest = max(len(book["bids"]) for book in from_socket)
    fact = f"{equal} of {len(from_socket)}, up to {deepest} levels a side"
    return Cell(equal == len(from_socket), fact + (f"; first other: {first}" if first else ""))


def _keep_alive(events: Sequence[Event], truth: Truth, quiet_s: float) -> Cell:
    pongs = sum(event["event"] == "pong" for event in events)
    pings = sum(connection.pings for connection in truth.connections.values())
    before = [one for one in truth.connections.values() if not truth.drops_s or one.opened_s < truth.drops_s[0]]
    ended = sorted({one.ended_by for one in before if one.ended_by not in ("drop", "client_gone", None)})
    lived_s = truth.longest_s()
    messages = sum(connection.messages for connection in truth.connections.values())
    fact = f"{lived_s:.0f} s; client: {messages} messages, {pings} control pings; pongs in messages: {pongs}"
    return Cell(lived_s >= quiet_s and not ended, fact + (f"; ended by {', '.join(ended)}" if ended else ""))


def _reconnect(events: Sequence[Event], truth: Truth) -> Cell:
    if not truth.drops_s:
        return Cell(None, NOT_REACHED)
    dropped_s = truth.drops_s[-1]
    opened = [one.opened_s for one in truth.connections.values() if one.opened_s > dropped_s]
    back = [
        event["at"]
        for event in events
        if event["event"] in ("book", "parsed") and event["at"] >= min(opened, default=0)
    ]
    if not opened or not back:
        return Cell(False, "no data again" if opened else "no connection again")
    by = next(
        (event["by"] for event in events if event["event"] == "reconnected" and event["at"] > dropped_s), "client"
    )
    return Cell(True, f"{min(back) - dropped_s:.1f} s, by the {by}")
