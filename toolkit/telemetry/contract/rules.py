"""The rules of the contract that one record must keep by itself: each a name, a sentence, and what breaks it.

A rule says nothing where a field it needs is absent or of the wrong type: that is the business of the rules before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from toolkit.telemetry.contract.fields import SCHEMA_VERSION, ContractRecord

Breaches = Iterator[str]


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A rule that `broken_by` tells of: a sentence for each breach in the record."""

    name: str
    says: str
    broken_by: Callable[[ContractRecord], Breaches]


def _schema_version(record: ContractRecord) -> Breaches:
    if isinstance(record.schema_version, int) and record.schema_version != SCHEMA_VERSION:
        yield f"schema_version is {record.schema_version}"


def _pnl(record: ContractRecord) -> Breaches:
    whole, realised, unrealised = record.pnl_total, record.pnl_realised, record.pnl_unrealised
    if not (isinstance(whole, float) and isinstance(realised, float) and isinstance(unrealised, float)):
        return
    # A sum of doubles is as close as double precision holds at the size of its parts.
    if not math.isclose(whole, realised + unrealised, rel_tol=1e-9, abs_tol=1e-6 + 1e-9 * abs(realised)):
        yield f"pnl_total is {whole:g}, realised + unrealised is {realised + unrealised:g}"


def _kill(record: ContractRecord) -> Breaches:
    if record.kill_switch is True and record.kill_reason == "None":
        yield "kill_switch is true, kill_reason is None"


def _fair_value(record: ContractRecord) -> Breaches:
    if record.fv_available is True and record.fair_value is None:
        yield "fv_available is true, fair_value is null"


def _orders(record: ContractRecord) -> Breaches:
    orders, count = record.would_send_orders, record.would_send_orders_count
    if not isinstance(orders, list) or not isinstance(count, int):
        return
    if len(orders) > count or (len(orders) < count and record.would_send_orders_truncated is not True):
        yield f"would_send_orders_count is {count}, would_send_orders has {len(orders)}"


def _venue_order(record: ContractRecord) -> Breaches:
    if not record.treasury_guidance:
        return
    venues = record.treasury_guidance.venues
    order = {venue.venue_index: venue.venue_id for venue in venues}
    if [venue.venue_index for venue in venues] != list(range(len(venues))):
        yield f"treasury_guidance.venues are numbered {', '.join(str(venue.venue_index) for venue in venues)}"
    if len(set(order.values())) != len(venues):
        yield "treasury_guidance.venues names a venue twice"
    for level in record.quote_levels or ():
        if order.get(level.venue_index) != level.venue_id:
            yield f"quote_levels has {level.venue_id} at index {level.venue_index}, treasury_guidance does not"


def _age(record: ContractRecord) -> Breaches:
    for kind, ages in (("venue_age_ms", record.venue_age_ms), ("venue_age_event_ms", record.venue_age_event_ms)):
        for index, age in enumerate(ages or ()):
            if age < -1:
                yield f"{kind}[{index}] is {age}"
    for index, (apply, event) in enumerate(
        zip(record.venue_age_ms or (), record.venue_age_event_ms or (), strict=False)
    ):
        if (apply == -1) != (event == -1):
            yield f"venue {index} has apply age {apply} and event age {event}: only one is never"


def _healthy_used(record: ContractRecord) -> Breaches:
    used, count, statuses = record.healthy_venues_used, record.healthy_venues_used_count, record.venue_status
    if not isinstance(used, list):
        return
    if isinstance(count, int) and count != len(used):
        yield f"healthy_venues_used_count is {count}, healthy_venues_used has {len(used)}"
    if isinstance(statuses, list):
        healthy = [index for index, status in enumerate(statuses) if status == "Healthy"]
        if used != healthy:
            yield f"healthy_venues_used is {used}, Healthy are {healthy}"


def _status(record: ContractRecord) -> Breaches:
    statuses = record.venue_status or ()
    # Before event ages were written apart, venue_age_ms was the event's age, on which the status does not rest.
    ages = record.venue_age_ms if record.venue_age_event_ms else None
    for index, (status, age) in enumerate(zip(statuses, ages or (), strict=False)):
        if age == -1 and status in ("Healthy", "Warning"):
            yield f"venue {index} is {status}, but never had a book"
    for index, (age, depth) in enumerate(zip(ages or (), record.venue_depth_near_mid_usd or (), strict=False)):
        if age == -1 and depth > 0:
            yield f"venue {index} has a depth of {depth:g} USD, but never had a book"
    for index, (status, toxicity) in enumerate(zip(statuses, record.venue_toxicity or (), strict=False)):
        if toxicity >= 1 and status != "Disabled":
            yield f"venue {index} is {status} at toxicity {toxicity:g}, which means Disabled"


def _market(record: ContractRecord) -> Breaches:
    # A spread may be negative: that is a crossed book, the venue's fault and not the record's.
    for name in ("venue_mid_usd", "venue_depth_near_mid_usd"):
        for index, value in enumerate(getattr(record, name) or ()):
            if value < 0:
                yield f"{name}[{index}] is {value:g}"


def _funding(record: ContractRecord) -> Breaches:
    rates, statuses = record.venue_funding_rate_8h or (), record.venue_funding_status or ()
    for index, (rate, status) in enumerate(zip(rates, statuses, strict=False)):
        if (rate is None) != (status == "Unknown"):
            yield f"venue {index} has funding status {status} and rate {'null' if rate is None else f'{rate:g}'}"


RECORD_RULES = (
    RecordRule("schema_version", f"schema_version is {SCHEMA_VERSION}", _schema_version),
    RecordRule("pnl", "pnl_total is the sum of realised and unrealised", _pnl),
    RecordRule("kill", "a kill switch has a reason", _kill),
    RecordRule("fair_value", "a fair value that is available is a number", _fair_value),
    RecordRule("orders", "would_send_orders_count counts the orders", _orders),
    RecordRule("venue_order", "venues are numbered from 0 in order and every list names them alike", _venue_order),
    RecordRule("age", "ages are -1 (never) or more, and both ages of a venue are never together", _age),
    RecordRule("healthy_used", "healthy_venues_used are the Healthy venues, and counted", _healthy_used),
    RecordRule("status", "a status fits age, depth and toxicity", _status),
    RecordRule("market", "mids and depths are not negative", _market),
    RecordRule("funding", "the funding status is Unknown where the rate is null, and only there", _funding),
)


def lengths(record: dict[str, Any], typed: ContractRecord) -> Breaches:
    """Every `venue_*` list has one element per venue."""
    sizes = {name: len(value) for name, value in record.items() if name[:6] == "venue_" and isinstance(value, list)}
    venues = len(typed.treasury_guidance.venues) if typed.treasury_guidance else max(sizes.values(), default=0)
    for name, size in sizes.items():
        if size != venues:
            yield f"{name} has {size} elements for {venues} venues"


def not_finite(value: object, path: str = "") -> Breaches:
    """Where in a value a number is not finite; a parser that allows NaN and Infinity lets them through."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path or 'the record'} is {value}"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from not_finite(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from not_finite(each, f"{path}[{index}]")
