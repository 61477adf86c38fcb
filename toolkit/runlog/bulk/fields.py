"""Fields of a line group as columns: integers, and all fields as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from toolkit.runlog.bulk.groups.audit_groups import AuditGroup
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.groups.templates import TemplateGroup
from toolkit.runlog.bulk.numbers import IntVector

_MIN_LINES_FOR_ARROW = 500
"""Group size from which `pyarrow.compute` is used: importing it takes as long as formatting this many lines."""


def integer_columns(group: TemplateGroup, fields: Sequence[str]) -> dict[str, IntVector]:
    """Return the named fields as integers, one per line; all their values must be integers of at most 18 digits."""
    example, count = group.record.fields, len(group.indexes)
    same = {field: np.full(count, int(example[field]), np.int64) for field in fields if field not in group.plan.varying}
    varying = {field: extent.first for field, extent in group.plan.varying.items() if field in fields}
    columns = list(varying.values())
    # One call for all fields: their digits are adjacent in memory.
    numbers = group.lines.values(group.starts[:, columns], group.ends[:, columns])
    signs = {field: -1 if example[field].startswith("-") else 1 for field in varying}
    return same | {field: numbers[:, column] * sign for column, (field, sign) in enumerate(signs.items())}


def all_fields(group: LineGroup) -> pa.Array:
    """Return all fields of each line as a JSON object."""
    if isinstance(group, AuditGroup):
        return pa.array(map(msgspec.json.encode, group.fields), pa.string())
    count, fields, varying = len(group.indexes), group.record.fields, group.varying
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
    names = [name for name in fields if name in varying]
    if count < _MIN_LINES_FOR_ARROW and isinstance(group, TemplateGroup):
        template = "%s".join(part.replace("%", "%%") for part in constants).encode()
        columns = [group.octets(group.plan.varying[name]) for name in names]
        return pa.array([template % values for values in zip(*columns, strict=True)], pa.string())
    from pyarrow import compute

    pairs = zip(constants, names, strict=False)
    pieces = [piece for part, name in pairs for piece in (_scalar(part), group.json_texts(name))]
    return compute.binary_join_element_wise(*pieces, _scalar(constants[-1]), _scalar(""))


def _scalar(text: str) -> pa.StringScalar:
    # Without a type, pyarrow infers one, and tries to import optional libraries on each call.
    return pa.scalar(text, pa.string())
