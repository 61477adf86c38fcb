"""Findings on records: missing ones, ticks after the last one, and values that were never set."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.model.runs import Finding, LineRef
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import FindingCode

if TYPE_CHECKING:
    from toolkit.analysis.findings.finding_input import FindingInput

UNSET_VALUES = (str(2**63 - 1), str(2**64 - 1))
"""The largest 64-bit numbers, signed and unsigned: a program prints them for a value that was never set."""
_MAX_LINES = 20


@dataclass(frozen=True, slots=True)
class LastTick:
    """Last tick of a life that the market_rx lines count, its line, and the last tick of the telemetry."""

    line: LineRef
    rx_tick: int
    telemetry_tick: int


@dataclass(frozen=True, slots=True)
class UnsetValue:
    """A log line that prints the largest 64-bit number: its venue, family, the key, and the number."""

    line: LineRef
    venue: str | None
    family: str
    key: str
    value: str


def unset_values(ref: LineRef, family: str, venue: str | None, fields: str) -> Iterator[UnsetValue]:
    """Yield the values of a log line, whose fields are JSON, that are a largest 64-bit number."""
    for key, value in json.loads(fields).items():
        if value in UNSET_VALUES:
            yield UnsetValue(ref, venue, family, key, value)


def missing_records(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding on records that the tick numbers skip, and one on gaps between records."""
    if missing := evidence.value("run.ticks_missing"):
        text = f"{thousands(missing)} records are missing: the tick numbers skip them, as when the queue was full"
        yield Finding(FindingCode.RECORDS_DROPPED, "medium", None, text, ("run.ticks_missing",))
    if hole := evidence.value("run.hole_ms"):
        text = f"{duration(hole)} of the run lie in gaps between records and are excluded from every share of time"
        yield Finding(FindingCode.HOLES, "medium", None, text, ("run.hole_ms",))


def ticks_without_record(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per life whose market_rx lines go on after its last telemetry record."""
    if evidence.value("run.ticks_unrecorded"):
        for each in evidence.last_ticks:
            if (count := each.rx_tick - each.telemetry_tick) > 0:
                ticks = f"the last {thousands(count)} ticks have" if count > 1 else "the last tick has"
                text = (
                    f"the market_rx lines end at tick {thousands(each.rx_tick)}, the telemetry at tick "
                    f"{thousands(each.telemetry_tick)}: {ticks} no record"
                )
                severity = "low" if count == 1 else "medium"
                yield Finding(
                    FindingCode.TICKS_WITHOUT_RECORD, severity, None, text, ("run.ticks_unrecorded",), (each.line,)
                )


def values_never_set(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per venue, family and key of lines that print the largest 64-bit number."""
    for (venue, family, key), values in _by_key(evidence.unset_values).items():
        lines = tuple(each.line for each in values)
        count = "a line prints" if len(lines) == 1 else f"{thousands(len(lines))} lines print"
        why = "no book yet" if family == "enforcer_runner_stuck" else "it was not set yet"
        # A float, which `thousands` formats, has fewer digits.
        number = f"{int(values[0].value):,}".replace(",", "\u00a0")
        text = f"{count} {key}={number}, the largest 64-bit number: {why}, so it is no measurement"
        yield Finding(FindingCode.VALUE_NEVER_SET, "low", venue, text, (), lines[:_MAX_LINES], key)


def _by_key(values: Iterable[UnsetValue]) -> dict[tuple[str | None, str, str], Sequence[UnsetValue]]:
    grouped = defaultdict[tuple[str | None, str, str], list[UnsetValue]](list)
    for each in values:
        grouped[each.venue, each.family, each.key].append(each)
    return dict(grouped)
