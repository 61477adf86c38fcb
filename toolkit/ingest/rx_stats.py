"""Reader of `market_rx_stats.log` into the table `rx_stat`: the events that the runner drained in each tick."""

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
from toolkit.model.set_aside import SetAsideLines
from toolkit.model.vocabulary import SetAside
from toolkit.runlog.bulk.groups.templates import SortedLines, TemplateGroup, TemplateMatcher
from toolkit.runlog.bulk.numbers import BlockLines, IntVector
from toolkit.runlog.bulk.rx_columns import LAST_KEY, RX_SCHEMA, all_integers, rx_columns, rx_table, rx_values
from toolkit.runlog.parse import RX_STATS, parse
from toolkit.streams.blocks import Block, blocks


def load(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile]) -> list[FileLedger]:
    """Read `market_rx_stats.log` files, in the order given, into the table `rx_stat`.

    The parts of a rotated file are read as one. A life ends where the tick falls. Raises `InputError` for an
    unreadable file.
    """
    ledgers, end = [], _FileEnd()
    for before, source, after in zip([None, *sources], sources, [*sources[1:], None], strict=False):
        end = end if continues(source, before) else _FileEnd()
        next_line = after.first_line() if after is not None and adjoins(after, source) else None
        ledger, end = _load_file(con, run_key, source, end, next_line)
        ledgers.append(ledger)
    return ledgers


@dataclass(frozen=True, slots=True)
class _FileEnd:
    """The life and tick at the end of a file, and whether its last line was joined with the next file's first one."""

    life: int = 0
    last_tick: int = -1
    joined_next_line: bool = False


def _load_file(
    con: duckdb.DuckDBPyConnection, run_key: int, source: RunFile, before: _FileEnd, next_line: bytes | None
) -> tuple[FileLedger, _FileEnd]:
    """Read one file; return its ledger row and the state at its end. `before` is the state before the file.

    A last line that the rotation split is joined with `next_line`, the first line of the file after. Each of the two
    is a used line in the ledger of its own file; their record has the position of its beginning.
    """
    ledger, joined = LedgerBuilder(), False
    with source.open() as stream, TableWriter(con, run_key) as writer:
        rows = PendingRows(writer, "rx_stat", RX_SCHEMA)
        reader = _BlockReader(source.file_no, rows, ledger.where, before.life, before.last_tick)
        for block in blocks(stream):
            if before.joined_next_line and block.first_line == 1:
                ledger.lines, block = 1, _after_first_line(block)
            if block.torn and next_line is not None and not stream.damage and is_continuation(block.data, next_line):
                joined, block = True, replace(block, data=join_line(block.data, next_line) + b"\n", torn=False)
            ledger.lines += reader.read(block) if block.data or block.skipped else 0
        ledger.used = ledger.lines - ledger.where.counts.total()
        ledger.record_end(stream)
        rows.flush()
    return ledger.ledger(source), _FileEnd(reader.life, reader.last_tick, joined)


def _after_first_line(block: Block) -> Block:
    cut = len(block.data) if block.torn else block.data.index(b"\n") + 1
    return replace(block, data=block.data[cut:], first_line=2, first_byte=cut, torn=False)


@dataclass
class _BlockReader:
    """Reader of one file block by block; `set_aside` receives the lines that are no whole `market_rx_stats` line."""

    file_no: int
    rows: PendingRows
    set_aside: SetAsideLines
    life: int = 0
    last_tick: int = -1

    def __post_init__(self) -> None:
        self._templates = TemplateMatcher(lambda record: record.family == RX_STATS and all_integers(record.fields))

    def read(self, block: Block) -> int:
        """Add the rows of a block; return the number of its lines."""
        if block.skipped:
            self.set_aside.add(SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG))
            return 1
        lines = BlockLines(block.data)
        found = SortedLines([], np.arange(len(lines))) if block.torn else self._templates.sort(lines)
        groups, single = found.groups, self._parse_single(block, lines, found.left.tolist())
        columns = [rx_columns(group) for group in groups]
        lives = self._lives(groups, columns, single)
        for group, group_columns in zip(groups, columns, strict=True):
            table = rx_table(group, group_columns)
            self.rows.add_table(self.file_no, block.first_line, lives[group.indexes], table)
        for index, values in single.items():
            self.rows.add((self.file_no, block.first_line + index, int(lives[index]), *values))
        return len(lines)

    def _parse_single(self, block: Block, lines: BlockLines, ungrouped: list[int]) -> dict[int, list[int | None]]:
        """Parse lines one by one; return their values by index in the block, and set aside the others."""
        single = {}
        for index in ungrouped:
            fields = _rx_fields(lines[index])
            if fields is None or (block.torn and LAST_KEY not in fields):
                byte = block.first_byte + int(lines.starts[index])
                self.set_aside.add(SetAsideLine(block.first_line + index, byte, _reason(lines[index], block)))
            else:
                single[index] = rx_values(fields)
        return single

    def _lives(
        self, groups: list[TemplateGroup], columns: list[dict[str, IntVector]], single: Mapping[int, list[int | None]]
    ) -> IntVector:
        """Return the life of each line of a block by its index; the entries of lines without a tick are meaningless."""
        indexes = np.concatenate([*(group.indexes for group in groups), np.array(list(single), np.int64)])
        if not len(indexes):
            return np.zeros(0, np.int64)
        single_ticks = np.array([values[0] for values in single.values()], np.int64)
        ticks = np.concatenate([*(each["tick"] for each in columns), single_ticks])
        order = np.argsort(indexes)
        falls = np.diff(ticks[order], prepend=self.last_tick) < 0
        lives = np.zeros(indexes.max() + 1, np.int64)
        lives[indexes[order]] = self.life + np.cumsum(falls)
        self.life, self.last_tick = self.life + int(falls.sum()), int(ticks[order][-1])
        return lives


def _rx_fields(line: bytes) -> Mapping[str, str] | None:
    """Return the fields of a `market_rx_stats` line; None for any other line."""
    records = parse(line.decode("utf-8", "replace")).records
    return next((each.fields for each in records if each.family == RX_STATS), None)


def _reason(line: bytes, block: Block) -> str:
    if not line.strip(b"\x00\r "):
        return SetAside.BLANK
    return SetAside.TORN_TAIL if block.torn else SetAside.NOT_RX_STATS
