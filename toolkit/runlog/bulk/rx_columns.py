"""The values of `market_rx_stats` lines, of one line or of a group of them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from toolkit.runlog.bulk.fields import whole_numbers
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.templates import LineGroup

RX_KEYS = (
    "tick", "raw_drained", "raw_l2_delta", "raw_l2_snapshot", "raw_trade", "raw_funding_update", "out_market",
    "out_l2_delta", "out_l2_snapshot", "out_trade", "out_funding_update", "other", "cap_hits",
)  # fmt: skip
RX_SCHEMA = pa.schema(
    [("file_no", pa.int32()), ("line", pa.int64()), ("life", pa.int32()), *((k, pa.int64()) for k in RX_KEYS)]
)
LAST_KEY = RX_KEYS[-1]


def rx_values(fields: Mapping[str, str]) -> list[int | None]:
    """The values of a line by `RX_KEYS`; one that is no whole number is not known."""
    return [_whole(fields.get(key, "")) for key in RX_KEYS]


def all_integers(fields: Mapping[str, str]) -> bool:
    """Whether every value that a line has is a whole number."""
    return all(_whole(fields[key]) is not None for key in RX_KEYS if key in fields)


def rx_columns(group: LineGroup) -> dict[str, IntVector]:
    """The values of a group of lines, by key."""
    return whole_numbers(group, [key for key in RX_KEYS if key in group.plan.record.fields])


def rx_table(group: LineGroup, columns: Mapping[str, IntVector]) -> pa.Table:
    """The rows of a group of lines; their numbers count from the block's first line, 0."""
    count = len(group.indexes)
    values = {key: columns.get(key, pa.nulls(count, pa.int64())) for key in RX_KEYS}
    return pa.table({"line": group.indexes, **values})


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
