"""Rules of the contract within one record: each has a name, a meaning, and a function that finds violations.

A rule is silent where a field it needs is absent or of the wrong type; the rules `required` and `type` report that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from toolkit.telemetry.contract.fields import SCHEMA_VERSION, ContractRecord

Messages = Iterator[str]
"""One sentence for each violation."""


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A rule, its meaning in one clause, and the function that yields a sentence for each violation in a record."""

    name: str
    meaning: str
    violations: Callable[[ContractRecord], Messages]


def _schema_version(record: ContractRecord) -> Messages:
    if isinstance(record.schema_version, int) and record.schema_version != SCHEMA_VERSION:
        yield f"schema_version is {record.schema_version}"


def _pnl(record: ContractRecord) -> Messages:
    total, realised, unrealised = record.pnl_total, record.pnl_realised, record.pnl_unrealised
    if not (isinstance(total, float) and isinstance(realised, float) and isinstance(unrealised, float)):
        return
    # The tolerance is the rounding error of a sum of doubles of this size.
    if not math.isclose(total, realised + unrealised, rel_tol=1e-9, abs_tol=1e-6 + 1e-9 * abs(realised)):
        yield f"pnl_total is {total:g}, realised + unrealised is {realised + unrealised:g}"


def _kill(record: ContractRecord) -> Messages:
    if record.kill_switch is True and record.kill_reason == "None":
        yield "kill_switch is true, kill_reason is None"


def _fair_value(record: ContractRecord) -> Messages:
    if record.fv_available is True and record.fair_value is None:
        yield "fv_available is true, fair_value is null"


def _orders(record: ContractRecord) -> Messages:
    orders, count = record.would_send_orders, record.would_send_orders_count
    if not isinstance(orders, list) or not isinstance(count, int):
        return
    if len(orders) > count or (len(orders) < count and record.would_send_orders_truncated is not True):
        yield f"would_send_orders_count is {count}, would_send_orders has {len(orders)}"


def _venue_order(record: ContractRecord) -> Messages:
    if not record.treasury_guidance:
        return
    venues = record.treasury_guidance.venues
    ids = {venue.venue_index: venue.venue_id for venue in venues}
    if [venue.venue_index for venue in venues] != list(range(len(venues))):
        yield f"treasury_guidance.venues are numbered {', '.join(str(venue.venue_index) for venue in venues)}"
    if len(set(ids.values())) != len(venues):
        yield "treasury_guidance.venues names a venue twice"
    for level in record.quote_levels or ():
        if ids.get(level.venue_index) != level.venue_id:
            yield f"quote_levels has {level.venue_id} at index {level.venue_index}, treasury_guidance does not"


def _age(record: ContractRecord) -> Messages:
    for kind, ages in (("venue_age_ms", record.venue_age_ms), ("venue_age_event_ms", record.venue_age_event_ms)):
        for index, age in enumerate(ages or ()):
            if age < -1:
                yield f"{kind}[{index}] is {age}"
    for index, (apply, event) in enumerate(
        zip(record.venue_age_ms or (), record.venue_age_event_ms or (), strict=False)
    ):
        if (apply == -1) != (event == -1):
            yield f"venue {index} has apply age {apply} and event age {event}: only one of them is -1 (never)"


def _healthy_used(record: ContractRecord) -> Messages:
    used, count, statuses = record.healthy_venues_used, record.healthy_venues_used_count, record.venue_status
    if not isinstance(used, list):
        return
    if isinstance(count, int) and count != len(used):
        yield f"healthy_venues_used_count is {count}, healthy_venues_used has {len(used)}"
    if isinstance(statuses, list):
        healthy = [index for index, status in enumerate(statuses) if status == "Healthy"]
        if used != healthy:
            yield f"healthy_venues_used is {used}, Healthy are {healthy}"


def _status(record: ContractRecord) -> Messages:
    statuses = record.venue_status or ()
    # Without event ages, venue_age_ms is the event age, and the status depends on the apply age.
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


def _market(record: ContractRecord) -> Messages:
    # A spread may be negative: a crossed book is a fault of the venue, not of the record.
    for name in ("venue_mid_usd", "venue_depth_near_mid_usd"):
        for index, value in enumerate(getattr(record, name) or ()):
            if value < 0:
                yield f"{name}[{index}] is {value:g}"


def _funding(record: ContractRecord) -> Messages:
    rates, statuses = record.venue_funding_rate_8h or (), record.venue_funding_status or ()
    for index, (rate, status) in enumerate(zip(rates, statuses, strict=False)):
        if (rate is None) != (status == "Unknown"):
            yield f"venue {index} has funding status {status} and rate {'null' if rate is None else f'{rate:g}'}"


RECORD_RULES = (
    RecordRule("schema_version", f"schema_version is {SCHEMA_VERSION}", _schema_version),
    RecordRule("pnl", "pnl_total is the sum of pnl_realised and pnl_unrealised", _pnl),
    RecordRule("kill", "an active kill switch has a reason", _kill),
    RecordRule("fair_value", "fair_value is a number where fv_available is true", _fair_value),
    RecordRule("orders", "would_send_orders_count counts all orders, also those cut off a truncated list", _orders),
    RecordRule("venue_order", "venues are numbered from 0 in order, and quote_levels uses the same ids", _venue_order),
    RecordRule("age", "ages are -1 (never) or more, and the apply and event age of a venue are -1 together", _age),
    RecordRule("healthy_used", "healthy_venues_used and its count agree with the Healthy venues", _healthy_used),
    RecordRule("status", "a venue's status agrees with its age, depth and toxicity", _status),
    RecordRule("market", "mids and depths are not negative", _market),
    RecordRule("funding", "the funding status is Unknown exactly where the rate is null", _funding),
)


def wrong_lengths(record: dict[str, Any], known: ContractRecord) -> Messages:
    """Yield a message for each `venue_*` list that has not one element per venue.

    Lists of fields that the contract does not declare count too. Without `treasury_guidance` the longest list sets the
    number of venues.
    """
    sizes = {name: len(value) for name, value in record.items() if name[:6] == "venue_" and isinstance(value, list)}
    venues = len(known.treasury_guidance.venues) if known.treasury_guidance else max(sizes.values(), default=0)
    for name, size in sizes.items():
        if size != venues:
            yield f"{name} has {size} elements for {venues} venues"


def not_finite(value: object, path: str = "") -> Messages:
    """Yield a message for each NaN or infinite number in a value that a lenient parser decoded."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path or 'the record'} is {value}"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from not_finite(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from not_finite(each, f"{path}[{index}]")
