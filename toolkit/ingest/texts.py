"""The fields of a group of lines as columns: whole numbers, and all of them as JSON."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from toolkit.runlog.digits import Whole
from toolkit.runlog.learning import Extent
from toolkit.runlog.repeats import Group

_MANY = 2_000
"""What reads many lines in no time has to be loaded first, which takes as long as reading these one by one."""


def whole_numbers(group: Group, field: str) -> Whole:
    """A field that holds a whole number of up to 18 digits in each line."""
    count, extent = len(group.indexes), group.plan.varying.get(field)
    if extent is None:
        return np.full(count, int(group.plan.found.fields[field]), np.int64)
    if count < _MANY:
        return np.array([int(text) for text in group.texts(extent)], np.int64)
    numbers: Whole = _texts(group, extent).cast(pa.int64()).to_numpy()
    return numbers


def all_fields(group: Group) -> pa.Array:
    """All fields of each line, as JSON."""
    count, fields, varying = len(group.indexes), group.plan.found.fields, group.plan.varying
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
        return pa.repeat(words[0], count)
    extents = [varying[name] for name in fields if name in varying]
    if count < _MANY:
        template = "%s".join(word.replace("%", "%%") for word in words).encode()
        columns = [group.texts(extent) for extent in extents]
        return pa.array([template % values for values in zip(*columns, strict=True)], pa.string())
    from pyarrow import compute

    pieces = [piece for word, extent in zip(words, extents, strict=False) for piece in (word, _texts(group, extent))]
    return compute.binary_join_element_wise(*pieces, words[-1], "")


def _texts(group: Group, extent: Extent) -> pa.StringArray:
    """A part of each line: every other one of the texts that its ends divide the block into."""
    divided = np.column_stack(group.places(extent)).astype(np.int32).ravel()
    buffers = [None, pa.py_buffer(divided), pa.py_buffer(group.lines.data)]
    between = pa.Array.from_buffers(pa.string(), len(divided) - 1, buffers)
    return between.take(pa.array(np.arange(0, len(divided), 2)))
