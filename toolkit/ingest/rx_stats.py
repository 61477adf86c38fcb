"""`market_rx_stats` lines, from their own file or from the log: what the runner drained in each tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np

from toolkit.files.ledger import LedgerBuilder
from toolkit.files.rotation import is_continuation, join_line
from toolkit.files.run_file import RunFile, adjoins, continues
from toolkit.ingest.batch_writer import PendingRows, TableWriter
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import SetAside
from toolkit.runlog.bulk.numbers import Lines, Whole
from toolkit.runlog.bulk.rx_columns import LAST_KEY, RX, all_whole, rx_columns, rx_table, rx_values
from toolkit.runlog.bulk.templates import Group, Repeats
from toolkit.runlog.parse import RX_STATS, parse
from toolkit.streams.blocks import Block, blocks


def load(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile]) -> list[FileLedger]:
    """Read each `market_rx_stats.log`, the parts of a rotated one as one; a life ends where the tick falls.

    Raises `InputError` for an unreadable file.
    """
    ledgers, reached = [], _Reached()
    for before, source, after in zip([None, *sources], sources, [*sources[1:], None], strict=False):
        reached = reached if continues(source, before) else _Reached()
        rest = after.first_line() if after is not None and adjoins(after, source) else None
        ledger, reached = _load(con, run_key, source, reached, rest)
        ledgers.append(ledger)
    return ledgers


@dataclass(frozen=True, slots=True)
class _Reached:
    """Where the file before ended: in which life, after which tick, and whether it took the next one's first line."""

    life: int = 0
    last_tick: int = -1
    taken: bool = False


def _load(
    con: duckdb.DuckDBPyConnection, run_key: int, source: RunFile, reached: _Reached, rest: bytes | None
) -> tuple[FileLedger, _Reached]:
    """Read one file; give what it holds and where it ended.

    A last line that the rotation cut in two is read with its `rest`, the first line of the file after. Each of the two
    is a line of its own file's ledger, and used; their record stands where it begins.
    """
    account, taken = LedgerBuilder(), False
    with source.open() as stream, TableWriter(con, run_key) as writer:
        rows = PendingRows(writer, "rx_stat", RX)
        reader = _Reader(source.file_no, rows, account.where, reached.life, reached.last_tick)
        for block in blocks(stream):
            if reached.taken and block.first_line == 1:
                account.lines, block = 1, _after_first_line(block)
            if block.torn and rest is not None and not stream.damage and is_continuation(block.data, rest):
                taken, block = True, replace(block, data=join_line(block.data, rest) + b"\n", torn=False)
            account.lines += reader.read(block) if block.data or block.skipped else 0
        account.used = account.lines - len(account.where)
        account.record_end(stream)
        rows.flush()
    return account.ledger(source), _Reached(reader.life, reader.last_tick, taken)


def _after_first_line(block: Block) -> Block:
    cut = len(block.data) if block.torn else block.data.index(b"\n") + 1
    return replace(block, data=block.data[cut:], first_line=2, first_byte=cut, torn=False)


@dataclass
class _Reader:
    """Reads a file block by block; `aside` collects the lines that are no whole `market_rx_stats` line."""

    file_no: int
    rows: PendingRows
    aside: list[SetAsideLine]
    life: int = 0
    last_tick: int = -1

    def __post_init__(self) -> None:
        self._repeats = Repeats(lambda found: found.family == RX_STATS and all_whole(found.fields))

    def read(self, block: Block) -> int:
        """Take a block; give how many lines it has."""
        if block.skipped:
            self.aside.append(SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG))
            return 1
        pieces = Lines(block.data)
        groups, left = self._repeats.sort(pieces, range(len(pieces)) if block.torn else ())
        single = self._singles(block, pieces, left)
        columns = [rx_columns(group) for group in groups]
        lives = self._lives(groups, columns, single)
        for group, of in zip(groups, columns, strict=True):
            self.rows.add_table(self.file_no, block.first_line, lives[group.indexes], rx_table(group, of))
        for index, values in single.items():
            self.rows.add((self.file_no, block.first_line + index, int(lives[index]), *values))
        return len(pieces)

    def _singles(self, block: Block, pieces: Lines, left: list[int]) -> dict[int, list[int | None]]:
        single = {}
        for index in left:
            fields = _fields(pieces[index])
            if fields is None or (block.torn and LAST_KEY not in fields):
                byte = block.first_byte + int(pieces.starts[index])
                self.aside.append(SetAsideLine(block.first_line + index, byte, _why(pieces[index], block)))
            else:
                single[index] = rx_values(fields)
        return single

    def _lives(
        self, groups: list[Group], columns: list[dict[str, Whole]], single: Mapping[int, list[int | None]]
    ) -> Whole:
        """The life of each line of a block, by its index; only those of lines with a tick mean anything."""
        indexes = np.concatenate([*(group.indexes for group in groups), np.array(list(single), np.int64)])
        if not len(indexes):
            return np.zeros(0, np.int64)
        ticks = np.concatenate([*(of["tick"] for of in columns), np.array([v[0] for v in single.values()], np.int64)])
        order = np.argsort(indexes)
        falls = np.diff(ticks[order], prepend=self.last_tick) < 0
        lives = np.zeros(indexes.max() + 1, np.int64)
        lives[indexes[order]] = self.life + np.cumsum(falls)
        self.life, self.last_tick = self.life + int(falls.sum()), int(ticks[order][-1])
        return lives


def _fields(piece: bytes) -> Mapping[str, str] | None:
    found = parse(piece.decode("utf-8", "replace")).found
    return next((each.fields for each in found if each.family == RX_STATS), None)


def _why(piece: bytes, block: Block) -> str:
    if not piece.strip(b"\x00\r "):
        return SetAside.BLANK
    return SetAside.TORN_TAIL if block.torn else SetAside.NOT_RX_STATS
