"""Examples of lines, and the beginning that they have in common apart from their numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from toolkit.runlog.sanitize import strip_decoration

_TOKEN = re.compile(r"\d+|[^\W\d]+|.", re.DOTALL)
_MAX_TOKENS = 80
_SHARE = 0.9
_LEAST_TOKENS = 2
_MAX_EXAMPLES = 100
_EXAMPLE_CHARS = 400


@dataclass
class LineExamples:
    """Examples of a file's lines: every `step`-th of those added, so that they come from the whole file."""

    texts: list[tuple[int, str]] = field(default_factory=list)
    """Line and text of each example."""
    first: tuple[int, str] | None = None
    """The first of all lines that were added, in whatever order they came; a blank one only if all are blank."""
    step: int = 1
    added: int = 0

    def add(self, line: int, text: str) -> None:
        """Add a line."""
        if self.first is not None and _rank(self.first) < (False, line) and self.added % self.step:
            self.added += 1
        else:
            self.add_all([(line, text)])

    def add_all(self, lines: Sequence[tuple[int, str]], first_line: int = 0) -> None:
        """Add lines and their texts in order; the numbers count from `first_line`."""
        for line, text in lines[:1]:
            first = first_line + line, text[:_EXAMPLE_CHARS]
            self.first = first if self.first is None else min(self.first, first, key=_rank)
        at = -self.added % self.step
        while at < len(lines):
            line, text = lines[at]
            self.texts.append((first_line + line, text[:_EXAMPLE_CHARS]))
            if len(self.texts) > _MAX_EXAMPLES:
                self.texts, self.step = self.texts[::2], self.step * 2
            at += self.step - (self.added + at) % self.step
        self.added += len(lines)


def _rank(line: tuple[int, str]) -> tuple[bool, int]:
    return not line[1].strip(), line[0]


def common_prefix(lines: Sequence[str]) -> str | None:
    """Return the beginning that over 90 % of the lines share apart from their numbers, as one of them has it.

    None where they share less than two words or marks.
    """
    split = [[token[0] for token in islice(_TOKEN.finditer(strip_decoration(line)[0]), _MAX_TOKENS)] for line in lines]
    least, sharing, length = _SHARE * len(lines), [tokens for tokens in split if tokens], 0
    while sharing:
        shapes = Counter(_shape(tokens, length) for tokens in sharing)
        shapes.pop(None, None)
        shape, count = shapes.most_common(1)[0] if shapes else (None, 0)
        if count <= least:
            break
        sharing, length = [tokens for tokens in sharing if _shape(tokens, length) == shape], length + 1
    return "".join(sharing[0][:length]) if length >= _LEAST_TOKENS else None


def _shape(tokens: Sequence[str], index: int) -> str | None:
    if index >= len(tokens):
        return None
    return "0" if tokens[index].isdecimal() else tokens[index]
