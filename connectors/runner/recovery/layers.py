"""The two recovery layers above the connectors, called at the runner's ticks: REST monitor and enforcer.

Both judge the time since the socket's last book or, if that is later, since the connector proved the market quiet: a
quiet market is no silence. Injected books do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Protocol

from connectors.recording.run_files import Journal
from connectors.runner.event_channel import EventChannel
from connectors.runner.health import NEVER
from connectors.runner.queue import Delivery
from connectors.runner.recovery.enforcer import Enforcer, EnforcerSettings, restart_line
from connectors.runner.recovery.rest_monitor import POLL_MS, MonitorSettings, VenueMonitor
from connectors.session.connector import Connector
from connectors.session.events import BookFlaws, EventSource, Fetch, Fetched, FetchFailed
from connectors.session.rest_polls import RestFailure, decode_response
from connectors.venues.frames import Book
from toolkit.model.vocabulary import ReconnectReason

NEVER_DUE_MS = 1 << 62


class ConnectorHandle(Protocol):
    """A running connector, driven by sockets or by a simulation."""

    @property
    def venue(self) -> str:
        """Name of the venue."""

    @property
    def machine(self) -> Connector:
        """State machine of the connector."""

    def request(self, fetch: Fetch, answered: Callable[[Fetched | FetchFailed], None]) -> None:
        """Make a REST request beside the connector's own; `answered` is called once with the response."""

    def restart(self, reason: ReconnectReason) -> None:
        """End the connector's task and begin it again; its attempt or session ends with `reason`."""


class RecoveryLayers:
    """The REST monitor and the enforcer of a run; `connectors` are in the order of the telemetry arrays."""

    def __init__(
        self,
        connectors: Sequence[ConnectorHandle],
        monitor: MonitorSettings,
        enforcer: EnforcerSettings,
        channel: EventChannel,
        journal: Journal,
    ) -> None:
        self._connectors = connectors
        self._enforcer = Enforcer(enforcer)
        self._channel, self._journal = channel, journal
        self._monitors = {
            each.venue: VenueMonitor(each.venue, monitor)
            for each in connectors
            if each.machine.venue.snapshot is not None
        }
        self._began_ms: int | None = None
        self._due_ms = 0
        self._book_ages: Mapping[str, int] = {}
        """Age of each venue's book at the last tick, `NEVER` without one."""
        self._aged_ms = 0

    def restarts(self, venue: str) -> int:
        """Return the number of restarts of a venue's connector."""
        return self._enforcer.restarts.get(venue, 0)

    def tick(self, now_ms: int, book_ages: Mapping[str, int]) -> None:
        """Take the ages of the socket's books at a tick, and check the venues if they are due."""
        if self._began_ms is None:
            self._began_ms = self._due_ms = now_ms
        self._book_ages, self._aged_ms = book_ages, now_ms
        if now_ms < self._due_ms:
            return
        late_ms = now_ms - self._due_ms
        self._due_ms += POLL_MS if late_ms < POLL_MS else late_ms + POLL_MS
        for index, connector in enumerate(self._connectors):
            if connector.venue in self._monitors:
                self._monitor(now_ms, connector)
            self._enforce(now_ms, index, connector)

    def close(self, now_ms: int) -> None:
        """Write the final counts of the REST monitor; later ticks check nothing."""
        self._due_ms = NEVER_DUE_MS
        for venue, monitor in self._monitors.items():
            self._write(monitor, [monitor.audit_line(now_ms, self._age_ms(now_ms, venue))])

    def _age_ms(self, now_ms: int, venue: str) -> int:
        """Return the time without a book; for a venue that never had one, the time since the start."""
        machine = next(each.machine for each in self._connectors if each.venue == venue)
        age_ms = self._book_ages.get(venue, NEVER)
        since_ms = self._began_ms or 0 if age_ms == NEVER else self._aged_ms - age_ms
        return max(0, now_ms - max(since_ms, machine.proven_quiet_ms or 0))

    # --- REST monitor -------------------------------------------------------------------------------------------------

    def _monitor(self, now_ms: int, connector: ConnectorHandle) -> None:
        monitor = self._monitors[connector.venue]
        wanted, lines = monitor.check(now_ms, self._age_ms(now_ms, connector.venue))
        fetch = connector.machine.book_request() if wanted else None
        self._write(monitor, lines)
        if fetch is not None:
            monitor.fetch_begins()
            connector.request(fetch, partial(self._answered, connector))

    def _answered(self, connector: ConnectorHandle, response: Fetched | FetchFailed) -> None:
        monitor, machine = self._monitors[connector.venue], connector.machine
        now_ms = self._channel.clock.now_ms()
        age_ms = self._age_ms(now_ms, connector.venue)
        if machine.venue.snapshot is None:
            return
        book = decode_response(machine.venue.snapshot, machine.target, response)
        if isinstance(book, RestFailure):
            lines = monitor.failed(now_ms, age_ms, book.why, book.retry_after_ms)
        elif self._channel.publisher.is_full(connector.venue):
            lines = monitor.failed(now_ms, age_ms, "the queue of the runner is full")
        else:
            inject, lines = monitor.fetched(now_ms, age_ms)
            if inject:
                self._inject(now_ms, connector.venue, book)
        self._write(monitor, lines)

    def _inject(self, now_ms: int, venue: str, book: Book) -> None:
        at_unix_ms = self._channel.clock.unix_ms()
        self._channel.offer(Delivery(venue, book, BookFlaws.NONE, EventSource.INJECTED, now_ms, at_unix_ms))

    def _write(self, monitor: VenueMonitor, lines: Sequence[str]) -> None:
        if lines:
            self._journal.record("rest_monitor", lines, monitor.venue, **asdict(monitor.counts))

    # --- enforcer -----------------------------------------------------------------------------------------------------

    def _enforce(self, now_ms: int, index: int, connector: ConnectorHandle) -> None:
        venue = connector.venue
        never = self._book_ages.get(venue, NEVER) == NEVER
        age_ms = NEVER if never else self._age_ms(now_ms, venue)
        if connector.machine.waits_for_attempt(now_ms) or not self._enforcer.takes_action(now_ms, venue, age_ms):
            return
        threshold_ms = self._enforcer.settings.force_restart_ms
        line = restart_line(venue, index, age_ms, threshold_ms)
        self._journal.record("enforcer_restart", [line], venue, age_ms=age_ms, count=self.restarts(venue))
        connector.restart(ReconnectReason.ENFORCER_RESTART)
