"""The telemetry record: what one line of `telemetry.jsonl` says, and what can be saved from a damaged one.

The format is contract v1 of the producer: one JSON object per tick, arrays indexed by venue, unknown keys allowed. Keys
come sorted; fields stand in the same order, in which the decoder looks for the next one first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from toolkit.model.vocabulary import SetAside

BOGUS_EVENT_AGE_MS = 1_000_000_000
"""An event age at or above this is a missing time stamp (the age of the epoch), not an age."""

MOST = 1 << 53
"""A whole number farther from 0 than this is not known: a float does not hold it, and sums of many such overflow."""


class VenueName(msgspec.Struct, gc=False):
    """Which venue an array index stands for."""

    venue_index: int
    venue_id: str


class Guidance(msgspec.Struct, gc=False):
    """The block that carries the record's wall clock (epoch ms) and the venues' names.

    `venues` stays undecoded: a process never changes its venues' order, so that most records need not be asked.
    """

    as_of_ms: int | None = None
    venues: msgspec.Raw = msgspec.Raw()

    def named(self) -> list[VenueName]:
        """The venues that the record names; none where that part says nothing."""
        try:
            return _VENUE_NAMES(self.venues) if len(memoryview(self.venues)) else []
        except (ValueError, RecursionError):
            return [VenueName(**each) for each in _named(_lenient_json(self.venues))]


_VENUE_NAMES = msgspec.json.Decoder(list[VenueName]).decode


def _lenient_json(raw: msgspec.Raw) -> object:
    try:
        return json.loads(bytes(raw))
    except (ValueError, RecursionError):
        return None


class RxCounts(msgspec.Struct, gc=False):
    """Events drained in this one tick, by kind, delta caps hit, and events left after coalescing."""

    cap_hits: int | None = None
    drained: int | None = None
    funding_update: int | None = None
    l2_delta: int | None = None
    l2_snapshot: int | None = None
    out_market: int | None = None
    trade: int | None = None


class Timing(msgspec.Struct, gc=False):
    """Time spent in the tick, µs; `event_drain_us` and `engine_us` are cumulative from the tick's start."""

    engine_us: int | None = None
    event_drain_us: int | None = None
    order_tx_pending: int | None = None
    reconcile_us: int | None = None
    submit_us: int | None = None
    total_us: int | None = None


class QuoteLevel(msgspec.Struct, gc=False):
    """What the market maker wants to quote at one venue on one side; `size_final` is 0 where it wants nothing.

    Edge, half spread (`delta_final`) and terms in USD, sizes in the base asset; a size is `size_raw` cut by the margin
    cap, the liquidation factor and the venue's own steps.
    """

    basis_adj_usd: float | None = None
    delta_final: float | None = None
    edge_local: float | None = None
    funding_adj_usd: float | None = None
    inventory_term_usd: float | None = None
    size_final: float | None = None
    size_liq_factor: float | None = None
    size_margin_cap: float | None = None
    size_raw: float | None = None
    venue_id: str | None = None


class Order(msgspec.Struct, gc=False):
    """An order intent, or a venue's answer to one (`status` is `intent`, `ack` or `reject`)."""

    action: str | None = None
    status: str | None = None
    venue_id: str | None = None


class AtVenue(msgspec.Struct, gc=False):
    """A fill or a hedge, of which only the venue is read."""

    venue_id: str | None = None


class Exit(msgspec.Struct, gc=False):
    """A decision to leave a position, with the edge it was taken for (USD per unit of the base asset)."""

    edge_final: float | None = None


class RiskEvent(msgspec.Struct, gc=False):
    """A change that the risk engine announces."""

    event_type: str | None = None


class Drift(msgspec.Struct, gc=False):
    """A difference between a venue's account and what the program believes of it."""

    venue_id: str | None = None
    kind: str | None = None


class AgeRecord(msgspec.Struct, gc=False):
    """The part of a record that ages and plateaus need."""

    t: int
    treasury_guidance: Guidance | None = None
    venue_age_ms: list[int | None] | None = None
    venue_age_event_ms: list[int | None] | None = None


class Record(AgeRecord, gc=False):
    """One tick of a run as its producer wrote it; None where the record does not say."""

    dollar_delta_usd: float | None = None
    execution_mode: str | None = None
    exits: list[Exit] | None = None
    fair_value: float | None = None
    fills: list[AtVenue] | None = None
    fv_available: bool | None = None
    fv_long_vol: float | None = None
    fv_short_vol: float | None = None
    healthy_venues_used_count: int | None = None
    hedge_delta_h_t: float | None = None
    hedges: list[AtVenue] | None = None
    kf_p: float | None = None
    kf_x_hat: float | None = None
    kill_reason: str | None = None
    kill_switch: bool | None = None
    market_rx_stats: RxCounts | None = None
    orders: list[Order] | None = None
    pnl_realised: float | None = None
    pnl_total: float | None = None
    q_global_tao: float | None = None
    quote_levels: list[QuoteLevel] | None = None
    reconcile_drift: list[Drift] | None = None
    regime_ratio: float | None = None
    risk_events: list[RiskEvent] | None = None
    risk_regime: str | None = None
    shadow_size_mult: float | None = None
    shadow_spread_mult: float | None = None
    sigma_eff: float | None = None
    tick_timing: Timing | None = None
    venue_depth_near_mid_usd: list[float | None] | None = None
    venue_dist_liq_sigma: list[float | None] | None = None
    venue_funding_age_ms: list[int | None] | None = None
    venue_funding_rate_8h: list[float | None] | None = None
    venue_funding_status: list[str | None] | None = None
    venue_local_vol_short: list[float | None] | None = None
    venue_margin_available_usd: list[float | None] | None = None
    venue_margin_balance_usd: list[float | None] | None = None
    venue_margin_used_usd: list[float | None] | None = None
    venue_markout_ewma_usd_per_tao: list[float | None] | None = None
    venue_mid_usd: list[float | None] | None = None
    venue_spread_usd: list[float | None] | None = None
    venue_status: list[str | None] | None = None
    venue_toxicity: list[float | None] | None = None
    would_send_orders_count: int | None = None


R = TypeVar("R", bound=AgeRecord)


class Recovered(msgspec.Struct, Generic[R]):
    """What a line that is no plain record holds: its records, and why it (or a part of it) is set aside."""

    records: list[R]
    reason: SetAside | None


class Reader(Generic[R]):
    """Reads lines into records of type `kind`."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind
        self._fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
        decoder = msgspec.json.Decoder(kind)
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines

    def read_all(self, lines: bytes | memoryview, count: int) -> list[R] | None:
        """Read `count` lines at once where each of them is a plain record; None where any is not."""
        try:
            records = self._decode_lines(lines)
        except (ValueError, RecursionError):
            return None
        if len(records) != count or any(not -MOST <= record.t <= MOST for record in records):
            return None
        return records

    def read(self, line: bytes) -> R | Recovered[R]:
        """Read one line without its newline: the record it is, or what can be recovered from it."""
        try:
            record = self._decode(line)
        except (ValueError, RecursionError):
            return self._recover(line)
        return record if -MOST <= record.t <= MOST else Recovered([], SetAside.NO_TICK)

    def _recover(self, line: bytes) -> Recovered[R]:
        text = line.decode("utf-8", "replace").strip("\ufeff\x00\r\n\t ")
        if not text:
            return Recovered([], SetAside.BLANK)
        records: list[R] = []
        found, torn = False, False
        for value in json_values(text):
            if value is TORN:
                torn = True
            elif isinstance(value, dict):
                found = True
                if record := self._lenient(value):
                    records.append(record)
            else:
                torn = torn or bool(records)
        if records:
            return Recovered(records, SetAside.TORN_INSIDE if torn else None)
        if found and not torn:
            return Recovered([], SetAside.NO_TICK)
        return Recovered([], SetAside.MALFORMED if torn else SetAside.NOT_AN_OBJECT)

    def _lenient(self, value: dict[str, Any]) -> R | None:
        tick = _integer(value.get("t"))
        if tick is None:
            return None
        kept = {field.name: _cleaned(value.get(field.name), field.type) for field in self._fields}
        kept["treasury_guidance"] = _guidance(value.get("treasury_guidance"))
        try:
            return msgspec.convert({**kept, "t": tick}, self._kind)
        except msgspec.ValidationError:
            return None


TORN = object()
"""Stands for a stretch of text that is no JSON value."""
_DECODER = json.JSONDecoder()
_MOST_ATTEMPTS = 20_000


def json_values(text: str) -> Iterator[Any]:
    """Every JSON value glued on one line, in order; `TORN` stands for a stretch that is no value."""
    at, attempts = 0, 0
    while at < len(text) and attempts < _MOST_ATTEMPTS:
        attempts += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield TORN
            at = _next_object(text, at + 1)
            continue
        yield value if at == 0 or isinstance(value, dict) else TORN
        at = end
        while at < len(text) and text[at] in " \t\r\x00":
            at += 1


def _next_object(text: str, at: int) -> int:
    """Where the next object may begin; an object inside a torn one has no tick and is passed over by its reader."""
    found = text.find('{"', at)
    return len(text) if found < 0 else found


def _integer(value: object) -> int | None:
    """A whole number as producers write it: an integer, `250.0`, or the text `"250"`; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value) if not value.strip().lstrip("+-").isdigit() else int(value)
        except ValueError:
            return None
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            return None
        value = int(value)
    return value if isinstance(value, int) and -MOST <= value <= MOST else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _guidance(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    venues = msgspec.Raw(msgspec.json.encode(_named(value.get("venues"))))
    return {"as_of_ms": _integer(value.get("as_of_ms")), "venues": venues}


def _named(venues: object) -> list[dict[str, Any]]:
    return [
        {"venue_index": index, "venue_id": each["venue_id"]}
        for each in (venues if isinstance(venues, list) else [])
        if isinstance(each, dict)
        and isinstance(each.get("venue_id"), str)
        and (index := _integer(each.get("venue_index"))) is not None
    ]


def _cleaned(value: object, kind: inspect.Type) -> Any:
    """The part of a value that is of a type: what is of another is None, what is no object is left out of a list."""
    match kind:
        case inspect.UnionType(types=(held, *_)):
            return _cleaned(value, held)
        case inspect.IntType():
            return _integer(value)
        case inspect.FloatType():
            return _number(value)
        case inspect.StrType():
            return value if isinstance(value, str) else None
        case inspect.BoolType():
            return value if isinstance(value, bool) else None
        case inspect.StructType(fields=fields):
            return {f.name: _cleaned(value.get(f.name), f.type) for f in fields} if isinstance(value, dict) else None
        case inspect.ListType(item_type=held) if isinstance(value, list):
            objects = isinstance(held, inspect.StructType)
            return [_cleaned(each, held) for each in value if not objects or isinstance(each, dict)]
    return None
