"""The telemetry record: what one line of `telemetry.jsonl` says, and what can be saved from a damaged one.

The format is contract v1 of the producer: one JSON object per tick, arrays indexed by venue, unknown keys allowed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from toolkit.vocabulary import SetAside

BOGUS_EVENT_AGE_MS = 1_000_000_000
"""An event age at or above this is a missing time stamp (the age of the epoch), not an age."""

_INT64 = 1 << 63


class VenueName(msgspec.Struct, gc=False):
    """Which venue an array index stands for."""

    venue_index: int
    venue_id: str


class Guidance(msgspec.Struct, gc=False):
    """The block that carries the record's wall clock (epoch ms) and the venues' names."""

    as_of_ms: int | None = None
    venues: list[VenueName] = []


class RxCounts(msgspec.Struct, gc=False):
    """Events drained and delta caps hit in this one tick."""

    cap_hits: int | None = None
    drained: int | None = None


class Timing(msgspec.Struct, gc=False):
    """Time spent in the tick, µs; `event_drain_us` and `engine_us` are cumulative from the tick's start."""

    reconcile_us: int | None = None
    event_drain_us: int | None = None
    engine_us: int | None = None
    submit_us: int | None = None
    total_us: int | None = None


class AgeRecord(msgspec.Struct, gc=False):
    """The part of a record that ages and plateaus need."""

    t: int
    treasury_guidance: Guidance | None = None
    venue_age_ms: list[int | None] | None = None
    venue_age_event_ms: list[int | None] | None = None


class Record(AgeRecord, gc=False):
    """One tick of a run as its producer wrote it; None where the record does not say."""

    venue_status: list[str | None] | None = None
    venue_mid_usd: list[float | None] | None = None
    venue_spread_usd: list[float | None] | None = None
    venue_depth_near_mid_usd: list[float | None] | None = None
    venue_toxicity: list[float | None] | None = None
    execution_mode: str | None = None
    fv_available: bool | None = None
    fair_value: float | None = None
    healthy_venues_used_count: int | None = None
    kill_switch: bool | None = None
    kill_reason: str | None = None
    risk_regime: str | None = None
    pnl_total: float | None = None
    would_send_orders_count: int | None = None
    market_rx_stats: RxCounts | None = None
    tick_timing: Timing | None = None


R = TypeVar("R", bound=AgeRecord)


class Recovered(msgspec.Struct, Generic[R]):
    """What a line that is no plain record holds: its records, and why it (or a part of it) is set aside."""

    records: list[R]
    reason: SetAside | None


class Reader(Generic[R]):
    """Reads lines into records of type `kind`."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind
        decoder = msgspec.json.Decoder(kind)
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines

    def read_all(self, lines: bytes) -> list[R] | None:
        """Read many lines at once where each of them is a plain record; None where any is not."""
        try:
            records = self._decode_lines(lines)
        except (ValueError, RecursionError):
            return None
        if len(records) != lines.count(b"\n") or any(not -_INT64 <= record.t < _INT64 for record in records):
            return None
        return records

    def read(self, line: bytes) -> R | Recovered[R]:
        """Read one line without its newline: the record it is, or what can be recovered from it."""
        try:
            record = self._decode(line)
        except (ValueError, RecursionError):
            return self._recover(line)
        return record if -_INT64 <= record.t < _INT64 else Recovered([], SetAside.NO_TICK)

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
        kept = {name: _cleaned(value.get(name), kind) for name, kind in _FIELDS.items() if name in self._names}
        try:
            return msgspec.convert({**kept, "t": tick}, self._kind)
        except msgspec.ValidationError:
            return None

    @property
    def _names(self) -> tuple[str, ...]:
        return self._kind.__struct_fields__


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
    return value if isinstance(value, int) and -_INT64 <= value < _INT64 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _guidance(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    venues = value.get("venues")
    named = [
        {"venue_index": index, "venue_id": each["venue_id"]}
        for each in (venues if isinstance(venues, list) else [])
        if isinstance(each, dict)
        and isinstance(each.get("venue_id"), str)
        and (index := _integer(each.get("venue_index"))) is not None
    ]
    return {"as_of_ms": _integer(value.get("as_of_ms")), "venues": named}


def _integers(value: object) -> dict[str, int | None] | None:
    return {str(key): _integer(each) for key, each in value.items()} if isinstance(value, dict) else None


_FIELDS: dict[str, Any] = {
    "treasury_guidance": _guidance,
    "venue_age_ms": [_integer],
    "venue_age_event_ms": [_integer],
    "venue_status": [_text],
    "venue_mid_usd": [_number],
    "venue_spread_usd": [_number],
    "venue_depth_near_mid_usd": [_number],
    "venue_toxicity": [_number],
    "execution_mode": _text,
    "fv_available": _flag,
    "fair_value": _number,
    "healthy_venues_used_count": _integer,
    "kill_switch": _flag,
    "kill_reason": _text,
    "risk_regime": _text,
    "pnl_total": _number,
    "would_send_orders_count": _integer,
    "market_rx_stats": _integers,
    "tick_timing": _integers,
}


def _cleaned(value: object, kind: Any) -> Any:
    if isinstance(kind, list):
        return [kind[0](each) for each in value] if isinstance(value, list) else None
    return kind(value)
