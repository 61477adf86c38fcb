"""Fields of a line group as columns: integers, and all fields as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from toolkit.runlog.bulk.extraction import Extent
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.templates import LineGroup

_MIN_LINES_FOR_ARROW = 500
"""Group size from which `pyarrow.compute` is used: importing it takes as long as formatting this many lines."""


def integer_columns(group: LineGroup, fields: Sequence[str]) -> dict[str, IntVector]:
    """Return the named fields as integers, one per line; all their values must be integers of at most 18 digits."""
    example, count = group.plan.record.fields, len(group.indexes)
    same = {field: np.full(count, int(example[field]), np.int64) for field in fields if field not in group.plan.varying}
    varying = {field: extent.first for field, extent in group.plan.varying.items() if field in fields}
    columns = list(varying.values())
    # One call for all fields: their digits are adjacent in memory.
    numbers = group.lines.values(group.starts[:, columns], group.ends[:, columns])
    signs = {field: -1 if example[field].startswith("-") else 1 for field in varying}
    return same | {field: numbers[:, column] * sign for column, (field, sign) in enumerate(signs.items())}


def all_fields(group: LineGroup) -> pa.Array:
    """Return all fields of each line as a JSON object."""
    count, fields, varying = len(group.indexes), group.plan.record.fields, group.plan.varying
    constants, text = list[str](), "{"
    for position, (name, value) in enumerate(fields.items()):
        text += ("," if position else "") + msgspec.json.encode(name).decode() + ":"
        if name in varying:
            constants.append(text + '"')
            text = '"'
        else:
            text += msgspec.json.encode(value).decode()
    constants.append(text + "}")
    if len(constants) == 1:
        return pa.repeat(_scalar(constants[0]), count)
    extents = [varying[name] for name in fields if name in varying]
    if count < _MIN_LINES_FOR_ARROW:
        template = "%s".join(part.replace("%", "%%") for part in constants).encode()
        columns = [group.texts(extent) for extent in extents]
        return pa.array([template % values for values in zip(*columns, strict=True)], pa.string())
    from pyarrow import compute

    pairs = zip(constants, extents, strict=False)
    pieces = [piece for part, extent in pairs for piece in (_scalar(part), _texts(group, extent))]
    return compute.binary_join_element_wise(*pieces, _scalar(constants[-1]), _scalar(""))


def _scalar(text: str) -> pa.StringScalar:
    # Without a type, pyarrow infers one, and tries to import optional libraries on each call.
    return pa.scalar(text, pa.string())


def _texts(group: LineGroup, extent: Extent) -> pa.StringArray:
    """Return a part of each line: every second text of those into which the parts' ends divide the block."""
    boundaries = np.column_stack(group.offsets(extent)).astype(np.int32).ravel()
    buffers = [None, pa.py_buffer(boundaries), pa.py_buffer(group.lines.data)]
    pieces = pa.Array.from_buffers(pa.string(), len(boundaries) - 1, buffers)
    return pieces.take(pa.array(np.arange(0, len(boundaries), 2)))
