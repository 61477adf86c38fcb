"""REST monitor (layer B): it looks at the REST book of a venue whose socket brings no book.

Each venue is checked every `POLL_MS`. From `threshold_ms` without a book the venue's REST book is fetched. In the mode
`inject_snapshot` it is injected, marked as such, and the next fetch follows after another threshold; in the mode
`probe_only` it is only looked at, at every check. A venue that asks to wait (Retry-After) is left alone for that time.

Counts and lines have the producer's form. The audit line is written at the first checks, after each fetch, and at least
every `LOG_EVERY_MS`; the last one, at the end of the run, has the final counts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from connectors.recording.log_lines import AUDIT
from connectors.text import quoted

POLL_MS = 5_000
"""Time between two checks of a venue, here and by the enforcer."""
LOG_EVERY_MS = 30_000
ALWAYS_LOGGED_CHECKS = 3


class MonitorMode(StrEnum):
    """The use of a fetched book: it is injected, or it is only looked at."""

    INJECT_SNAPSHOT = "inject_snapshot"
    PROBE_ONLY = "probe_only"


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """Time without a book from which a venue's REST book is fetched, in ms, and the mode."""

    threshold_ms: int = 20_000
    mode: MonitorMode = MonitorMode.INJECT_SNAPSHOT


@dataclass(slots=True)
class MonitorCounts:
    """Counts of one venue since the start, by the names in the log.

    An attempt ends as a success or a failure. A success that came after the socket's next book is suppressed, any
    other of the mode `inject_snapshot` is an injection.
    """

    rest_check_count: int = 0
    rest_attempt_count: int = 0
    rest_success_count: int = 0
    rest_fail_count: int = 0
    rest_inject_count: int = 0
    rest_suppressed_count: int = 0


@dataclass(slots=True)
class VenueMonitor:
    """The monitor of one venue; a caller makes the fetches and injects the books.

    Ages are the time without a book in ms; `lines` are the lines to write after a call, with `counts`.
    """

    venue: str
    settings: MonitorSettings
    counts: MonitorCounts = field(default_factory=MonitorCounts)
    _stale: bool = False
    _fetching: bool = False
    _next_fetch_ms: int = 0
    _logged_ms: int = 0

    def check(self, now_ms: int, age_ms: int) -> tuple[bool, list[str]]:
        """Check the venue; return whether to fetch its book now, and the lines to write."""
        self.counts.rest_check_count += 1
        lines: list[str] = []
        stale = age_ms >= self.settings.threshold_ms
        if stale and not self._stale:
            limits = f"(age_ms={age_ms}, threshold={self.settings.threshold_ms})"
            lines.append(
                f"WARN: REST health monitor: {self.venue} stale {limits}, activating REST {self.settings.mode}"
            )
        elif self._stale and not stale:
            lines.append(f"INFO: REST health monitor: {self.venue} recovered (age_ms={age_ms})")
        self._stale = stale
        if self.counts.rest_check_count <= ALWAYS_LOGGED_CHECKS or now_ms - self._logged_ms >= LOG_EVERY_MS:
            lines.append(self.audit_line(now_ms, age_ms))
        return stale and not self._fetching and now_ms >= self._next_fetch_ms, lines

    def fetch_begins(self) -> None:
        """Count a fetch; `fetched` or `failed` must follow."""
        self.counts.rest_attempt_count += 1
        self._fetching = True

    def fetched(self, now_ms: int, age_ms: int) -> tuple[bool, list[str]]:
        """Take note of a fetched book; return whether to inject it, and the lines to write."""
        self._fetching = False
        self.counts.rest_success_count += 1
        inject = self.settings.mode is MonitorMode.INJECT_SNAPSHOT
        if inject and age_ms < self.settings.threshold_ms:
            self.counts.rest_suppressed_count += 1
            inject = False
        if inject:
            self.counts.rest_inject_count += 1
            self._next_fetch_ms = now_ms + self.settings.threshold_ms
        return inject, [self.audit_line(now_ms, age_ms)]

    def failed(self, now_ms: int, age_ms: int, why: str, retry_after_ms: int | None = None) -> list[str]:
        """Take note of a fetch without a usable book; return the lines to write."""
        self._fetching = False
        self.counts.rest_fail_count += 1
        self._next_fetch_ms = now_ms + (retry_after_ms or 0)
        error = f"WARN: REST health monitor: {self.venue} REST fetch error: {quoted(why)}"
        return [error, self.audit_line(now_ms, age_ms)]

    def audit_line(self, now_ms: int, age_ms: int) -> str:
        """Return the line with all counts."""
        self._logged_ms = now_ms
        counts = " ".join(f"{name}={count}" for name, count in asdict(self.counts).items())
        return (
            f"{AUDIT}subsystem=rest_monitor venue={self.venue} mode={self.settings.mode} {counts} age_ms={age_ms} "
            f"threshold_ms={self.settings.threshold_ms}"
        )
