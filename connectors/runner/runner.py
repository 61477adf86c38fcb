"""The runner: at each tick it takes the events of the connectors and writes the state of the venues.

A tick never waits for a telemetry write or a venue. All decisions are made by the pure modules that it calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol, TextIO

from connectors.recording.run_files import Journal
from connectors.runner import runner_lines
from connectors.runner.event_channel import EventChannel
from connectors.runner.fair_value import FairValueModel, VenueVolatilities
from connectors.runner.market_state import MarketView
from connectors.runner.queue import Delivery, Pressure, Publisher
from connectors.runner.recovery.enforcer import EnforcerSettings, stuck_lines
from connectors.runner.recovery.layers import ConnectorHandle, RecoveryLayers
from connectors.runner.recovery.rest_monitor import MonitorSettings
from connectors.runner.telemetry import Tick, TickTiming, VenueSnapshot, encode_tick, fair_value, flaw_names
from connectors.runner.tick import CoalesceSettings, RxStats, TickTimer, coalesce
from toolkit.model.vocabulary import VenueStatus


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """Settings of the runner; times in ms.

    `catastrophic_ms` is the event age above which a venue is disabled. Receive statistics are written every
    `rx_stats_every_ticks` ticks, never if that is 0.
    """

    interval_ms: int = 250
    min_interval_ms: int = 100
    coalescing: CoalesceSettings = field(default_factory=CoalesceSettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    enforcer: EnforcerSettings = field(default_factory=EnforcerSettings)
    catastrophic_ms: int = 120_000
    rx_stats_every_ticks: int = 1


class TelemetrySink(Protocol):
    """Writer of telemetry records; `capacity` is the size of its queue, `dropped` counts records that it dropped."""

    capacity: int
    dropped: int

    def write(self, record: bytes) -> bool:
        """Write or enqueue a record without waiting; return False if it was dropped."""


class Runner:
    """Runs ticks until it is cancelled; `t` is the number of the next tick, `statuses` has the status of each venue.

    `drivers` are in the order of the telemetry arrays. `fresh_ms` is by venue the largest apply age of a healthy
    venue. `config` is the configuration version. `producer_fields` go into the object `toolkit` of every record.
    """

    def __init__(
        self,
        drivers: Sequence[ConnectorHandle],
        fresh_ms: Mapping[str, int],
        settings: RunnerSettings,
        channel: EventChannel,
        journal: Journal,
        telemetry: TelemetrySink,
        rx_stats_file: TextIO,
        config: str,
        producer_fields: Mapping[str, Any],
    ) -> None:
        self.t = 0
        self.statuses: dict[str, VenueStatus] = {}
        self._drivers = drivers
        self._views = {driver.venue: MarketView(driver.venue) for driver in drivers}
        self._fresh_ms, self._settings, self._channel = fresh_ms, settings, channel
        self._journal, self._telemetry, self._rx_stats_file = journal, telemetry, rx_stats_file
        self._config, self._producer_fields = config, producer_fields
        self._venues_applied: set[str] = set()
        self._layers = RecoveryLayers(drivers, settings.monitor, settings.enforcer, channel, journal)
        self._model = FairValueModel()
        self._volatilities = VenueVolatilities(self._views)
        self._timer = TickTimer(channel.clock.now_ms(), settings.interval_ms, settings.min_interval_ms)

    async def run(self) -> None:
        """Run ticks until cancelled."""
        clock = self._channel.clock
        while True:
            wait_s = max(0.0, self.due_ms / 1_000 - clock.now_us() / 1_000_000)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._channel.data_available.wait()
            self.step()

    @property
    def due_ms(self) -> int:
        """Time in monotonic ms at which `step` must be called; new events may move it forward."""
        return self._timer.wake_ms

    def step(self) -> None:
        """Check for new events, and run a tick or empty full queues if that is due; never waits."""
        clock, data_available = self._channel.clock, self._channel.data_available
        if data_available.is_set():
            data_available.clear()
            self._timer.data_arrived(clock.now_ms())
            if self._is_queue_full():
                self._timer.queues_full()
        if (now_ms := clock.now_ms()) >= self._timer.due_ms:
            self.tick(self._timer.start_tick(now_ms))
        elif self._timer.empties_queues(now_ms):
            self._channel.publisher.set_aside_full()
            self._channel.space_available.set()

    def close(self) -> None:
        """Write the final counts of the REST monitor, then run a last tick."""
        self._layers.close(self._channel.clock.now_ms())
        self.tick()

    def _is_queue_full(self) -> bool:
        return any(map(self._channel.publisher.is_full, self._views))

    def tick(self, stood_still_ms: int = 0) -> None:
        """Run one tick now; after a standstill (its length in ms, else 0) it drains nothing."""
        clock = self._channel.clock
        start_us, now_ms, unix_ms = clock.now_us(), clock.now_ms(), clock.unix_ms()
        if stood_still_ms:
            self._journal.record("stood_still", stuck_lines(stood_still_ms), tick=self.t, for_ms=stood_still_ms)
        self._journal.write_held()
        drained, stats = coalesce(() if stood_still_ms else self._channel.publisher.drain(), self._settings.coalescing)
        self._channel.space_available.set()
        drained_us = clock.now_us() - start_us
        self._apply(drained, now_ms)
        snapshots = [
            VenueSnapshot.at(view, now_ms, unix_ms, self._fresh_ms[view.venue], self._settings.catastrophic_ms)
            for view in self._views.values()
        ]
        self._record_status_changes(snapshots)
        if not stood_still_ms:
            self._layers.tick(now_ms, {each.view.venue: each.ages.apply_age_ms for each in snapshots})
        applied_us = clock.now_us() - start_us
        timing = TickTiming(drained_us, applied_us, clock.now_us() - start_us)
        self._write_record(snapshots, timing, stats, unix_ms, stood_still_ms)
        self.t += 1

    def _apply(self, drained: Sequence[Delivery], now_ms: int) -> None:
        for venue, group in groupby(drained, key=lambda delivery: delivery.venue):
            view = self._views[venue]
            view.apply(group, now_ms)
            if venue not in self._venues_applied and view.applied_ms is not None:
                self._venues_applied.add(venue)
                index = list(self._views).index(venue)
                market = self._drivers[index].machine.target.market
                self._journal.record(
                    "first_applied", runner_lines.first_applied(view, index, market), venue, tick=self.t
                )

    def _record_status_changes(self, snapshots: Sequence[VenueSnapshot]) -> None:
        for each in snapshots:
            venue, before = each.view.venue, self.statuses.get(each.view.venue)
            if before is not each.status:
                self.statuses[venue] = each.status
                self._journal.record("status", (), venue, tick=self.t, before=before, status=each.status)

    def _write_record(
        self, snapshots: Sequence[VenueSnapshot], timing: TickTiming, stats: RxStats, unix_ms: int, stood_still_ms: int
    ) -> None:
        with_stats = self._settings.rx_stats_every_ticks > 0
        toolkit = {
            **self._producer_fields,
            "venues": [self._venue_fields(each) for each in snapshots],
            "telemetry_dropped": self._dropped,
            "stood_still_ms": stood_still_ms,
        }
        self._model.update(fair_value(snapshots), unix_ms)
        self._volatilities.update({each.view.venue: float(each.view.mid) for each in snapshots})
        counts, model = stats if with_stats else None, self._model.fields() | self._volatilities.fields()
        tick = Tick(self.t, unix_ms, self._config, snapshots, timing, counts, toolkit, model)
        if with_stats and self.t % self._settings.rx_stats_every_ticks == 0:
            self._rx_stats_file.write(runner_lines.rx_stats(self.t, stats) + "\n")
        if not self._telemetry.write(encode_tick(tick)):
            dropped_line = runner_lines.telemetry_dropped(self.t, self._telemetry.capacity, self._dropped)
            self._journal.record(
                "telemetry_dropped", [dropped_line] if dropped_line else (), tick=self.t, count=self._dropped
            )
        if overrun_line := runner_lines.overrun(self.t, timing, self._settings.interval_ms * 1_000):
            self._journal.record("overrun", [overrun_line], tick=self.t, total_us=timing.total_us)

    @property
    def _dropped(self) -> int:
        return self._telemetry.dropped

    def _venue_fields(self, snapshot: VenueSnapshot) -> dict[str, Any]:
        view, publisher = snapshot.view, self._channel.publisher
        state = next(driver.machine.state for driver in self._drivers if driver.venue == view.venue)
        venue_fields: dict[str, Any] = {
            "venue_id": view.venue,
            "state": state,
            "source": view.source,
            "applied": view.applied,
            "injected": view.injected,
            "injected_age_ms": snapshot.injected_age_ms,
            "enforcer_restarts": self._layers.restarts(view.venue),
            "queue_high_water": publisher.high_water(view.venue),
            **_pressure_counts(publisher, view.venue),
        }
        if view.source and (names := flaw_names(view.flaws)):
            venue_fields["flaws"] = names
        if flaw := view.event_time_flaw(self._channel.clock.unix_ms()):
            venue_fields["event_time"] = flaw
        return venue_fields


def _pressure_counts(publisher: Publisher, venue: str) -> dict[str, int]:
    return {pressure.value: publisher.counts[venue, pressure] for pressure in Pressure}
