"""Gate of the soak report v1: its checks in its order, and the text of each failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from toolkit.upstream.soak_report import Ages, CapHitSection, LogSection, Plateau, SoakReport

APPLY_LIMITS_MS = ((95, 10_000), (99, 30_000))
EVENT_LIMITS_MS = ((95, 12_000), (99, 35_000))
PLATEAU_LIMIT_MS = 30_000
RECONNECT_LIMIT = 3
RECONNECT_REASONS = ("stale_watchdog", "read_timeout", "ping_send_fail", "session_timeout")
PUBLISHER_COUNTERS = ("mp_try_send_full_count", "mp_pending_latest_replaced_count")


@dataclass(frozen=True, slots=True)
class Check:
    """One limit of the gate.

    `number` is the name of the checked number as in the rows (`ages aster apply_p95`). `limit` is its maximum, None if
    the number only has to exist. `failure` is the line in the list of failures, None if the check passed or was not
    `made`.
    """

    number: str
    limit: int | None = None
    failure: str | None = None
    made: bool = True


def checks(report: SoakReport, event_ages_required: bool = True) -> tuple[Check, ...]:
    """Return all checks of the gate, in the order in which it lists failures."""
    telemetry = report.telemetry
    apply_ages = {venue.lower(): ages for venue, ages in telemetry.apply_ages.items()}
    event_ages = {venue.lower(): ages for venue, ages in telemetry.event_ages.items()}
    plateaus = {(venue.lower(), limit): each for (venue, limit), each in telemetry.plateaus.items()}
    made: list[Check] = []
    for venue in report.connectors:
        covered = apply_ages.get(venue, Ages()).n > 0
        made += _ages("apply", venue, apply_ages.get(venue, Ages()), APPLY_LIMITS_MS)
        made.append(_plateau(venue, plateaus.get((venue, PLATEAU_LIMIT_MS), Plateau()), covered))
        made += [_reconnects(venue, reason, report.log, covered) for reason in RECONNECT_REASONS]
    if event_ages_required:
        for venue in report.connectors:
            made += _ages("event", venue, event_ages.get(venue, Ages()), EVENT_LIMITS_MS)
    made += [_publisher(name, report.log.publisher.get(name, 0)) for name in PUBLISHER_COUNTERS]
    made += _caps(report.caps)
    return tuple(made)


def failures(report: SoakReport) -> tuple[str, ...]:
    """Return the lines of the gate's list of failures; the gate passes a run without failures."""
    return tuple(each.failure for each in checks(report) if each.failure is not None)


def _ages(kind: str, venue: str, ages: Ages, limits: tuple[tuple[int, int], ...]) -> Iterator[Check]:
    missing = f"missing {kind}-age coverage for venue '{venue}' ({kind}_n=0)"
    yield Check(f"ages {venue} {kind}_n", None, None if ages.n else missing)
    for p, limit in limits:
        value = ages.percentile(p)
        above = value is not None and value > limit
        failure = f"{kind}-age p{p} above threshold for venue '{venue}' ({value:.1f}ms > {limit}ms)" if above else None
        yield Check(f"ages {venue} {kind}_p{p}", limit, failure, made=value is not None)


def _plateau(venue: str, longest: Plateau, covered: bool) -> Check:
    failure = None
    if longest.duration_ms:
        tail = f"(max_duration_s={longest.duration_ms / 1_000:.2f})"
        failure = f"stale plateau at {PLATEAU_LIMIT_MS}ms for venue '{venue}' {tail}"
    elif longest.duration_ms is None and longest.records:
        failure = f"stale plateau at {PLATEAU_LIMIT_MS}ms for venue '{venue}' has non-zero ticks without duration"
    return Check(f"plateau {venue} {PLATEAU_LIMIT_MS} max_duration_s", 0, failure if covered else None, made=covered)


def _reconnects(venue: str, reason: str, log: LogSection, covered: bool) -> Check:
    count = log.combined((venue, reason))
    over = f"(combined={count} > {RECONNECT_LIMIT})"
    failure = f"reconnect threshold exceeded for venue '{venue}', reason '{reason}' {over}"
    return Check(
        f"reconnects {venue} {reason}",
        RECONNECT_LIMIT,
        failure if covered and count > RECONNECT_LIMIT else None,
        covered,
    )


def _publisher(name: str, count: int) -> Check:
    return Check(f"publisher {name}", 0, f"market_publisher counter '{name}' is non-zero ({count})" if count else None)


def _caps(caps: CapHitSection | None) -> Iterator[Check]:
    missing = "missing market_rx_stats.log (cap_hits evidence unavailable)"
    yield Check("cap_hits parsed lines", None, missing if caps is None else None)
    total, burst = (caps.total, caps.burst) if caps is not None else (0, 0)
    failure = f"runner cap_hits total is non-zero ({total})" if total else None
    yield Check("cap_hits estimated total", 0, failure, made=caps is not None)
    failure = f"runner cap_hits max burst is non-zero (+{burst})" if burst else None
    yield Check("cap_hits worst interval burst", 0, failure, made=caps is not None)
