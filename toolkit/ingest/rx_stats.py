"""`market_rx_stats` lines, from their own file or from the log: what the runner drained in each tick."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from toolkit.ingest.source import Source
from toolkit.ingest.stream import blocks
from toolkit.records import FileLedger, SetAsideLine
from toolkit.runlog.parse import RX_STATS, parse
from toolkit.store import insert_rows
from toolkit.vocabulary import SetAside

KEYS = (
    "raw_drained", "raw_l2_delta", "raw_l2_snapshot", "raw_trade", "raw_funding_update", "out_market", "out_l2_delta",
    "out_l2_snapshot", "out_trade", "out_funding_update", "other", "cap_hits",
)  # fmt: skip
_COLUMNS = ("run_key", "file_no", "line", "life", "tick", *KEYS)
_ROWS_AT_ONCE = 50_000


class RxRows:
    """Rows of `rx_stat` waiting to be written."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int) -> None:
        self._con = con
        self._run_key = run_key
        self._rows: list[tuple[object, ...]] = []

    def add(self, file_no: int, line: int, life: int, fields: Mapping[str, str]) -> None:
        """Take the keys of one line; a value that is no whole number is not known."""
        values = [_whole(fields.get(key, "")) for key in ("tick", *KEYS)]
        self._rows.append((self._run_key, file_no, line, life, *values))
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        insert_rows(self._con, "rx_stat", _COLUMNS, self._rows)
        self._rows = []


def load(con: duckdb.DuckDBPyConnection, run_key: int, source: Source) -> FileLedger:
    """Read a `market_rx_stats.log`; a life ends where the tick falls. Raises `InputError` for an unreadable file."""
    rows = RxRows(con, run_key)
    lines, life, last = 0, 0, -1
    where: list[SetAsideLine] = []
    with source.open() as stream:
        for block in blocks(stream):
            pieces = block.data.split(b"\n") if not block.skipped else [b""]
            if not block.torn and not block.skipped:
                pieces.pop()
            byte = block.first_byte
            for number, piece in enumerate(pieces, block.first_line):
                lines += 1
                fields = _fields(piece)
                tick = _whole(fields.get("tick", "")) if fields else None
                if tick is None or (block.torn and fields and "cap_hits" not in fields):
                    where.append(SetAsideLine(number, byte, _why(piece, block.torn, block.skipped)))
                else:
                    life += tick < last
                    last = tick
                    rows.add(source.file_no, number, life, fields or {})
                byte += len(piece) + 1
        if stream.damage:
            where.append(SetAsideLine(lines + 1, stream.size, SetAside.DAMAGED))
        rows.flush()
        aside: dict[str, int] = {}
        for each in where:
            if each.reason != SetAside.DAMAGED:
                aside[each.reason] = aside.get(each.reason, 0) + 1
        used = lines - sum(aside.values())
        return FileLedger(source.name, source.role, stream.size, stream.sha256, lines, used, aside, tuple(where))


def _fields(piece: bytes) -> Mapping[str, str] | None:
    found = parse(piece.decode("utf-8", "replace")).found
    return next((each.fields for each in found if each.family == RX_STATS), None)


def _why(piece: bytes, torn: bool, skipped: bool) -> str:
    if skipped:
        return SetAside.TOO_LONG
    if not piece.strip(b"\x00\r "):
        return SetAside.BLANK
    return SetAside.TORN_TAIL if torn else SetAside.NOT_RX_STATS


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
