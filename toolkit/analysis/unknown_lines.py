"""Count the log lines that no grammar family knows, by template."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from toolkit.files.copies import distinct
from toolkit.files.discovery import discover
from toolkit.files.rotation import is_continuation
from toolkit.files.run_file import RunFile, adjoins, rest_may_follow
from toolkit.model.vocabulary import Role
from toolkit.runlog.parse import OTHER, parse
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.program_phrases import has_program_words
from toolkit.runlog.wrapping.section_reader import OpenLines, SectionReader
from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import Block, blocks

MAX_TEMPLATE_CHARS = 160
MAX_TEMPLATES = 10_000
REST = "(further templates)"
_NUMBER = re.compile(r"\d+")


def unknown_templates(paths: Sequence[str]) -> Counter[str]:
    """Count the unknown lines of a run's logs by template: the line with `N` for each number, cut at 160 characters.

    Templates beyond the first ten thousand are counted together under `REST`. Raises `InputError` as `analyze` does.
    """
    counts: Counter[str] = Counter()
    logs = [file for file in distinct(discover(paths)).files if file.role is Role.LOG]
    begun = OpenLines()
    joined = False  # the first line of this part is the rest of the last line of the part before
    for file, after in zip(logs, [*logs[1:], None], strict=False):
        rest = after.first_line() if after is not None and adjoins(after, file) else None
        with file.open() as stream:
            for block, plain in _reader(file, begun, after).blocks(blocks(stream)):
                lines = plain[int(joined and block.first_line == 1) :]
                # The halves of a known line are not unknown lines.
                torn = block.torn and not stream.damage
                cut = torn and rest is not None and lines and is_continuation(lines[0], rest)
                for line in [] if cut else lines:
                    _count(counts, line.decode("utf-8", "replace"))
                joined = bool(cut)
    return counts


def _reader(file: RunFile, begun: OpenLines, after: RunFile | None) -> SectionReader[tuple[Block, list[bytes]]]:
    """Return a reader of the blocks of a log, each with its lines without what a log collector put around them."""

    def lines_of(block: Block, lines: UnwrappedLines | None, _: int) -> tuple[tuple[Block, list[bytes]], list[bytes]]:
        wrapped = block.data.split(b"\n")
        kept = list(enumerate(wrapped)) if lines is None else list(enumerate(lines.lines))
        kept = [(index, line) for index, line in kept if lines is None or index not in lines.parts]
        return (block, [line for _, line in kept]), [wrapped[index] for index, line in kept if _is_unread(line)]

    return SectionReader(LogWrappings(file.wrapping), lines_of, begun, rest_may_follow(file, after))


def _is_unread(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    return has_program_words(text) and parse(text).records[0].family == OTHER


def _count(counts: Counter[str], line: str) -> None:
    if line.strip() and parse(line).records[0].family == OTHER:
        template = _NUMBER.sub("N", strip_decoration(line)[0].strip())[:MAX_TEMPLATE_CHARS]
        counts[template if template in counts or len(counts) < MAX_TEMPLATES else REST] += 1
