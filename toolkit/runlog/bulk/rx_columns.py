"""Values of `market_rx_stats` lines, for one line or a group of lines."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from toolkit.runlog.bulk.fields import integer_columns
from toolkit.runlog.bulk.groups.templates import TemplateGroup
from toolkit.runlog.bulk.numbers import IntVector

RX_KEYS = (
    "tick", "raw_drained", "raw_l2_delta", "raw_l2_snapshot", "raw_trade", "raw_funding_update", "out_market",
    "out_l2_delta", "out_l2_snapshot", "out_trade", "out_funding_update", "other", "cap_hits",
)  # fmt: skip
RX_SCHEMA = pa.schema(
    [("file_no", pa.int32()), ("line", pa.int64()), ("life", pa.int32()), *((k, pa.int64()) for k in RX_KEYS)]
)
LAST_KEY = RX_KEYS[-1]


def rx_values(fields: Mapping[str, str]) -> list[int | None]:
    """Return the values of a line in the order of `RX_KEYS`; None for a value that is absent or no integer."""
    return [_integer(fields.get(key, "")) for key in RX_KEYS]


def all_integers(fields: Mapping[str, str]) -> bool:
    """Return true if every value in a line is an integer of at most 18 digits."""
    return all(_integer(fields[key]) is not None for key in RX_KEYS if key in fields)


def rx_columns(group: TemplateGroup) -> dict[str, IntVector]:
    """Return the values of a group of lines by key."""
    return integer_columns(group, [key for key in RX_KEYS if key in group.record.fields])


def rx_table(group: TemplateGroup, columns: Mapping[str, IntVector]) -> pa.Table:
    """Return the rows of a group of lines; line numbers count from 0, the block's first line."""
    count = len(group.indexes)
    values = {key: columns.get(key, pa.nulls(count, pa.int64())) for key in RX_KEYS}
    return pa.table({"line": group.indexes, **values})


def _integer(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
