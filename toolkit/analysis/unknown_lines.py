"""Lines of a log that no family knows, by their template: what else was written there, and how often."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from toolkit.files.discovery import discover
from toolkit.files.rotation import is_continuation
from toolkit.files.run_file import adjoins, distinct
from toolkit.model.vocabulary import Role
from toolkit.runlog.parse import OTHER, parse
from toolkit.streams.blocks import blocks

LONGEST_TEMPLATE = 160
MOST_TEMPLATES = 10_000
REST = "(further templates)"
_NUMBER = re.compile(r"\d+")


def foreign_templates(paths: Sequence[str]) -> Counter[str]:
    """Count the foreign lines of a run's logs by template: the line with `N` for each number, cut at 160 characters.

    Beyond ten thousand templates the rest is counted together. Raises `InputError` as `analyze` does.
    """
    counts: Counter[str] = Counter()
    logs, taken = [source for source in distinct(discover(paths)) if source.role is Role.LOG], False
    for source, after in zip(logs, [*logs[1:], None], strict=False):
        rest = after.first_line() if after is not None and adjoins(after, source) else None
        with source.open() as stream:
            for block in blocks(stream):
                lines = block.data.split(b"\n")[int(taken and block.first_line == 1) :]
                # The halves of a known line are no foreign lines.
                torn = block.torn and not stream.damage
                cut = torn and rest is not None and lines and is_continuation(lines[0], rest)
                for line in [] if cut else lines:
                    _count(counts, line.decode("utf-8", "replace"))
                taken = bool(cut)
    return counts


def _count(counts: Counter[str], line: str) -> None:
    if line.strip() and parse(line).records[0].family == OTHER:
        template = _NUMBER.sub("N", line.strip())[:LONGEST_TEMPLATE]
        counts[template if template in counts or len(counts) < MOST_TEMPLATES else REST] += 1
