"""The fields of a group of lines as columns: whole numbers, and all of them as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from toolkit.runlog.bulk.extraction import Extent
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.templates import LineGroup

_MIN_LINES_FOR_ARROW = 500
"""What reads many lines in no time has to be loaded first, which takes as long as reading these one by one."""


def whole_numbers(group: LineGroup, fields: Sequence[str]) -> dict[str, IntVector]:
    """Fields that hold a whole number of up to 18 digits in each line."""
    learnt, count = group.plan.record.fields, len(group.indexes)
    same = {field: np.full(count, int(learnt[field]), np.int64) for field in fields if field not in group.plan.varying}
    varying = {field: extent.first for field, extent in group.plan.varying.items() if field in fields}
    places = list(varying.values())
    # All at once: they stand side by side.
    read = group.lines.values(group.starts[:, places], group.ends[:, places])
    signed = {field: -1 if learnt[field].startswith("-") else 1 for field in varying}
    return same | {field: read[:, place] * sign for place, (field, sign) in enumerate(signed.items())}


def all_fields(group: LineGroup) -> pa.Array:
    """All fields of each line, as JSON."""
    count, fields, varying = len(group.indexes), group.plan.record.fields, group.plan.varying
    words, text = list[str](), "{"
    for place, (name, value) in enumerate(fields.items()):
        text += ("," if place else "") + msgspec.json.encode(name).decode() + ":"
        if name in varying:
            words.append(text + '"')
            text = '"'
        else:
            text += msgspec.json.encode(value).decode()
    words.append(text + "}")
    if len(words) == 1:
        return pa.repeat(_same(words[0]), count)
    extents = [varying[name] for name in fields if name in varying]
    if count < _MIN_LINES_FOR_ARROW:
        template = "%s".join(word.replace("%", "%%") for word in words).encode()
        columns = [group.texts(extent) for extent in extents]
        return pa.array([template % values for values in zip(*columns, strict=True)], pa.string())
    from pyarrow import compute

    pairs = zip(words, extents, strict=False)
    pieces = [piece for word, extent in pairs for piece in (_same(word), _texts(group, extent))]
    return compute.binary_join_element_wise(*pieces, _same(words[-1]), _same(""))


def _same(text: str) -> pa.StringScalar:
    # Without a type one is looked for, each time among libraries that may not be there.
    return pa.scalar(text, pa.string())


def _texts(group: LineGroup, extent: Extent) -> pa.StringArray:
    """A part of each line: every other one of the texts that its ends divide the block into."""
    divided = np.column_stack(group.places(extent)).astype(np.int32).ravel()
    buffers = [None, pa.py_buffer(divided), pa.py_buffer(group.lines.data)]
    between = pa.Array.from_buffers(pa.string(), len(divided) - 1, buffers)
    return between.take(pa.array(np.arange(0, len(divided), 2)))
