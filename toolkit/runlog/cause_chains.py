"""Causes that a log lists after `Caused by:`, of which the facts of a run keep the last ones."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np

from toolkit.runlog.bulk.numbers import BlockLines, Mask
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.sanitize import strip_decoration

CAUSED_BY = "caused_by"
"""Family of the line before a chain."""
MAX_CHAIN_CHARS = 1_000
"""Characters of a chain of causes that are kept."""
_MAX_DIGITS = 4
_HEAD = b"Caused by:"


@dataclass
class CauseChain:
    """Causes that a log lists after `Caused by:`, read line by line."""

    last: tuple[Ref, str] | None = None
    """The causes after the last `Caused by:`, without indentation; a numbered chain is joined by colons."""
    may_follow: bool = False
    """True if the next line may be a cause."""
    _follows: bool = False
    _next: str = ""
    """The number of the next cause of a numbered chain; empty outside of one."""

    def add(self, family: str, ref: Ref, text: str) -> None:
        """Add the next line; a blank one ends the chain."""
        if self.may_follow and text.strip():
            self._add_cause(ref, text.strip())
        else:
            self._next = ""
        self._follows = family == CAUSED_BY
        self.may_follow = self._follows or self._next != ""

    def _add_cause(self, ref: Ref, text: str) -> None:
        number, is_numbered, cause = text.partition(": ")
        if self._next and is_numbered and number == self._next and self.last is not None:
            first, chain = self.last
            self.last = first, f"{chain}: {cause}"[:MAX_CHAIN_CHARS]
        elif self._follows:
            self.last = ref, (cause if number.isdecimal() and is_numbered else text)[:MAX_CHAIN_CHARS]
        else:
            number = ""
        self._next = str(int(number) + 1) if _is_number(number) else ""


def possible_chain_lines(lines: BlockLines, message_lines: Mask, before: int, left_out: Container[int]) -> Mask:
    """Return a mask of the lines of a block in which the last chain of causes may be.

    The line after each chain is marked too. A chain may begin in the block before, or in the last lines of a file
    before, which are the block's first `before` ones. What begins in `message_lines` is a chain only if they are no
    message. Lines `left_out` are parts of the lines before them.
    """
    mask = np.zeros(len(lines), np.bool_)
    possible = lines.with_text(_HEAD)
    in_messages = possible[message_lines[possible]].tolist()
    heads = [each for each in in_messages if _is_head(lines, each)]
    for index in reversed(possible[~message_lines[possible]].tolist()):
        if (cause := _next_line(lines, index, left_out)) is None:
            heads += [index] if _is_head(lines, index) else []
        elif _text(lines, cause) and _is_head(lines, index):
            heads.append(index)
            break
    mask[heads] = True
    for head in (before - 1, *heads):
        mask[list(_chain_lines(lines, head, left_out))] = True
    return mask


def _is_head(lines: BlockLines, index: int) -> bool:
    return _text(lines, index) == _HEAD.decode()


def _text(lines: BlockLines, index: int) -> str:
    return strip_decoration(lines[index].decode("utf-8", "replace"))[0].strip()


def _next_line(lines: BlockLines, index: int, left_out: Container[int]) -> int | None:
    """Return the index of the next line in the block; None if there is none."""
    return next((each for each in range(index + 1, len(lines)) if each not in left_out), None)


def _chain_lines(lines: BlockLines, head: int, left_out: Container[int]) -> Iterator[int]:
    """Yield the indexes of the lines after a `Caused by:` up to the first one that ends its chain."""
    index, expected = _next_line(lines, head, left_out), ""
    while index is not None:
        yield index
        number, is_numbered, _ = _text(lines, index).partition(": ")
        if not is_numbered or (expected and number != expected) or not _is_number(number):
            return
        index, expected = _next_line(lines, index, left_out), str(int(number) + 1)


def _is_number(text: str) -> bool:
    """Return true for the number of a cause after which another one may come."""
    return text.isdecimal() and len(text) <= _MAX_DIGITS
