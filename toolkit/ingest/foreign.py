"""Lines of a log that no family knows, by their template: what else was written there, and how often."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from toolkit.ingest.source import distinct, resolve
from toolkit.ingest.stream import blocks
from toolkit.runlog.parse import OTHER, parse
from toolkit.vocabulary import Role

LONGEST_TEMPLATE = 160
MOST_TEMPLATES = 10_000
REST = "(further templates)"
_NUMBER = re.compile(r"\d+")


def foreign_templates(paths: Sequence[str]) -> Counter[str]:
    """Count the foreign lines of a run's logs by template: the line with `N` for each number, cut at 160 characters.

    Beyond ten thousand templates the rest is counted together. Raises `InputError` as `analyze` does.
    """
    counts: Counter[str] = Counter()
    for source in distinct(resolve(paths)):
        if source.role is not Role.LOG:
            continue
        with source.open() as stream:
            for block in blocks(stream):
                for line in block.data.decode("utf-8", "replace").split("\n"):
                    if line.strip() and parse(line).found[0].family == OTHER:
                        template = _NUMBER.sub("N", line.strip())[:LONGEST_TEMPLATE]
                        counts[template if template in counts or len(counts) < MOST_TEMPLATES else REST] += 1
    return counts
