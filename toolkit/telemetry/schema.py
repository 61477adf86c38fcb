"""Arrow schemas of telemetry batches: the columns of the fields that `toolkit.telemetry.record` declares."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_type_hints

import pyarrow as pa
from msgspec import Struct

from toolkit.telemetry.record import AgeRecord, Guidance, OwnFields, RxCounts, TelemetryRecord, Timing

Scope = Literal["all", "ages"]
"""Which fields are read: all that figures need, or only those from which ages and plateaus are computed."""

INT, _COUNT = pa.int64(), pa.int32()
_TYPES: dict[type, pa.DataType] = {int: INT, float: pa.float64(), bool: pa.bool_(), str: pa.string()}
_COUNTS = frozenset({"healthy_venues_used_count", "would_send_orders_count"})
"""Numbers that a table of the store keeps in 32 bits."""
NESTED: dict[str, type[Struct]] = {"market_rx_stats": RxCounts, "tick_timing": Timing, "toolkit": OwnFields}
"""Objects of the record whose fields each become a column."""


def _arrow_type(hint: Any) -> pa.DataType:
    """Return the type of a column for a field of a record: a number, a text, an object, or a list of them, or None."""
    kind = next((each for each in get_args(hint) if each is not type(None)), hint)
    if elements := get_args(kind):
        return pa.list_(_arrow_type(elements[0]))
    return _TYPES.get(kind) or pa.struct([(name, _arrow_type(each)) for name, each in get_type_hints(kind).items()])


def _columns(record: type[AgeRecord]) -> dict[str, pa.DataType]:
    hints = {name: hint for name, hint in get_type_hints(record).items() if name != "t" and hint != Guidance | None}
    own = {name: _COUNT if name in _COUNTS else _arrow_type(hint) for name, hint in hints.items() if name not in NESTED}
    nested = {
        field: _arrow_type(hint)
        for name, kind in NESTED.items()
        if name in hints
        for field, hint in get_type_hints(kind).items()
    }
    return {"line": INT, "t": INT, "at_ms": INT, "names_no": INT, **own, **nested}


SCHEMAS: dict[Scope, pa.Schema] = {
    "all": pa.schema(list(_columns(TelemetryRecord).items())),
    "ages": pa.schema(list(_columns(AgeRecord).items())),
}
LINE_INDEX, NAMES_INDEX = SCHEMAS["all"].get_field_index("line"), SCHEMAS["all"].get_field_index("names_no")
"""Positions of the columns `line` and `names_no`, the same in both schemas."""
