"""The runner: tick by tick it takes what the connectors brought, and writes down how the venues are.

A tick never waits for a file or a venue. Everything it decides is decided by the pure modules it calls.
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
from connectors.runner.market_state import MarketView
from connectors.runner.queue import Delivery, Pressure, Publisher
from connectors.runner.telemetry import Tick, TickTiming, VenueSnapshot, encode_tick, flaw_names
from connectors.runner.tick import CoalesceSettings, RxStats, TickTimer, coalesce
from connectors.session.connector import Connector
from toolkit.model.vocabulary import VenueStatus


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """How the runner runs: its ticks and what they fold; times in ms. `rx_every` 0 writes no statistics."""

    interval_ms: int = 250
    min_interval_ms: int = 100
    coalescing: CoalesceSettings = field(default_factory=CoalesceSettings)
    catastrophic_ms: int = 120_000
    rx_stats_every_ticks: int = 1


class ConnectorHandle(Protocol):
    """A connector on its way, whoever drives it."""

    @property
    def venue(self) -> str:
        """Its venue's name."""

    @property
    def machine(self) -> Connector:
        """Its machine."""


class TelemetrySink(Protocol):
    """Where telemetry goes; `capacity` records may wait there, `dropped` found no room."""

    capacity: int
    dropped: int

    def write(self, record: bytes) -> bool:
        """Take a record; False if it was dropped."""


class Runner:
    """Ticks until it is cancelled; `fresh_ms` by venue, in the order of the telemetry arrays.

    `told` goes into every record as the producer's own word.
    """

    def __init__(
        self,
        drivers: Sequence[ConnectorHandle],
        fresh_ms: Mapping[str, int],
        pace: RunnerSettings,
        shared: EventChannel,
        journal: Journal,
        telemetry: TelemetrySink,
        rx: TextIO,
        config: str,
        told: Mapping[str, Any],
    ) -> None:
        self.t = 0
        self.statuses: dict[str, VenueStatus] = {}
        self._drivers = drivers
        self._views = {driver.venue: MarketView(driver.venue) for driver in drivers}
        self._fresh_ms, self._pace, self._shared = fresh_ms, pace, shared
        self._journal, self._telemetry, self._rx = journal, telemetry, rx
        self._config, self._told = config, told
        self._met: set[str] = set()
        self._ticks = TickTimer(shared.clock.now_ms(), pace.interval_ms, pace.min_interval_ms)

    async def run(self) -> None:
        """Tick until cancelled."""
        clock = self._shared.clock
        while True:
            wait_s = max(0.0, self.due_ms / 1_000 - clock.now_us() / 1_000_000)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._shared.data_available.wait()
            self.step()

    @property
    def due_ms(self) -> int:
        """When to step at the latest; what is offered before may bring a tick on."""
        return self._ticks.due_ms

    def step(self) -> None:
        """See what was offered, and tick if it is time; waits for nothing."""
        clock, offered = self._shared.clock, self._shared.data_available
        if offered.is_set():
            offered.clear()
            self._ticks.data_arrived(clock.now_ms())
            if self._is_pressed():
                self._ticks.bring_forward()
        if (now_ms := clock.now_ms()) >= self._ticks.due_ms:
            self.tick(self._ticks.start_tick(now_ms))

    def _is_pressed(self) -> bool:
        publisher = self._shared.publisher
        return any(publisher.queue_length(venue) >= publisher.capacity for venue in self._views)

    def tick(self, stood_still_ms: int = 0) -> None:
        """One tick, now; after a standstill it shows the views as that left them and takes nothing yet."""
        clock = self._shared.clock
        began_us, now_ms, unix_ms = clock.now_us(), clock.now_ms(), clock.unix_ms()
        if stood_still_ms:
            self._journal.record("stood_still", (), tick=self.t, for_ms=stood_still_ms)
        drained, stats = coalesce(() if stood_still_ms else self._shared.publisher.drain(), self._pace.coalescing)
        self._shared.space_available.set()
        drained_us = clock.now_us() - began_us
        self._apply(drained, now_ms)
        pace = self._pace
        seen = [
            VenueSnapshot.at(view, now_ms, unix_ms, self._fresh_ms[view.venue], pace.catastrophic_ms)
            for view in self._views.values()
        ]
        self._transitions(seen)
        applied_us = clock.now_us() - began_us
        timing = TickTiming(drained_us, applied_us, clock.now_us() - began_us)
        self._record(seen, timing, stats, unix_ms)
        self.t += 1

    def _apply(self, drained: Sequence[Delivery], now_ms: int) -> None:
        for venue, group in groupby(drained, key=lambda delivery: delivery.venue):
            view = self._views[venue]
            view.apply(group, now_ms)
            if venue not in self._met and view.applied_ms is not None:
                self._met.add(venue)
                index = list(self._views).index(venue)
                market = self._drivers[index].machine.target.market
                self._journal.record(
                    "first_applied", runner_lines.first_applied(view, index, market), venue, tick=self.t
                )

    def _transitions(self, seen: Sequence[VenueSnapshot]) -> None:
        for each in seen:
            venue, before = each.view.venue, self.statuses.get(each.view.venue)
            if before is not each.status:
                self.statuses[venue] = each.status
                self._journal.record("status", (), venue, tick=self.t, before=before, status=each.status)

    def _record(self, seen: Sequence[VenueSnapshot], timing: TickTiming, stats: RxStats, unix_ms: int) -> None:
        asked = self._pace.rx_stats_every_ticks > 0
        own = {**self._told, "venues": [self._of_venue(each) for each in seen], "telemetry_dropped": self._dropped}
        tick = Tick(self.t, unix_ms, self._config, seen, timing, stats if asked else None, own)
        if asked and self.t % self._pace.rx_stats_every_ticks == 0:
            self._rx.write(runner_lines.rx_stats(self.t, stats) + "\n")
        if not self._telemetry.write(encode_tick(tick)):
            said = runner_lines.telemetry_dropped(self.t, self._telemetry.capacity, self._dropped)
            self._journal.record("telemetry_dropped", [said] if said else (), tick=self.t, count=self._dropped)
        if said := runner_lines.overrun(self.t, timing, self._pace.interval_ms * 1_000):
            self._journal.record("overrun", [said], tick=self.t, total_us=timing.total_us)

    @property
    def _dropped(self) -> int:
        return self._telemetry.dropped

    def _of_venue(self, each: VenueSnapshot) -> dict[str, Any]:
        view, publisher = each.view, self._shared.publisher
        state = next(driver.machine.state for driver in self._drivers if driver.venue == view.venue)
        known: dict[str, Any] = {
            "venue_id": view.venue,
            "state": state,
            "source": view.source,
            "applied": view.applied,
            "injected": view.injected,
            "queue_high_water": publisher.high_water[view.venue],
            **_pressure(publisher, view.venue),
        }
        return known | ({"flaws": wrong} if (wrong := flaw_names(view.flaws)) and view.applied else {})


def _pressure(publisher: Publisher, venue: str) -> dict[str, int]:
    return {pressure.value: publisher.counts[venue, pressure] for pressure in Pressure}
