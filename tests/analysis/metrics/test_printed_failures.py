"""Failures that a log prints are counted, and a figure without evidence says that it was not instrumented."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.analysis.metrics.sample_runs import analysed, figure
from toolkit.model.runs import RunAnalysis

VENUES = ("hyperliquid", "lighter", "aster")
SESSION = "".join(
    f"INFO: {venue.title()} public WS {step}\n"
    for venue in VENUES
    for step in ("connecting url=ws://h/ws", "connected url=ws://h/ws", "first message received", "first book update")
)
FAILURES = """\
WARN: REST health monitor: aster stale (age_ms=24500, threshold=20000), activating REST fallback
WARN: REST health monitor: aster REST fetch error: HTTP status client error (404 Not Found)
WARN: REST health monitor: aster REST fetch timed out (5s)
WARN: REST health monitor: market_tx closed for aster
WARN: Aster snapshot fetch failed; url=http://h/fapi err=HTTP 429
Aster WS seq gap; resyncing last=1 prev=Some(2) start=3 end=4 url=ws://h/ws
Aster funding polling error: HTTP 500
Aster funding publish error: channel closed
Aster account snapshot error: HTTP 401
WARN: Hyperliquid REST book fallback error: timed out
WARN: Hyperliquid REST book fallback: market_tx closed
WARN: Hyperliquid public WS ping send failed: Broken pipe (os error 32) — reconnecting
INFO: Hyperliquid public WS connecting url=ws://h/ws
INFO: Hyperliquid public WS connected url=ws://h/ws
INFO: Hyperliquid public WS first message received
WARN: Hyperliquid public WS non-book message after subscribe channel=error count=1 snippet={"channel":"error","data":"Invalid subscription"}
INFO: Hyperliquid public WS error (consecutive_failures=1): Hyperliquid public WS stale: freshness exceeded 10000ms
WARN: Lighter orderBooks fetch error url=http://h err=refused
WARN: Lighter orderBooks fetch failed status=502 Bad Gateway url=http://h snippet=<html>
WARN: VenueHealthEnforcer force-restarting 'lighter_public_ws' (venue_index=1, age_ms=90250, threshold=90000)
INFO: Lighter public WS connecting url=ws://h/ws
INFO: Lighter public WS connected url=ws://h/ws
WARN: Lighter subscribe failed 3 times; backing off
"""
PING = "WS_AUDIT venue=lighter lighter_ping_sent_count=1 interval_ms=10000\n"
REST = (
    "WS_AUDIT subsystem=rest_monitor venue=aster rest_check_count=3 rest_attempt_count=3 rest_success_count=0 "
    "rest_fail_count=%d rest_inject_count=0 age_ms=1 threshold_ms=20000\n"
)
LOGS = {
    "quiet": SESSION,
    "quiet, audit on": SESSION + PING,
    "quiet, audit of the build before": SESSION + PING.replace("lighter", "paradex"),
    "quiet, REST audit": SESSION + REST % 0,
    "failures": SESSION + FAILURES,
    "failures, audit on": SESSION + PING + FAILURES + "WS_AUDIT venue=aster reconnect_reason=seq_gap count=1\n",
    "more failures in the audit": SESSION + REST % 9 + FAILURES,
    "audit lines alone": "".join(
        f"WS_AUDIT venue=lighter reconnect_reason=subscribe_error count={n}\n" for n in (1, 2)
    ),
}
SILENT = "no such line in the log"
AUDITED = "no line seen; this build prints them, as line 14 of run.log shows"
OTHERS = "no line seen; the monitor prints the counts of other venues"
NOT = "not instrumented"
PART = "the log does not print all of them"


@cache
def run_of(log: str) -> RunAnalysis:
    with TemporaryDirectory() as folder:
        return analysed(Path(folder), log=LOGS[log])


@pytest.mark.parametrize(
    ("log", "name", "value", "exact", "note"),
    [
        ("quiet", "aster.rest.failures", None, False, NOT),
        ("quiet", "aster.rest.fetch_errors", 0, True, SILENT),
        ("quiet", "run.rest.fetch_errors", 0, True, SILENT),
        ("quiet", "aster.seq_gaps", 0, True, SILENT),
        ("quiet", "aster.resyncs.seq_gap", 0, True, SILENT),
        ("quiet", "lighter.enforcer.restarts", 0, True, SILENT),
        ("quiet", "lighter.pings.failed", None, False, NOT),
        ("quiet", "lighter.ts_fallbacks", None, False, NOT),
        ("quiet", "run.publisher.try_send_full", None, False, NOT),
        ("quiet, audit on", "aster.rest.failures", None, False, NOT),
        ("quiet, audit on", "lighter.pings.failed", 0, True, AUDITED),
        ("quiet, audit on", "lighter.ts_fallbacks", 0, True, AUDITED),
        ("quiet, audit on", "run.publisher.try_send_full", 0, True, AUDITED),
        ("quiet, audit of the build before", "lighter.pings.failed", None, False, NOT),
        ("quiet, audit of the build before", "run.publisher.try_send_full", None, False, NOT),
        ("quiet, REST audit", "aster.rest.failures", 0, True, SILENT),
        ("quiet, REST audit", "aster.rest.checks", 3, False, "printed at most every 30 s"),
        ("quiet, REST audit", "lighter.rest.checks", 0, True, OTHERS),
        ("quiet, REST audit", "lighter.rest.failures", 0, True, OTHERS),
        ("quiet, REST audit", "lighter.rest.suppressed", None, False, NOT),
        ("failures", "aster.rest.failures", 3, True, None),
        ("failures", "aster.rest.attempts", 3, False, "from the lines of failures only"),
        ("failures", "lighter.rest.failures", 0, True, SILENT),
        ("failures", "aster.rest.fetch_errors", 3, False, PART),
        ("failures", "hyperliquid.rest.fetch_errors", 1, True, None),
        ("failures", "lighter.rest.fetch_errors", 2, True, None),
        ("failures", "run.rest.fetch_errors", 6, False, PART),
        ("failures", "aster.pollers.errors", 3, True, None),
        ("failures", "run.pollers.errors", 3, True, None),
        ("failures", "hyperliquid.subscriptions.refused", 1, True, None),
        ("failures", "lighter.subscriptions.refused", 3, False, PART),
        ("failures", "run.subscriptions.refused", 4, False, PART),
        ("failures", "hyperliquid.disconnects.stale_watchdog", 0, True, None),
        ("failures", "hyperliquid.funnel.connected", 2, True, None),
        ("failures", "hyperliquid.funnel.subscribed", 1, True, None),
        ("failures", "aster.seq_gaps", 1, False, PART),
        ("failures", "aster.resyncs.seq_gap", 1, False, "printed at most every 30 s"),
        ("failures", "lighter.enforcer.restarts", 1, True, None),
        ("failures", "run.enforcer.restarts", 1, True, None),
        ("failures", "hyperliquid.pings.failed", 1, True, None),
        ("failures, audit on", "aster.seq_gaps", 1, True, None),
        ("failures, audit on", "aster.resyncs.seq_gap", 1, True, None),
        ("more failures in the audit", "aster.rest.failures", 9, False, "printed at most every 30 s"),
        ("audit lines alone", "lighter.subscriptions.refused", 1, False, PART),
        ("audit lines alone", "aster.subscriptions.refused", None, False, "no life-cycle line in the log"),
    ],
)  # fmt: skip
def test_a_failure_has_the_count_that_the_log_proves(
    log: str, name: str, value: int | None, exact: bool, note: str | None
) -> None:
    found = figure(run_of(log), name)
    assert (found.value, found.low, found.high, found.note) == (value, value, value if exact else None, note)


@pytest.mark.parametrize("log", LOGS)
def test_the_run_s_count_is_the_sum_of_its_venues(log: str) -> None:
    run = run_of(log)
    for metric in ("rest.fetch_errors", "pollers.errors", "subscriptions.refused", "seq_gaps"):
        parts = [figure(run, f"{venue}.{metric}").value for venue in VENUES]
        known = [part for part in parts if part is not None]
        assert figure(run, f"run.{metric}").value == (sum(known) if known else None), metric
