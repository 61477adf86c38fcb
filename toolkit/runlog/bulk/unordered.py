"""Lines parsed singly whose order matters to no more than sessions and lives.

They become rows and summaries where they are parsed, like the lines of groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.runlog.bulk.numbers import Mask
from toolkit.runlog.bulk.ordered import order_matters
from toolkit.runlog.bulk.single_lines import SingleLine
from toolkit.runlog.panic_messages import MAX_MESSAGE_LINES

MAX_CHARS = 4_096
"""Length of a line beyond which it is read with the ordered ones, where its values are cut."""
_PANICS = frozenset(("panic", "panic_quoted", "supervisor_panic"))
_CAUSES = "caused_by"
_NUMBERED_CAUSE = re.compile(r"\s*(?:\d+: |$)")
"""A cause of a numbered chain, or a blank line in it."""


def split_unordered(single: Iterable[SingleLine], apart: Mask) -> tuple[list[SingleLine], list[SingleLine]]:
    """Split the lines of a block that were parsed singly into those whose order matters and the others.

    The lines marked in `apart` are of the first ones. So is each line that one before it may need to be understood: the
    rest of a record, a cause, or the message of a panic.
    """
    ordered, unordered = list[SingleLine](), list[SingleLine]()
    is_apart, awaited, message_until = apart.tolist(), False, -1
    for each in single:
        index = each.index
        if not (awaited or is_apart[index] or index <= message_until) and is_unordered(each):
            unordered.append(each)
            continue
        ordered.append(each)
        parsed, in_chain = each.parsed, awaited and _NUMBERED_CAUSE.match(each.text) is not None
        awaited = in_chain or parsed.partial is not None or parsed.alone is not None
        for record in parsed.records:
            if record.family in _PANICS:
                message_until = index + MAX_MESSAGE_LINES + 1
            awaited = awaited or record.family == _CAUSES
    return ordered, unordered


def is_unordered(line: SingleLine) -> bool:
    """Return true for a line of one whole record that matters in order to no more than sessions and lives."""
    parsed = line.parsed
    if order_matters(parsed.records[0].family) or len(line.text) > MAX_CHARS:
        return False
    return len(parsed.records) == 1 and parsed.partial is None and not parsed.quoted and parsed.alone is None
