"""Count the log lines that no grammar family knows, by template."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from toolkit.files.copies import distinct
from toolkit.files.discovery import discover
from toolkit.files.rotation import is_continuation
from toolkit.files.run_file import RunFile, adjoins
from toolkit.model.vocabulary import Role
from toolkit.runlog.bulk.block import wrapped_blocks
from toolkit.runlog.parse import OTHER, parse
from toolkit.runlog.sanitize import strip_decoration
from toolkit.streams.blocks import Block, DecompressedStream, blocks

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
    joined = False  # the first line of this part is the rest of the last line of the part before
    for file, after in zip(logs, [*logs[1:], None], strict=False):
        rest = after.first_line() if after is not None and adjoins(after, file) else None
        with file.open() as stream:
            for block, plain in _lines(file, stream):
                lines = plain[int(joined and block.first_line == 1) :]
                # The halves of a known line are not unknown lines.
                torn = block.torn and not stream.damage
                cut = torn and rest is not None and lines and is_continuation(lines[0], rest)
                for line in [] if cut else lines:
                    _count(counts, line.decode("utf-8", "replace"))
                joined = bool(cut)
    return counts


def _lines(file: RunFile, stream: DecompressedStream) -> Iterator[tuple[Block, list[bytes]]]:
    """Yield the blocks of a log, each with its lines without what a log collector put around them."""
    if not file.wrapping:
        yield from ((block, block.data.split(b"\n")) for block in blocks(stream))
        return
    for block, unwrapped in wrapped_blocks(blocks(stream), file.wrapping):
        yield block, [line for index, line in enumerate(unwrapped.lines) if index not in unwrapped.parts]


def _count(counts: Counter[str], line: str) -> None:
    if line.strip() and parse(line).records[0].family == OTHER:
        template = _NUMBER.sub("N", strip_decoration(line)[0].strip())[:MAX_TEMPLATE_CHARS]
        counts[template if template in counts or len(counts) < MAX_TEMPLATES else REST] += 1
