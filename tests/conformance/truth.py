"""Ground truth of one venue: the books that it sent, and the connections and drops on its side."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

Side: TypeAlias = Sequence[Sequence[str]]
"""Levels of a book as price and size, in the order in which the client shows them."""


@dataclass(slots=True)
class Connection:
    """One connection of a client; times are Unix seconds.

    `ended_by` is `drop` for the planned one, and None if the connection was open at the end of the file. `pings` are
    control pings of the client, `messages` all its other frames.
    """

    opened_s: float
    ended_s: float | None = None
    ended_by: str | None = None
    pings: int = 0
    messages: int = 0


@dataclass(slots=True)
class Truth:
    """Facts of a truth file: book frames as (checksum, levels per side), connections by id, and times of drops."""

    books: list[tuple[int, list[int]]] = field(default_factory=list)
    connections: dict[str, Connection] = field(default_factory=dict)
    drops_s: list[float] = field(default_factory=list)
    decimals: tuple[int, int] = (0, 0)
    last_s: float = 0

    def longest_s(self) -> float:
        """Return the longest life of a connection, in seconds."""
        return max((((one.ended_s or self.last_s) - one.opened_s) for one in self.connections.values()), default=0)

    def checksum(self, bids: Side, asks: Side) -> int | None:
        """Return the checksum of a client's book; None if a number has more decimals than the venue sends."""
        price, size = self.decimals
        try:
            book = tuple(
                [
                    (_whole(level[0], price), _whole(level[1], size))
                    for level in sorted(side, key=_price, reverse=reverse)
                ]
                for side, reverse in ((bids, True), (asks, False))
            )
        except (ValueError, ArithmeticError):
            return None
        return zlib.crc32(repr(book).encode())


def read(path: Path) -> Truth:
    """Read a truth file; a last line without its end is left out."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return facts(json.loads(line) for line in lines if line.endswith("\n"))


def facts(rows: Iterable[dict[str, Any]]) -> Truth:
    """Collect the facts of the rows of a truth file."""
    truth = Truth()
    for row in rows:
        at_s, name = row["t_unix_ms"] / 1_000, row["conn_id"]
        truth.last_s = max(truth.last_s, at_s)
        match row["event"]:
            case "accept":
                truth.connections[name] = Connection(at_s)
            case "server_close" if row["fault"]:
                truth.drops_s.append(at_s)
                truth.connections[name].ended_by = "drop"
            case "conn_end":
                connection = truth.connections[name]
                connection.ended_s = at_s
                connection.pings, connection.messages = row["client_pings"], row["client_msgs"]
                connection.ended_by = connection.ended_by or row["ended_by"]
            case "frame":
                truth.books.append((row["crc32"], row["levels"]))
                best = row["bid"] or row["ask"]
                truth.decimals = tuple(len(text.partition(".")[2]) for text in best) if best else truth.decimals
    return truth


def _price(level: Sequence[str]) -> Decimal:
    return Decimal(level[0])


def _whole(text: str, decimals: int) -> int:
    """Return a number in units of its last decimal; raises ValueError if it has more decimals."""
    scaled = Decimal(text).scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(text)
    return int(scaled)
