"""Ground truth of the simulated venues: every event on their side, as JSON Lines.

Every row has `t_unix_ms`, `venue`, `conn_id` and `event`: `server_ready`, `accept`, `subscribed`, `unsubscribed`,
`subscribe_refused`, `frame` (with the book after it), `frame_lost`, `rest_request`, `door` (a fault rejected a
connection), `no_such_path`, `handshake_refused` (`status`), `client_gone`, `server_close` (`how`, `code`), `conn_end`
(who ended it, and totals), `fault_start`, `fault_end`, `slow_consumer`, `server_stop`. The file is not part of a run;
no analysis reads it.
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
    """Return the fields of a book in a row: best bid and ask, levels per side, and a CRC-32 over all levels."""
    precision = true_book.precision
    bids, asks = true_book.book.top(true_book.depth)
    best = {
        name: [precision.price(side[0][0]), precision.size(side[0][1])] if side else None
        for name, side in (("bid", bids), ("ask", asks))
    }
    return {**best, "levels": [len(bids), len(asks)], "crc32": zlib.crc32(repr((bids, asks)).encode())}


class TruthFile:
    """Ground truth file in JSON Lines; rows are written unbuffered. Raises InputError if the file cannot be opened."""

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
        """Append a row to the file."""
        self._file.write(msgspec.json.encode(row) + b"\n")
