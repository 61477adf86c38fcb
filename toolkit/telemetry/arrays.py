"""Arrow arrays from the values of structs, tolerant of numbers and text that Arrow cannot hold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import astuple

from toolkit.telemetry.lenient import MAX_EXACT_INT
from toolkit.telemetry.schema import INT

Bounds = tuple[int, int]
"""Smallest and largest integer that a column may hold."""
EXACT_BOUNDS: Bounds = (-MAX_EXACT_INT, MAX_EXACT_INT)


def field_values(kind: type[Struct], structs: Sequence[Struct]) -> dict[str, Any]:
    """Return the values of each field of the structs, all of which are of type `kind`."""
    fields = kind.__struct_fields__
    # One flat list first: the memory of one struct's tuple is then used again for the next one's.
    values = list(chain.from_iterable(map(astuple, structs)))
    return {field: values[index :: len(fields)] for index, field in enumerate(fields)}


def arrow_array(values: Sequence[Any], kind: pa.DataType, bounds: Bounds = EXACT_BOUNDS) -> pa.Array:
    """Convert values to an array; integers out of bounds and text that is not valid Unicode become null."""
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return _struct_lists(values, kind)
    try:
        array = pa.array(values, kind)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        pass
    else:
        if _within(array, bounds):
            return array
    return pa.array([_representable(value, kind, bounds) for value in values], kind)


def _within(array: pa.Array, bounds: Bounds) -> bool:
    """Return true if all integers of the array, or of its lists, are within bounds."""
    flat = array.values if pa.types.is_list(array.type) else array
    if flat.type != INT or not len(flat):
        return True
    # The buffer holds 0 for a null.
    numbers = np.frombuffer(flat.buffers()[1], np.int64, len(flat))
    return bool(bounds[0] <= numbers.min() and numbers.max() <= bounds[1])


def _struct_lists(values: Sequence[list[Struct] | None], kind: pa.ListType) -> pa.Array:
    """Build an array of lists of structs field by field, which is far faster than struct by struct."""
    structs = [each for row in values if row for each in row]
    parts = kind.value_type
    columns = field_values(type(structs[0]), structs) if structs else {part.name: () for part in parts}
    items = pa.StructArray.from_arrays(
        [arrow_array(columns[part.name], part.type) for part in parts], fields=list(parts)
    )
    # A null offset makes a null list. A mask would do the same, and add a tenth of a second to the time of a short run.
    ends = accumulate((len(row or ()) for row in values), initial=0)
    offsets = [end if row is not None else None for row, end in zip([*values, ()], ends, strict=True)]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, kind)


def _representable(value: Any, kind: pa.DataType, bounds: Bounds) -> Any:
    """Return the value if an array of the type can hold it, else None; lists are converted element by element."""
    if isinstance(value, list):
        return [_representable(each, kind.value_type, bounds) for each in value]
    try:
        pa.array([value], kind)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        return None
    return None if isinstance(value, int) and not bounds[0] <= value <= bounds[1] else value
