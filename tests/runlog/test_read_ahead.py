"""A log whose wrapping changes is read ahead, block by block, with the result of reading it in order."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.ingest.test_log_sections import LIFE, SPLITTING
from tests.ingest.test_wrapped_logs import CUT_LINES, FORMS, _wrapped
from toolkit.runlog.parse import OTHER, parse
from toolkit.runlog.search.program_phrases import has_program_words
from toolkit.runlog.wrapping.detect import detect
from toolkit.runlog.wrapping.kinds import Wrapping
from toolkit.runlog.wrapping.section_blocks import SectionBlock, SectionResult, read_section
from toolkit.runlog.wrapping.section_reader import OpenLines, SectionCall, SectionReader
from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import Block
from toolkit.streams.ordered_calls import OrderedCalls
from toolkit.streams.worker_pool import WorkerPool

Piece = tuple[Block, list[tuple[bytes, int | None, str]], dict[int, int], int]


def _read(block: Block, lines: UnwrappedLines | None, before: int) -> tuple[Piece, list[bytes]]:
    wrapped = block.data.split(b"\n")[: -1 if not block.torn else None]
    plain = wrapped if lines is None else lines.lines
    stamped = zip(plain, *([plain] * 2 if lines is None else [lines.at_ms, lines.senders]), strict=False)
    unread = [line for line, text in zip(wrapped, plain, strict=False) if _is_unread(text.decode("utf-8", "replace"))]
    return (block, list(stamped), {} if lines is None else lines.parts, before), unread


def _is_unread(text: str) -> bool:
    return has_program_words(text) and parse(text).records[0].family == OTHER


def _read_call(section: SectionBlock, wrappings: LogWrappings) -> SectionResult[Piece]:
    return read_section(section, wrappings, _read)


@dataclass
class _EagerPool:
    """Pool that makes each call as soon as it is submitted, far ahead of the reader; it counts them."""

    calls: int = 0

    def submit(self, function: Callable[..., object], *arguments: object) -> Future[object]:
        self.calls += 1
        result: Future[object] = Future()
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))
        result.set_result(function(*arguments))
        return result


def _start(
    pool: _EagerPool, most: int
) -> Callable[[Iterator[SectionCall]], OrderedCalls[SectionCall, SectionResult[Piece]]]:
    def start(sections: Iterator[SectionCall]) -> OrderedCalls[SectionCall, SectionResult[Piece]]:
        return OrderedCalls(
            cast(WorkerPool, pool), lambda: 2, _read_call, sections, lambda call: len(call[0].block.data), most
        )

    return start


def _blocks(lines: list[bytes], chance: random.Random) -> list[Block]:
    """Return the lines in blocks of random sizes, a line that is too long here and there, and a torn one at the end."""
    found, line, byte = list[Block](), 1, 0
    while lines:
        count = chance.randrange(1, 60)
        data, lines = b"".join(each + b"\n" for each in lines[:count]), lines[count:]
        torn = not lines and chance.random() < 0.5
        found.append(Block(data.removesuffix(b"\n") if torn and count == 1 else data, line, byte, torn and count == 1))
        line, byte = line + data.count(b"\n"), byte + len(data)
        if lines and chance.random() < 0.05:
            found.append(Block(b"", line, byte, skipped=True))
            line, byte = line + 1, byte + 9_000_000
    return found


@dataclass
class _Log:
    """A log of two parts, cut anywhere, and the wrapping that is known of both."""

    parts: list[list[Block]]
    layers: tuple[Wrapping, ...]
    rest_follows: bool

    def read(self, blocks_of: Callable[[SectionReader[Piece], list[Block]], Iterator[Piece]]) -> list[object]:
        begun, found = OpenLines(), list[object]()
        for part, rest_follows in zip(self.parts, (self.rest_follows, False), strict=True):
            reader = SectionReader(LogWrappings(self.layers), _read, begun, rest_follows)
            found += [*blocks_of(reader, part), begun.block, begun.count]
        return found


FORMS_OF_LINES = FORMS | SPLITTING


def _log(names: list[str], chance: random.Random) -> _Log:
    """Return a log whose sections have the named wrappings, with lines that their collectors split."""
    lines = list[bytes]()
    for name in names:
        texts = [
            chance.choice([*LIFE, *CUT_LINES, "x" * 90, "another program"]) for _ in range(chance.randrange(1, 150))
        ]
        own = texts if name == "plain" else _wrapped(FORMS_OF_LINES[name], texts).splitlines()
        lines += [each.encode() for each in own if chance.random() > 0.01]
    cut = chance.randrange(len(lines) + 1)
    layers = detect(lines[:200])
    return _Log(
        [_blocks(lines[:cut], chance), _blocks(lines[cut:], chance)], layers, bool(layers) and chance.random() < 0.5
    )


@settings(max_examples=80)
@given(st.integers(0, 1 << 32))
@example(37)
def test_reading_ahead_gives_each_block_as_reading_in_order_does(seed: int) -> None:
    chance = random.Random(seed)
    names = [chance.choice(["plain", *FORMS_OF_LINES]) for _ in range(chance.randrange(1, 7))]
    log, most, tail_lines = _log(names, chance), chance.choice([1, 5_000, 1 << 30]), chance.choice([1, 10, 1_000])
    pool, alone = _EagerPool(), chance.randrange(3)

    def ahead(reader: SectionReader[Piece], part: list[Block]) -> Iterator[Piece]:
        reader._tail_lines, stream = tail_lines, iter(part)
        yield from reader.blocks(islice(stream, alone), more_follow=True)
        yield from reader.blocks_ahead(stream, _start(pool, most))

    assert log.read(ahead) == log.read(lambda reader, part: reader.blocks(part))
    assert pool.calls or all(len(part) <= alone for part in log.parts)
