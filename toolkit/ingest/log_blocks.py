"""Parsed blocks of log files in order; large files are parsed by several processes."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from toolkit.files.ledger import LedgerBuilder
from toolkit.files.run_file import RunFile
from toolkit.runlog.bulk.block import PackedBlock, ParsedBlock, parse_block, parse_section, parse_span
from toolkit.runlog.bulk.groups.templates import TemplateMatcher
from toolkit.runlog.wrapping.section_blocks import SectionResult
from toolkit.runlog.wrapping.section_reader import OpenLines, SectionCall, SectionReader
from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import Block, blocks, of_few_lines
from toolkit.streams.ordered_calls import OrderedCalls
from toolkit.streams.parallel import WORKERS, retain_freed_memory, worker_pool
from toolkit.streams.spans import read_in_parallel, span_blocks

_BYTES_AHEAD = 32 << 20
"""Size of the blocks that are given to other processes at a time."""


@dataclass
class LogBlocks:
    """Reader of the blocks of a run's logs.

    A file of `parallel_from` bytes or more is parsed in several processes, in blocks of about `block_bytes`: those of a
    plain log the processes read themselves, those of any other one this process reads. A compressed file is parsed by
    this process until that much of it is read, because its size is not known before. `begun` are the open lines of the
    log's part before.
    """

    parallel_from: int
    block_bytes: int
    begun: OpenLines

    def of(self, source: RunFile, ledger: LedgerBuilder, rest_follows: bool) -> Iterator[ParsedBlock]:
        """Yield the parsed blocks of a file in order, then record the file's size and digest in the ledger."""
        path, templates = source.path, TemplateMatcher()

        def parse(block: Block, lines: UnwrappedLines | None, before: int) -> tuple[ParsedBlock, Sequence[bytes]]:
            parsed = parse_block(block, templates, lines, before)
            return parsed, parsed.unread

        reader = SectionReader(LogWrappings(source.wrapping), parse, self.begun, rest_follows)
        large = path is not None and path.stat().st_size >= self.parallel_from
        if path is not None and large and not source.wrapping and (os.cpu_count() or 1) > 1:
            wrapped_from = yield from self._in_spans(path, reader.wrappings, ledger)
            if wrapped_from is not None:
                yield from _sections(
                    reader, of_few_lines(span_blocks(path, wrapped_from, ledger.bytes, self.block_bytes)), 0
                )
            return
        with source.open() as stream:
            found = of_few_lines(blocks(stream, self.block_bytes))
            yield from _sections(reader, found, 0 if large else self.parallel_from)
            ledger.record_end(stream)

    def _in_spans(
        self, path: Path, wrappings: LogWrappings, ledger: LedgerBuilder
    ) -> Generator[ParsedBlock, None, int | None]:
        """Yield parsed blocks up to one whose lines have a wrapping; return its offset in the file, None at the end."""
        with read_in_parallel(path, parse_span, self.block_bytes) as spans:
            wrapped_from = None
            for block in (packed.unpacked() for _, span in spans.results() for packed in span):
                if wrappings.learn(block.unread):
                    wrapped_from = block.first_byte
                    break
                yield block
            ledger.bytes, ledger.sha256 = spans.digest()
        return wrapped_from


def _sections(reader: SectionReader[ParsedBlock], found: Iterator[Block], alone: int) -> Iterator[ParsedBlock]:
    """Yield the parsed blocks of a file, of which this process parses `alone` bytes, and the rest with others."""
    if (os.cpu_count() or 1) == 1:
        yield from reader.blocks(found)
        return
    yield from reader.blocks(_first(found, alone), more_follow=True)
    following = next(found, None)
    if following is None:
        yield from reader.blocks(())
        return
    retain_freed_memory()
    with worker_pool() as pool:

        def start(sections: Iterator[SectionCall]) -> OrderedCalls[SectionCall, SectionResult[PackedBlock]]:
            return OrderedCalls(pool, lambda: WORKERS, parse_section, sections, _size, _BYTES_AHEAD)

        for packed in reader.blocks_ahead(chain([following], found), start):
            yield packed.unpacked()


def _first(found: Iterator[Block], size: int) -> Iterator[Block]:
    """Yield blocks up to the one that holds the byte before `size`."""
    at = 0
    while at < size and (block := next(found, None)) is not None:
        yield block
        at = block.first_byte + len(block.data)


def _size(call: SectionCall) -> int:
    return len(call[0].block.data)
