"""Run logs into the store: records, counters, sessions, and the facts of the run; every line is accounted for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np

from toolkit.files.ledger import LedgerBuilder
from toolkit.files.rotation import is_continuation, join_line
from toolkit.files.run_file import RunFile, adjoins, continues
from toolkit.ingest.batch_writer import TableWriter
from toolkit.ingest.log_rows import LogRows
from toolkit.model.runs import FileLedger, Session, SetAsideLine
from toolkit.model.vocabulary import SetAside
from toolkit.runlog.bulk.block import Apart, Read, known_shapes, mended, read_alone, take_apart, take_span_apart
from toolkit.runlog.bulk.numbers import Whole
from toolkit.runlog.facts import LogFacts, Ref
from toolkit.runlog.lives import Lives
from toolkit.runlog.parse import OTHER, Found
from toolkit.runlog.session_lines import session_line
from toolkit.sessions.machine import Incident, Sessions
from toolkit.streams.blocks import BLOCK_BYTES, blocks
from toolkit.streams.parallel import PARALLEL_FROM_BYTES, gc_paused
from toolkit.streams.spans import read_in_parallel


@dataclass
class LogLoad:
    """What loading the logs gave."""

    ledgers: list[FileLedger] = field(default_factory=list)
    facts: LogFacts = field(default_factory=LogFacts)
    sessions: list[Session] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


def load(
    con: duckdb.DuckDBPyConnection,
    run_key: int,
    sources: Sequence[RunFile],
    parallel_from: int = PARALLEL_FROM_BYTES,
    span_bytes: int = BLOCK_BYTES,
) -> LogLoad:
    """Read the run's logs, in the order given, into `log_event`, `counter` and `rx_stat`.

    A plain file of `parallel_from` bytes or more is read by all processors, in spans of about `span_bytes` each.
    The parts of a rotated log are read as one. Sessions and incidents are given back: they are written when the lines
    have their times.
    Raises `InputError` for an unreadable file.
    """
    with gc_paused(), TableWriter(con, run_key) as writer:
        loader = _Loader(LogRows(writer), parallel_from, span_bytes)
        for before, source in zip([None, *sources], sources, strict=False):
            if before is not None and continues(source, before):
                loader.load.facts.continue_log(source.file_no, before.file_no)
            loader.read(source, continues(source, before), adjoins(source, before))
        loader.settle()
        loader.rows.flush()
    loader.load.sessions, loader.load.incidents = loader.sessions.close()
    loader.load.facts.lives = loader.most_lives
    return loader.load


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last line of a file, which has no newline: its rest may begin the part of the log after it."""

    piece: bytes
    ref: Ref
    byte: int


class _Loader:
    def __init__(self, rows: LogRows, parallel_from: int, span_bytes: int) -> None:
        self.rows = rows
        self._parallel_from = parallel_from
        self._span_bytes = span_bytes
        self.sessions = Sessions()
        self.load = LogLoad()
        self.most_lives = 0
        self._lives = Lives()
        self._tail: _Tail | None = None
        self._panicked: Ref | None = None
        self._begun: str | None = None

    def read(self, source: RunFile, continued: bool = False, adjoining: bool = False) -> None:
        """Read one log file; its lives are counted on their own, or on from those of the part before it.

        What the last lines of an `adjoining` part left open, its first ones may end.
        """
        if not adjoining:
            self.settle()
        self._lives = self._lives if continued else Lives()
        account = LedgerBuilder()
        for block in self._blocks(source, account):
            taken = account.lines == 0 and self._turn(block)
            if block.skipped:
                account.where.append(SetAsideLine(account.lines + 1, block.first_byte, SetAside.TOO_LONG))
            else:
                self._block(source.file_no, block, account.lines + 1, taken)
                account.used += block.lines
            account.lines += block.lines
        if account.damaged:
            self.settle()
        self.load.ledgers.append(account.ledger(source))
        self.load.facts.lines += account.lines
        self.most_lives = max(self.most_lives, self._lives.count)

    def _blocks(self, source: RunFile, account: LedgerBuilder) -> Iterator[Apart]:
        """The blocks of a file in order; what is known of the file at its end is put down in the account."""
        path = source.path
        if path is not None and path.stat().st_size >= self._parallel_from and (os.cpu_count() or 1) > 1:
            with read_in_parallel(path, take_span_apart, self._span_bytes) as spans:
                for _, span in spans.results():
                    yield from span
                account.bytes, account.sha256 = spans.digest()
            return
        shapes = known_shapes()
        with source.open() as stream:
            for block in blocks(stream):
                yield take_apart(block, shapes)
            account.record_end(stream)

    def settle(self) -> None:
        """Nothing more comes of what the lines so far left open."""
        self._end_tail()
        self._panicked = self._begun = None

    def _turn(self, block: Apart) -> bool:
        """Turn to a file with its first block; True where its first line is the rest of the last one before it.

        Each of the two is a line of its own file's ledger, and used; their record stands where it begins.
        """
        taken = self._end_tail(None if block.skipped else block.head, block.torn)
        self._first_life, self._life_starts = self._lives.life, [0]
        return taken

    def _end_tail(self, rest: bytes | None = None, torn: bool = False) -> bool:
        tail, self._tail = self._tail, None
        if tail is None:
            return False
        awaited = self._panicked is not None or self._begun is not None
        taken = rest is not None and is_continuation(tail.piece, rest, awaited)
        if taken and rest is not None:
            tail = replace(tail, piece=join_line(tail.piece, rest))
        if taken and torn:
            self._tail = tail
        else:
            self._singles([read_alone(tail.piece, 0, tail.byte)], *tail.ref, torn=not taken)
        return taken

    def _block(self, file_no: int, block: Apart, first_line: int, taken: bool) -> None:
        """Take a block, whose first line is passed over if it is `taken` already."""
        if block.torn:
            self._tail = self._tail if taken else _Tail(block.head, (file_no, first_line), block.first_byte)
            return
        self._singles(block.single[taken:], file_no, first_line)
        if block.columns is not None:
            self.rows.add_block(block.columns, file_no, first_line, self._lives_of)
        for told in block.told:
            ends = [((file_no, first_line + index), text) for index, text in (told.first, told.last)]
            self.load.facts.see_many(told.found, told.count, *ends)

    def _lives_of(self, lines: Whole) -> Whole:
        """The lives of lines of the present file, up to which all that are read by themselves have been."""
        lives: Whole = np.searchsorted(np.asarray(self._life_starts), lines, side="right") - 1 + self._first_life
        return lives

    def _singles(self, single: Sequence[Read], file_no: int, first_line: int, torn: bool = False) -> None:
        for each in mended(single, self._begun):
            self._begun = each.line.begun
            self._line(each, (file_no, first_line + each.index), torn)

    def _line(self, read: Read, ref: Ref, torn: bool) -> None:
        facts, found = self.load.facts, read.line.found
        if self._panicked is not None and found[0].family == OTHER and read.text.strip():
            facts.panics[-1] = (*facts.panics[-1][:2], read.text.strip())
        self._panicked = None
        for each in found:
            facts.see(each, ref, read.text)
            if each.family == OTHER:
                continue
            if each.family in ("panic", "panic_quoted"):
                self._panicked = ref if each.family == "panic" else None
                told = each.fields.get("place", "").rstrip(":"), each.fields.get("error", "no message")
                facts.panics.append((ref, *told))
                facts.panic_threads[ref] = each.fields["thread"]
            self._keep(each, ref, read.line.stamped_ms, read.byte, torn)

    def _keep(self, found: Found, ref: Ref, stamped_ms: int | None, byte: int, torn: bool) -> None:
        life = self._lives.life if torn else self._lives.see(found)
        if self._lives.begins and not torn:
            self.load.facts.begin_life(ref)
            self._panicked = None
        if life - self._first_life == len(self._life_starts):
            self._life_starts.append(ref[1])
        self.rows.add(found, ref, life, byte, stamped_ms, torn)
        if (event := session_line(found, ref)) is not None:
            self.sessions.feed(life, event, self._lives.began)
