"""Telemetry blocks turned into columns: the part of reading that runs in several processes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Literal, get_type_hints

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import astuple

from toolkit.model.runs import SetAsideLine
from toolkit.model.vocabulary import SetAside
from toolkit.streams.blocks import Block, count_newlines
from toolkit.telemetry.record import (
    MOST,
    AgeRecord,
    AtVenue,
    Drift,
    Exit,
    Order,
    QuoteLevel,
    Reader,
    Record,
    Recovered,
    RiskEvent,
    RxCounts,
    Timing,
    VenueName,
)

Scope = Literal["all", "ages"]
"""Which fields are read: all that figures need, or only what ages and plateaus need."""

_INT, _COUNT, _FLOAT, _BOOL, _TEXT = pa.int64(), pa.int32(), pa.float64(), pa.bool_(), pa.string()
_ARRAYS = {
    "venue_age_ms": pa.list_(_INT),
    "venue_age_event_ms": pa.list_(_INT),
    "venue_status": pa.list_(_TEXT),
    "venue_mid_usd": pa.list_(_FLOAT),
    "venue_spread_usd": pa.list_(_FLOAT),
    "venue_depth_near_mid_usd": pa.list_(_FLOAT),
    "venue_toxicity": pa.list_(_FLOAT),
    "venue_markout_ewma_usd_per_tao": pa.list_(_FLOAT),
    "venue_margin_balance_usd": pa.list_(_FLOAT),
    "venue_margin_used_usd": pa.list_(_FLOAT),
    "venue_margin_available_usd": pa.list_(_FLOAT),
    "venue_dist_liq_sigma": pa.list_(_FLOAT),
    "venue_local_vol_short": pa.list_(_FLOAT),
    "venue_funding_rate_8h": pa.list_(_FLOAT),
    "venue_funding_age_ms": pa.list_(_INT),
    "venue_funding_status": pa.list_(_TEXT),
}
_SCALARS = {
    "execution_mode": _TEXT,
    "fv_available": _BOOL,
    "fair_value": _FLOAT,
    "healthy_venues_used_count": _COUNT,
    "kill_switch": _BOOL,
    "kill_reason": _TEXT,
    "risk_regime": _TEXT,
    "pnl_total": _FLOAT,
    "would_send_orders_count": _COUNT,
    "pnl_realised": _FLOAT,
    "dollar_delta_usd": _FLOAT,
    "q_global_tao": _FLOAT,
    "hedge_delta_h_t": _FLOAT,
    "kf_p": _FLOAT,
    "kf_x_hat": _FLOAT,
    "fv_short_vol": _FLOAT,
    "fv_long_vol": _FLOAT,
    "sigma_eff": _FLOAT,
    "regime_ratio": _FLOAT,
    "shadow_spread_mult": _FLOAT,
    "shadow_size_mult": _FLOAT,
}
_NESTED: dict[str, type[Struct]] = {"market_rx_stats": RxCounts, "tick_timing": Timing}


def _list_of(kind: type) -> pa.ListType:
    return pa.list_(pa.struct([(n, _TEXT if h == str | None else _FLOAT) for n, h in get_type_hints(kind).items()]))


_LISTS = {
    "quote_levels": _list_of(QuoteLevel),
    "orders": _list_of(Order),
    "fills": _list_of(AtVenue),
    "exits": _list_of(Exit),
    "hedges": _list_of(AtVenue),
    "risk_events": _list_of(RiskEvent),
    "reconcile_drift": _list_of(Drift),
}
SCHEMA = pa.schema(
    [("line", _INT), ("t", _INT), ("at_ms", _INT), ("names_no", _INT)]
    + list(_ARRAYS.items())
    + list(_SCALARS.items())
    + [(name, _INT) for kind in _NESTED.values() for name in kind.__struct_fields__]
    + list(_LISTS.items())
)


Bounds = tuple[int, int]
_WHOLE: Bounds = (-MOST, MOST)
_TIMES: dict[str, Bounds] = {"at_ms": (-62_135_596_800_000, 253_402_300_799_999)}
"""Columns of times, and what they lie between: the years 1 to 9999."""
NAMES_NO = SCHEMA.get_field_index("names_no")
_AGES_END = SCHEMA.get_field_index("venue_age_event_ms") + 1
SCHEMAS: dict[Scope, pa.Schema] = {"all": SCHEMA, "ages": pa.schema(list(SCHEMA)[:_AGES_END])}


@dataclass(frozen=True, slots=True)
class _Fields:
    """What one way of reading takes from a line: the record, its columns, and the objects whose fields are columns."""

    kind: type[AgeRecord]
    schema: pa.Schema
    nested: dict[str, type[Struct]]


_READERS: dict[Scope, tuple[Reader[Any], _Fields]] = {
    "all": (Reader(Record), _Fields(Record, SCHEMAS["all"], _NESTED)),
    "ages": (Reader(AgeRecord), _Fields(AgeRecord, SCHEMAS["ages"], {})),
}


@dataclass
class Batch:
    """The records of one block as columns, and the account of its lines.

    `names` lists the venue orders met; column `names_no` points into it (null: the record names no venues).
    """

    table: pa.Table
    names: list[tuple[str, ...]]
    lines: int
    used: int
    where: list[SetAsideLine] = field(default_factory=list)

    def followed_by(self, other: Batch) -> Batch:
        """Join the batch that follows to this one."""
        numbers = other.table.column("names_no").to_pylist()
        shifted = pa.array([None if n is None else n + len(self.names) for n in numbers], _INT)
        table = other.table.set_column(NAMES_NO, "names_no", shifted)
        return Batch(
            pa.concat_tables([self.table, table]),
            self.names + other.names,
            self.lines + other.lines,
            self.used + other.used,
            self.where + other.where,
        )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Consecutive lines as they lie in memory: a block's, or a span's."""

    data: bytes | memoryview
    first_line: int
    first_byte: int
    torn: bool = False


def read_span(path: Path, start: int, end: int, scope: Scope = "all") -> Batch:
    """Read the lines between two byte offsets of a plain file; line numbers count from the span's first."""
    data = _BUFFER.filled(path, start, end - start)
    cut = _BUFFER.after_last_newline(len(data))
    whole = _read(_Lines(data[:cut], 1, start), scope) if cut or not data else None
    if cut == len(data) and whole is not None:
        return whole
    tail = _read(_Lines(data[cut:], 1 + count_newlines(data), start + cut, torn=True), scope)
    return tail if whole is None else whole.followed_by(tail)


class _Buffer:
    """Bytes of a file in memory that is used again: fresh memory costs more than what is read into it."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def filled(self, path: Path, start: int, size: int) -> memoryview:
        """The bytes from `start` on, `size` of them or up to the file's end; good until the next call."""
        if size > len(self._bytes):
            self._bytes = bytearray(size)
        view = memoryview(self._bytes)[:size]
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            filled = 0
            while filled < size and (count := file.readinto(view[filled:])):
                filled += count
        return view[:filled]

    def after_last_newline(self, size: int) -> int:
        """Where, of the first `size` bytes, the last line begins that has no newline."""
        return self._bytes.rfind(b"\n", 0, size) + 1


_BUFFER = _Buffer()


def read(block: Block, scope: Scope = "all") -> Batch:
    """Read a block of lines into columns; line numbers and byte offsets are the block's own."""
    if block.skipped:
        too_long = SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG)
        return Batch(_READERS[scope][1].schema.empty_table(), [], 1, 0, [too_long])
    return _read(_Lines(block.data, block.first_line, block.first_byte, block.torn), scope)


def _read(block: _Lines, scope: Scope) -> Batch:
    reader, fields = _READERS[scope]
    records = None if block.torn else reader.read_all(block.data, count_newlines(block.data))
    if records is not None:
        return _batch(records, range(len(records)), block, len(records), 0, [], fields)
    return _line_by_line(block, reader, fields)


def _line_by_line(block: _Lines, reader: Reader[Any], fields: _Fields) -> Batch:
    lines = bytes(block.data).split(b"\n")
    if not block.torn:
        lines.pop()
    records: list[Any] = []
    numbers: list[int] = []
    odd: list[tuple[int, Recovered[Any]]] = []
    for index, line in enumerate(lines):
        result = reader.read(line)
        if isinstance(result, Recovered):
            odd.append((index, result))
            records += result.records
            numbers += [index] * len(result.records)
        else:
            records.append(result)
            numbers.append(index)
    where, unused = _account(block, lines, odd)
    return _batch(records, numbers, block, len(lines), unused, where, fields)


def _batch(
    records: Sequence[Any],
    numbers: Sequence[int],
    block: _Lines,
    lines: int,
    unused: int,
    where: list[SetAsideLine],
    fields: _Fields,
) -> Batch:
    names, names_no = _names(records)
    columns = _columns(fields.kind, records)
    columns["line"] = [block.first_line + number for number in numbers]
    columns["at_ms"] = [None if guidance is None else guidance.as_of_ms for guidance in columns["treasury_guidance"]]
    columns["names_no"] = names_no
    for name, kind in fields.nested.items():
        columns |= _columns(kind, [kind() if each is None else each for each in columns[name]])
    table = pa.Table.from_arrays(
        [_array(columns[each.name], each.type, _TIMES.get(each.name, _WHOLE)) for each in fields.schema],
        schema=fields.schema,
    )
    return Batch(table, names, lines, lines - unused, where)


def _columns(kind: type[Struct], structs: Sequence[Struct]) -> dict[str, Any]:
    """The values of each field of the structs."""
    fields = kind.__struct_fields__
    # In one row first: the memory of a struct's tuple serves the next one's.
    values = list(chain.from_iterable(map(astuple, structs)))
    return {field: values[place :: len(fields)] for place, field in enumerate(fields)}


def _names(records: Iterable[AgeRecord]) -> tuple[list[tuple[str, ...]], list[int | None]]:
    """The venue orders met, and each record's; only a record that may begin a life is asked for its names."""
    orders: dict[tuple[str, ...], int] = {}
    numbers: list[int | None] = []
    number, last_t, width = None, 0, -1
    for record in records:
        guidance = record.treasury_guidance
        if guidance is None:
            numbers.append(None)
            continue
        ages = len(record.venue_age_ms or ())
        if number is None or record.t < last_t or ages != width:
            order = _order(guidance.named())
            number = orders.setdefault(order, len(orders)) if order else None
            width = ages
        last_t = record.t
        numbers.append(number)
    return list(orders), numbers


def _order(venues: Sequence[VenueName]) -> tuple[str, ...]:
    if all(each.venue_index == index for index, each in enumerate(venues)):
        return tuple(each.venue_id for each in venues)
    return _by_index({each.venue_index: each.venue_id for each in venues if each.venue_index >= 0})


def _by_index(named: dict[int, str]) -> tuple[str, ...]:
    last = min(max(named, default=-1), 1_000)
    return tuple(named.get(index, f"venue_{index}") for index in range(last + 1))


def _account(
    block: _Lines, lines: Sequence[bytes], odd: Sequence[tuple[int, Recovered[Any]]]
) -> tuple[list[SetAsideLine], int]:
    """The ledger rows of the lines that were no plain record, and how many of those lines were not used at all."""
    where, unused, offset, at = [], 0, block.first_byte, 0
    for index, recovered in odd:
        offset += sum(len(line) + 1 for line in lines[at:index])
        at = index
        reason = recovered.reason
        if block.torn and not recovered.records and reason is SetAside.MALFORMED:
            reason = SetAside.TORN_TAIL
        if not recovered.records:
            unused += 1
        if reason is not None:
            where.append(SetAsideLine(block.first_line + index, offset, reason))
    return where, unused


def _array(values: Sequence[Any], kind: pa.DataType, bounds: Bounds = _WHOLE) -> pa.Array:
    """The values as a column; a whole number out of bounds, or text that is no Unicode, is not known."""
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return _lists(values, kind)
    try:
        array = pa.array(values, kind)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        pass
    else:
        if _within(array, bounds):
            return array
    return pa.array([_representable(value, kind, bounds) for value in values], kind)


def _within(array: pa.Array, bounds: Bounds) -> bool:
    """Whether all whole numbers of a column are within bounds."""
    held = array.values if pa.types.is_list(array.type) else array
    if held.type != _INT or not len(held):
        return True
    # A null is a 0 here.
    numbers = np.frombuffer(held.buffers()[1], np.int64, len(held))
    return bool(bounds[0] <= numbers.min() and numbers.max() <= bounds[1])


def _lists(values: Sequence[list[Struct] | None], kind: pa.ListType) -> pa.Array:
    """Lists of structs, built field by field over all of them: far quicker than struct by struct."""
    held = [each for listed in values if listed for each in listed]
    parts = kind.value_type
    columns = _columns(type(held[0]), held) if held else {part.name: () for part in parts}
    structs = pa.StructArray.from_arrays([_array(columns[part.name], part.type) for part in parts], fields=list(parts))
    # A list whose offset is null is null; a mask would say the same and take a short run a tenth of a second longer.
    ends = accumulate((len(listed or ()) for listed in values), initial=0)
    offsets = [end if listed is not None else None for listed, end in zip([*values, ()], ends, strict=True)]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs, kind)


def _representable(value: Any, kind: pa.DataType, bounds: Bounds) -> Any:
    if isinstance(value, list):
        return [_representable(each, kind.value_type, bounds) for each in value]
    try:
        pa.array([value], kind)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        return None
    return None if isinstance(value, int) and not bounds[0] <= value <= bounds[1] else value
