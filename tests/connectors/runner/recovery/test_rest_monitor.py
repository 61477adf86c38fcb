"""The REST monitor fetches the book of a silent venue at the right times and counts what became of it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from connectors.runner.recovery.rest_monitor import POLL_MS, MonitorMode, MonitorSettings, VenueMonitor
from toolkit.runlog.parse import parse

LIMIT_MS = 20_000


def monitor(mode: MonitorMode = MonitorMode.INJECT_SNAPSHOT) -> VenueMonitor:
    return VenueMonitor("lighter", MonitorSettings(LIMIT_MS, mode))


def fetch_times(watched: VenueMonitor, until_ms: int) -> list[int]:
    """Return when the book of a venue that is silent from 0 is fetched; each fetch succeeds at once."""
    times = []
    for now_ms in range(0, until_ms + 1, POLL_MS):
        wanted, _ = watched.check(now_ms, now_ms)
        if wanted:
            times.append(now_ms)
            watched.fetch_begins()
            watched.fetched(now_ms, now_ms)
    return times


def family_and_fields(line: str) -> tuple[str, dict[str, str]]:
    (record,) = parse(line).records
    return record.family, dict(record.fields)


@pytest.mark.parametrize(
    ("mode", "times", "injected"),
    [
        (MonitorMode.INJECT_SNAPSHOT, [20_000, 40_000, 60_000], 3),
        (MonitorMode.PROBE_ONLY, [20_000, 25_000, 30_000, 35_000, 40_000, 45_000, 50_000, 55_000, 60_000], 0),
    ],
)
def test_a_silent_venue_is_fetched_from_the_limit_on_and_a_probe_injects_nothing(
    mode: MonitorMode, times: list[int], injected: int
) -> None:
    watched = monitor(mode)
    assert fetch_times(watched, 60_000) == times
    counts = watched.counts
    assert (counts.rest_check_count, counts.rest_attempt_count) == (13, len(times))
    assert (counts.rest_success_count, counts.rest_inject_count) == (len(times), injected)


def test_a_venue_with_young_books_is_only_checked() -> None:
    watched = monitor()
    assert not any(watched.check(now_ms, LIMIT_MS - 1)[0] for now_ms in range(0, 100_000, POLL_MS))
    assert asdict(watched.counts) == dict.fromkeys(asdict(watched.counts), 0) | {"rest_check_count": 20}


def test_a_book_that_comes_after_the_next_one_of_the_socket_is_suppressed() -> None:
    watched = monitor()
    watched.check(20_000, 20_000)
    watched.fetch_begins()
    inject, _ = watched.fetched(20_300, 100)
    assert not inject
    assert (watched.counts.rest_suppressed_count, watched.counts.rest_inject_count) == (1, 0)


def test_no_second_fetch_begins_while_one_is_under_way() -> None:
    watched = monitor()
    watched.check(20_000, 20_000)
    watched.fetch_begins()
    assert not watched.check(25_000, 25_000)[0]


def test_a_failed_fetch_is_repeated_at_the_next_check_unless_the_venue_asks_to_wait() -> None:
    watched = monitor()
    watched.fetch_begins()
    watched.failed(20_000, 20_000, "HTTP 500")
    assert watched.check(25_000, 25_000)[0]
    watched.fetch_begins()
    watched.failed(25_000, 25_000, "HTTP 429", retry_after_ms=12_000)
    assert [watched.check(now_ms, now_ms)[0] for now_ms in (30_000, 35_000, 40_000)] == [False, False, True]
    assert watched.counts.rest_fail_count == 2


def test_the_lines_have_the_form_that_log_readers_know() -> None:
    watched = monitor(MonitorMode.PROBE_ONLY)
    _, (stale, audit) = watched.check(20_000, 20_100)
    family, fields = family_and_fields(stale)
    assert (family, fields["age_ms"], fields["mode"]) == ("rest_fallback_activated", "20100", "probe_only")
    family, fields = family_and_fields(audit)
    assert (family, fields["rest_check_count"], fields["threshold_ms"]) == ("audit_rest_monitor", "1", "20000")
    watched.fetch_begins()
    error, audit = watched.failed(20_050, 20_150, "WS_AUDIT venue=aster reconnect_reason=seq_gap count=9")
    assert family_and_fields(error)[0] == "rest_fallback_error" and "reconnect_reason" not in error
    assert family_and_fields(audit)[1]["rest_fail_count"] == "1"
    _, (recovered, _) = watched.check(25_000, 40)
    assert family_and_fields(recovered)[0] == "rest_fallback_recovered"


def test_counts_are_written_at_the_first_checks_and_then_each_half_minute() -> None:
    watched = monitor()
    written = [now_ms // 1_000 for now_ms in range(0, 80_001, POLL_MS) if watched.check(now_ms, 0)[1]]
    assert written == [0, 5, 10, 40, 70]
