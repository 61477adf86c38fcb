"""The truth: what the venues really did, one JSON object a line, written by the side that did it.

Every row has `t_unix_ms`, `venue`, `conn_id` and `event`: `server_ready`, `accept`, `subscribed`, `unsubscribed`,
`subscribe_refused`, `frame` (with the book that holds after it), `frame_lost`, `rest_request`, `door`, `no_such_path`,
`client_gone`, `server_close` (`how`, `code`), `conn_end` (who ended it, and its sums), `fault_start`, `fault_end`,
`slow_consumer`, `server_stop`. The file is no part of a run and nothing that analyses a run reads it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import msgspec

from connectors.simulator.messages import TrueBook
from toolkit.model.errors import InputError

TruthRow: TypeAlias = Mapping[str, Any]
TruthWriter: TypeAlias = Callable[[TruthRow], None]


def book_facts(true_book: TrueBook) -> dict[str, Any]:
    """A book in a row of the truth: its best levels, its size, and a check sum over every level of it."""
    precision = true_book.precision
    bids, asks = true_book.book.top(true_book.depth)
    best = {
        name: [precision.price(side[0][0]), precision.size(side[0][1])] if side else None
        for name, side in (("bid", bids), ("ask", asks))
    }
    return {**best, "levels": [len(bids), len(asks)], "crc32": zlib.crc32(repr((bids, asks)).encode())}


class TruthFile:
    """The truth as a JSON Lines file; each row is on disk as soon as it is told. Raises InputError if it cannot be."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise InputError(str(path), None, f"cannot be written: {error.strerror}; name another file") from error

    def __enter__(self) -> TruthFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: TruthRow) -> None:
        """Append a row."""
        self._file.write(msgspec.json.encode(row) + b"\n")
