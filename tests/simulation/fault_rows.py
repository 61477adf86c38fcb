"""Rows of the fault matrix: each is a fault with its settings, and what connectors and analysis must make of it.

Numbers are those of the fault list in `runbooks/faults.md`. A row of the matrix is data: a new one needs no other edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from connectors.simulator.faults.spec import ExpectedReaction, Fault
from connectors.simulator.faults.table import FAULTS
from toolkit.model.vocabulary import ReconnectReason as Reason

FORTY_DIGITS = "1234567890" * 4


@dataclass(frozen=True)
class FaultRow:
    """One row: a kind of fault, its settings, and findings of the analysis that it causes.

    `lasts` is a duration in seconds other than the default of the kind. A `variant` differs from another row only in a
    setting that no part of the analysis sees, so that only connectors are tested with it. `expected` is a reaction other
    than that of the kind. Telemetry marks `flaw`, of the book, and `event_time`, of the venue's clock, while the fault
    lasts.
    """

    number: int
    kind: str
    values: Mapping[str, int | str] = field(default_factory=dict)
    lasts: float | None = None
    variant: bool = False
    expected: ExpectedReaction | None = None
    findings: frozenset[str] = frozenset()
    flaw: str = ""
    event_time: str = ""

    @property
    def name(self) -> str:
        """Name of the row: its kind and the settings that differ from the defaults."""
        shown = {name: "40 digits" if value == FORTY_DIGITS else value for name, value in self.values.items()}
        return " ".join([self.kind, *(f"{name}={value}" for name, value in shown.items())])

    @cached_property
    def fault(self) -> Fault:
        """The entry of the fault table, with the reaction of this row."""
        fault = FAULTS[self.kind]
        return fault if self.expected is None else replace(fault, expects=self.expected)

    @property
    def lasts_s(self) -> float | None:
        """Duration of the fault in seconds; None if it happens at once."""
        return self.fault.lasts_s if self.lasts is None else self.lasts


def _row(number: int, kind: str, *findings: str, lasts: float | None = None, flaw: str = "", **values: Any) -> FaultRow:
    return FaultRow(number, kind, values, lasts, findings=frozenset(findings), flaw=flaw)


ROWS = (
    _row(1, "refuse"),
    _row(2, "black_hole", lasts=14),
    _row(3, "http_403"),
    _row(3, "http_429"),
    _row(3, "http_500"),
    _row(3, "http_503"),
    _row(4, "close", code=1012),
    *(FaultRow(4, "close", {"code": code}, variant=True) for code in (1000, 1001, 1008, 1011, 1013)),
    FaultRow(4, "close", {"code": 1006}, expected=ExpectedReaction(Reason.STREAM_ENDED)),
    _row(5, "drop"),
    _row(6, "half_open"),
    _row(7, "mute"),
    _row(8, "acked_mute"),
    _row(9, "heartbeat_only"),
    _row(10, "topic_mute"),
    _row(11, "frozen_book"),
    _row(12, "no_pong"),
    _row(13, "idle_close", lasts=45),
    _row(14, "subscribe_error"),
    _row(14, "unknown_market"),
    _row(14, "rate_limited"),
    _row(15, "seq_gap"),
    _row(16, "seq_repeat"),
    _row(16, "seq_backwards"),
    _row(16, "duplicate"),
    _row(16, "seq_reset"),
    _row(17, "stale_snapshot"),
    _row(18, "snapshot_http", status=500),
    _row(18, "snapshot_http", status=429, retry_after_s=2),
    _row(18, "snapshot_timeout"),
    _row(18, "snapshot_garbage"),
    _row(19, "malformed_json"),
    _row(19, "binary_garbage"),
    _row(19, "invalid_utf8"),
    _row(19, "empty_frame"),
    _row(20, "wrong_shape"),
    _row(20, "unknown_channel"),
    _row(21, "bad_numbers"),
    *(FaultRow(21, "bad_numbers", {"number": each}, variant=True) for each in ("NaN", "-1", FORTY_DIGITS, "much")),
    _row(21, "text_numbers"),
    _row(22, "crossed_book", "crossed_book", flaw="crossed"),
    _row(22, "locked_book", "locked_book", flaw="locked"),
    _row(22, "one_sided_book", "one_sided_book", flaw="one_sided"),
    _row(22, "empty_book", "one_sided_book", flaw="empty"),
    _row(24, "burst"),
    FaultRow(26, "clock_ahead", event_time="ahead"),
    _row(26, "clock_behind"),
    FaultRow(26, "clock_zero", event_time="arrival"),
    FaultRow(26, "clock_missing", event_time="arrival"),
    _row(27, "flapping", "repeated_close", lasts=12),
    _row(28, "redirect"),
    _row(28, "endpoint_moved"),
    _row(29, "ping_flood"),
    _row(30, "subscription_lost"),
    _row(0, "slow"),
    _row(0, "quiet_market", lasts=15),
)
"""Rows that a simulation without sockets can show."""

SQUARE_ROWS = tuple(row for row in ROWS if not row.variant)
"""Rows of which whole runs are analysed."""
