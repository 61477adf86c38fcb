"""Reader of run logs into `log_event`, `counter` and `rx_stat`; it also gathers sessions and the facts of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

import duckdb
from msgspec import structs

from toolkit.files.ledger import LedgerBuilder
from toolkit.files.rotation import is_continuation, join_line
from toolkit.files.run_file import RunFile, adjoins, continues, rest_may_follow
from toolkit.ingest.batch_writer import TableWriter
from toolkit.ingest.log_blocks import LogBlocks
from toolkit.ingest.log_lines.life_cycle_lines import life_cycle_lines
from toolkit.ingest.log_lines.pending import PendingLine
from toolkit.ingest.log_lines.reader import LineReader, LogLoad
from toolkit.ingest.log_lines.rows import LogRows
from toolkit.ingest.log_lines.unended import LinePlace, UnendedLine
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import SetAside
from toolkit.runlog.bulk.block import ParsedBlock
from toolkit.runlog.bulk.single_lines import SingleLine, parse_single, rejoined
from toolkit.runlog.wrapping.common import LineExamples
from toolkit.runlog.wrapping.detect import LEARNT
from toolkit.runlog.wrapping.section_reader import OpenLines
from toolkit.runlog.wrapping.unwrap import rejoin_wrapped
from toolkit.streams.blocks import BLOCK_BYTES
from toolkit.streams.parallel import PARALLEL_FROM_BYTES, gc_paused


def load(
    con: duckdb.DuckDBPyConnection,
    run_key: int,
    sources: Sequence[RunFile],
    parallel_from: int = PARALLEL_FROM_BYTES,
    block_bytes: int = BLOCK_BYTES,
) -> LogLoad:
    """Read the run's logs, in the order given, into `log_event`, `counter` and `rx_stat`.

    A file of `parallel_from` bytes or more is read in several processes, a compressed one from that byte on, in blocks
    of about `block_bytes`. The parts of a rotated log are read as one. Sessions and incidents are only returned: they
    are written once the lines have their times. Venues of telemetry that was read before keep their names.
    Raises `InputError` for an unreadable file.
    """
    of_telemetry = con.execute("select distinct venue from venue_tick order by venue").fetchall()
    with gc_paused(), TableWriter(con, run_key) as writer:
        loader = _Loader(LogRows(writer), parallel_from, block_bytes)
        for (venue,) in of_telemetry:
            loader.result.names.names(venue, None)
        begun = [each for before, each in zip([None, *sources], sources, strict=False) if not continues(each, before)]
        for before, source, after in zip([None, *sources], sources, [*sources[1:], None], strict=False):
            if before is not None and continues(source, before):
                loader.result.facts.continue_log(source.file_no, before.file_no)
            if not adjoins(source, before):
                loader.close_partial()
            if not continues(source, before):
                loader.reader.begin_log(is_last=source is begun[-1])
            loader.read(source, rest_may_follow(source, after))
        loader.close_partial()
        loader.rows.flush()
    loader.count_other_lines()
    loader.result.sessions, loader.result.incidents = loader.reader.sessions.close()
    loader.result.further_ending_lines = loader.reader.sessions.further_lines
    loader.result.further_counters = loader.reader.further_counters
    loader.result.facts.lives = loader.most_lives
    loader.result.facts.set_foreign_apart()
    return loader.result


class _Loader:
    """Reader of log files in order; its state spans the parts of a rotated log."""

    def __init__(self, rows: LogRows, parallel_from: int, block_bytes: int) -> None:
        self.rows = rows
        self.result = LogLoad()
        self.reader = LineReader(rows, self.result)
        self.most_lives = 0
        self._ledgers: dict[int, FileLedger] = {}
        self._unended: UnendedLine | None = None
        self._broken_record: str | None = None
        """The beginning of a record that another writer's output interrupted: its rest may be the next line."""
        self._begun = OpenLines()
        self._blocks = LogBlocks(parallel_from, block_bytes, self._begun)
        self._begun_at = LinePlace(0, 0, 0)
        """Place of the first of the lines that are open at the end of a part."""
        self._undecided: PendingLine | None = None
        """The line just read, if the next line decides how it reads."""

    def read(self, source: RunFile, rest_follows: bool = False) -> None:
        """Read one log file, or the next part of a rotated one.

        Its first lines may complete the partial records at the end of the part before. Lines that a log collector split
        are left open at the end of a part if their `rest_follows` in the next one.
        """
        self._layers = source.wrapping
        ledger = LedgerBuilder()
        self.result.unknown.setdefault(source.file_no, LineExamples())
        if source.wrapping and source.wrapping[-1].name == LEARNT:
            self.result.learnt_prefixes[source.file_no] = source.wrapping[-1].example.decode("utf-8", "replace")
        for block in self._blocks.of(source, ledger, rest_follows):
            read = self._begin_file(source, block) if ledger.lines == 0 else 0
            if block.skipped:
                ledger.where.add(SetAsideLine(ledger.lines + 1, block.first_byte, SetAside.TOO_LONG))
            else:
                self._add_block(source.file_no, block, ledger.lines + 1 - block.before, read)
                ledger.used += block.lines - block.before
            ledger.lines += block.lines - block.before
        if (begun := self._begun.block) is not None:
            self._begun_at = LinePlace(source.file_no, ledger.lines + 1, begun.first_byte)
            ledger.used += self._begun.count
            ledger.lines += self._begun.count
        if ledger.damaged:
            self.close_partial()
        self._ledgers[source.file_no] = ledger.ledger(source)
        self.result.facts.lines += ledger.lines
        self.most_lives = max(self.most_lives, self.reader.lives)

    def close_partial(self) -> None:
        """Read a pending unended line as a torn one, and discard what other pending lines may have continued."""
        self._end_unended_line()
        self._decide(completed=False)
        self.reader.close_panic()
        self._broken_record = None

    def count_other_lines(self) -> None:
        """Complete the ledgers once all lines are read, as the rest of a file's last line may be in the next file."""
        for file_no, ledger in self._ledgers.items():
            other = self.reader.other[file_no]
            self.result.ledgers.append(replace(ledger, used=ledger.used - other, other=other))

    def _begin_file(self, source: RunFile, block: ParsedBlock) -> int:
        """Prepare for a file by its first block; return the number of the block's lines that are read by this.

        Its first line is, if it is the rest of a pending unended line: each of the two is a line of its own in the
        ledger of its file, and their record has the position of its beginning. So are lines of the part before.
        """
        read = int(self._end_unended_line(None if block.skipped else block, source))
        if begun := [each for each in block.single if each.index < block.before]:
            self._add_lines(self._begun_line(each, block, source.file_no) for each in begun)
            read = len(begun)
        self._decide(completed=False)
        self.reader.begin_file()
        return read

    def _begun_line(self, line: SingleLine, block: ParsedBlock, file_no: int) -> PendingLine:
        """Return a line of the part before, whose rest may be in a file, with its place in that part."""
        place = self._begun_at
        rest = (part for part, whole in block.parts.items() if whole == line.index)
        files = (place.file_no, *(place.file_no if part < block.before else file_no for part in rest))
        at_byte = structs.replace(line, byte=place.byte + line.byte - block.first_byte)
        return PendingLine(at_byte, (place.file_no, place.line + line.index), False, files)

    def _end_unended_line(self, block: ParsedBlock | None = None, source: RunFile | None = None) -> bool:
        """Read the pending unended line, joined with the head of a block if that is its rest; return true if it is.

        `source` is the file of the block. A line that is joined with a torn head has no end either: it stays pending.
        """
        unended, self._unended = self._unended, None
        if unended is None:
            return False
        joined = None if block is None or source is None else self._joined(unended, block, source)
        unended = joined or unended
        if joined is not None and block is not None and block.torn:
            self._unended = unended
        else:
            line = parse_single(unended.piece, 0, unended.byte, unended.at_ms)
            self._add_lines([PendingLine(line, unended.ref, joined is None, unended.files)])
        return joined is not None

    def _joined(self, unended: UnendedLine, block: ParsedBlock, source: RunFile) -> UnendedLine | None:
        """Return an unended line with the head of a block; None if that is not its rest."""
        files, wrapped = (*unended.files, source.file_no), join_line(unended.wrapped, block.wrapped_head)
        layers = (unended.layers, source.wrapping, unended.layers[:1], source.wrapping[:1])
        wholes = (rejoin_wrapped(each, unended.wrapped, block.wrapped_head) for each in layers)
        if whole := next((each for each in wholes if each is not None), None):
            return replace(unended, piece=whole[0], at_ms=whole[1], files=files, wrapped=wrapped)
        awaited = self.reader.awaits_message or self._broken_record is not None
        if not is_continuation(unended.piece, block.head, awaited):
            return None
        return replace(unended, piece=join_line(unended.piece, block.head), files=files, wrapped=wrapped)

    def _add_block(self, file_no: int, block: ParsedBlock, first_line: int, read: int) -> None:
        """Add a block's lines, without the first ones that are read already."""
        if block.torn:
            if not read:
                self._unended = UnendedLine(
                    block.head,
                    (file_no, first_line),
                    block.first_byte,
                    block.head_ms,
                    (file_no,),
                    block.wrapped_head,
                    self._layers,
                )
            return
        self.reader.begin_block()
        parts = Counter(block.parts.values())
        names = self.result.names.of_block(block)
        whole = (file_no,)

        def pending(each: SingleLine) -> PendingLine:
            files = whole * (1 + parts[each.index]) if parts else whole
            return PendingLine(each, (file_no, first_line + each.index), False, files)

        at, single = read, block.single
        for line in life_cycle_lines(block, self.result.names, file_no, first_line):
            while at < len(single) and first_line + single[at].index < line.ref[1]:
                self._add_line(pending(single[at]))
                at += 1
            self.reader.add_life_cycle(line)
        self._add_lines(map(pending, islice(single, at, None)))
        self.reader.settle(self._undecided.ref if self._undecided else (file_no, first_line + block.lines))
        if block.tables is not None:
            tables = self.result.names.tables(block.tables)
            self.rows.add_block(tables, file_no, first_line, self.reader.lives_of)
        self.reader.add_summaries(zip(block.summaries, names, strict=True), file_no, first_line)
        self.reader.count_panics(file_no, first_line + block.panics)
        self.result.facts.add_quoted_in_block(block.quoted, file_no, first_line)

    def _add_lines(self, lines: Iterable[PendingLine]) -> None:
        for each in lines:
            line_before_matters = self._broken_record is not None or self._undecided is not None
            if line_before_matters or each.line.parsed.partial is not None or each.line.parsed.alone is not None:
                self._add_line(each)
            else:
                self.reader.add(each)

    def _add_line(self, each: PendingLine) -> None:
        whole = None if self._broken_record is None else rejoined(each.line, self._broken_record)
        if self._undecided is not None:
            self._decide(completed=whole is not None)
        pending = each if whole is None else structs.replace(each, line=whole)
        self._broken_record = pending.line.parsed.partial
        if pending.line.parsed.alone is not None:
            self._undecided = pending
        else:
            self.reader.add(pending)

    def _decide(self, completed: bool) -> None:
        """Add the line that awaits the next one, which is its rest if it is `completed`."""
        undecided, self._undecided = self._undecided, None
        if undecided is not None:
            self._broken_record = self._broken_record if completed else None
            self.reader.add(undecided if completed else undecided.if_alone)
