"""Create a run's connectors, runner and files from a plan and an environment.

It does not decide how they are driven: `live_run` uses sockets and an event loop, the tests a simulated clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from importlib.metadata import version
from pathlib import Path

import connectors
from connectors import settings
from connectors.clock import Clock
from connectors.recording.run_files import Journal, TelemetryWriter
from connectors.recording.tape import TapeHeader
from connectors.recording.tape_writer import FRAMES, SocketRecorder, TapeWriter
from connectors.runner import runner_lines
from connectors.runner.event_channel import EventChannel
from connectors.runner.queue import Publisher
from connectors.runner.recovery.enforcer import EnforcerSettings
from connectors.runner.recovery.layers import ConnectorHandle
from connectors.runner.recovery.rest_monitor import MonitorMode, MonitorSettings
from connectors.runner.runner import Runner, RunnerSettings, TelemetrySink
from connectors.runner.tick import CoalesceSettings
from connectors.session.connector import Connector
from connectors.session.side_feeds.connector import SideConnector
from connectors.settings import ResolvedSetting
from connectors.venues.spec import SettingType, Venue
from toolkit.smoke.plan import ShadowPlan

TELEMETRY = "telemetry.jsonl"


class RefusedClients:
    """Tells the user which clients the simulated venues refuse, and records them once the files of the run are open."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._journal: Journal | None = None
        self._unrecorded: list[str] = []

    def write(self, text: str) -> None:
        """Take a notice, which begins with the venue and a colon."""
        self._notice(f"simulated {text}")
        if self._journal is None:
            self._unrecorded.append(text)
        else:
            self._journal.record("client_refused", [runner_lines.client_refused(text)], detail=text)

    def record_into(self, journal: Journal) -> None:
        """Record the notices so far and all later ones."""
        self._journal = journal
        for text in self._unrecorded:
            journal.record("client_refused", [runner_lines.client_refused(text)], detail=text)


class RunWiring:
    """The connectors, the queue, the journal and the files of one run, in the run directory `out`.

    `machines` are the connectors' state machines, one per venue in the order of the plan, `side_machines` those of
    their side feeds; nothing runs until a caller drives them. `common` are the resolved settings that all venues share.
    Files are closed with `stack`.

    Raises `UsageError` for an invalid setting.
    """

    def __init__(
        self,
        stack: AsyncExitStack | ExitStack,
        plan: ShadowPlan,
        out: Path,
        environ: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self.plan, self.out, self.clock = plan, out, clock
        self.common = settings.resolve(settings.COMMON_SETTINGS, environ)
        self.journal = Journal(out, clock, plan.venues, audit=bool(self.common["PARAPHINA_WS_AUDIT"].value))
        stack.callback(self.journal.close)
        self.publisher = Publisher(plan.venues)
        self._settings = {
            name: self.common | settings.resolve(settings.venue_settings(venue), environ)
            for name, venue in plan.venues.items()
        }
        self.machines = [self._machine(venue) for venue in plan.venues.values()]
        self.side_machines = [machine for venue in plan.venues.values() for machine in self._side_machines(venue)]
        self._producer_fields = {"simulated": plan.simulated, "feed": plan.feed}
        self._rx_stats = stack.enter_context((out / "market_rx_stats.log").open("x", encoding="utf-8", buffering=1))
        self._version = f"toolkit-{version('run-evidence-toolkit')}"
        self._log_start()

    def runner(self, drivers: Sequence[ConnectorHandle], channel: EventChannel, telemetry: TelemetrySink) -> Runner:
        """Create the runner for `drivers`, which may be real or simulated."""
        fresh_ms = {
            venue.name: settings.fresh_ms(venue, self._settings[venue.name]) for venue in self.plan.venues.values()
        }
        return Runner(
            drivers,
            fresh_ms,
            _runner_settings(self.common),
            channel,
            self.journal,
            telemetry,
            self._rx_stats,
            self._version,
            self._producer_fields,
        )

    def open_telemetry(self) -> TelemetryWriter:
        """Open the telemetry file; a write error is logged by the running event loop."""
        loop = asyncio.get_running_loop()

        def record(reason: str) -> None:
            # Where the log cannot be written either, the run ends at its next line.
            with suppress(OSError):
                self.journal.record("telemetry_failed", [runner_lines.telemetry_failed(reason)], detail=reason)

        def failed(reason: str) -> None:
            loop.call_soon_threadsafe(record, reason)

        return TelemetryWriter(self.out / TELEMETRY, integer(self.common["PARAPHINA_TELEMETRY_CHANNEL_CAP"]), failed)

    def change_feed(self, plan: ShadowPlan) -> None:
        """Log what the connections showed of the feed; later telemetry states it."""
        self.plan = plan
        self._producer_fields["simulated"] = plan.simulated
        self._log_feed()

    def open_tapes(self, stack: AsyncExitStack) -> Callable[..., SocketRecorder | None]:
        """Open the tapes of all venues; return the function that gives the recorder of a venue and side feed.

        It gives None if the plan records no frames.
        """
        if not self.plan.record_frames:
            return lambda _venue, _feed=None: None
        tapes = {machine.venue.name: self._open_tape(stack, machine) for machine in self.machines}
        return lambda venue, feed=None: tapes[venue].recorder(feed)

    def _open_tape(self, stack: AsyncExitStack, machine: Connector) -> TapeWriter:
        target = machine.target
        header = TapeHeader(
            machine.venue.name, target.market, self.plan.source, target.instrument or None, dict(target.options)
        )
        return stack.enter_context(TapeWriter(self.out / FRAMES, header, self.clock, target.ws_urls))

    def _machine(self, venue: Venue) -> Connector:
        resolved = self._settings[venue.name]
        target = settings.target(venue, resolved, self.plan.base)
        return Connector(venue, target, settings.limits(venue, resolved), self._uniform(venue.name))

    def _side_machines(self, venue: Venue) -> Iterator[SideConnector]:
        resolved = self._settings[venue.name]
        target, limits = settings.target(venue, resolved, self.plan.base), settings.limits(venue, resolved)
        for feed in venue.side_feeds(target):
            yield SideConnector(venue, target, limits, feed, self._uniform(feed.topic.key))

    def _uniform(self, name: str) -> Callable[[], float]:
        """Return the source of waits; a simulated run draws them from the seed, so that it can be repeated."""
        plan = self.plan
        return (random.Random(f"{plan.seed}/{name}/wait") if plan.simulated else random.SystemRandom()).random

    def _log_start(self) -> None:
        """Log the feed, then the start-up line that begins a life."""
        plan = self.plan
        resolved = {name: each for by_name in self._settings.values() for name, each in by_name.items()}
        # Paths and URLs are left out, so that equal settings have equal digests in any directory and on any port.
        behaviour = sorted((name, str(each.value)) for name, each in resolved.items() if not _is_location(each))
        start = runner_lines.startup(
            network="loopback" if plan.simulated else "mainnet",
            venues=list(plan.venues),
            version=self._version,
            interval_ms=integer(self.common["PARAPHINA_MAIN_LOOP_INTERVAL_MS"]),
            build_id=_build_id(),
            dirty=False,
            digest=hashlib.sha256(repr(behaviour).encode()).hexdigest()[:16],
        )
        self._log_feed()
        self.journal.record("startup", [start])
        self.journal.record("no_pressure", runner_lines.zero_counters())

    def _log_feed(self) -> None:
        plan = self.plan
        self.journal.record("feed", [f"toolkit smoke: {plan.source}"], simulated=plan.simulated, feed=plan.feed)


def _runner_settings(common: Mapping[str, ResolvedSetting]) -> RunnerSettings:
    cap = common["PARAPHINA_L2_TICK_DELTA_BUFFER_MAX"].value
    coalescing = CoalesceSettings(
        books=bool(common["PARAPHINA_L2_SNAPSHOT_COALESCE"].value),
        deltas=bool(common["PARAPHINA_L2_DELTA_COALESCE"].value),
        max_deltas=None if cap is None else int(cap),
    )
    rx_stats = bool(common["PARAPHINA_MARKET_RX_STATS"].value)
    return RunnerSettings(
        interval_ms=integer(common["PARAPHINA_MAIN_LOOP_INTERVAL_MS"]),
        min_interval_ms=integer(common["PARAPHINA_MIN_INTER_TICK_MS"]),
        coalescing=coalescing,
        monitor=MonitorSettings(
            integer(common["PARAPHINA_REST_MONITOR_THRESHOLD_MS"]),
            MonitorMode(str(common["PARAPHINA_REST_MONITOR_MODE"].value)),
        ),
        enforcer=EnforcerSettings(
            integer(common["PARAPHINA_FORCE_RESTART_MS"]),
            integer(common["PARAPHINA_ENFORCER_COOLDOWN_SECS"]) * 1_000,
        ),
        catastrophic_ms=integer(common["PARAPHINA_CATASTROPHIC_STALE_MS"]),
        rx_stats_every_ticks=integer(common["PARAPHINA_MARKET_RX_STATS_EVERY_TICKS"]) if rx_stats else 0,
    )


def _is_location(resolved: ResolvedSetting) -> bool:
    """Return whether a setting is a URL or a path."""
    return resolved.setting.kind is SettingType.URLS or resolved.setting.name.endswith("_PATH")


def integer(resolved: ResolvedSetting) -> int:
    """Return the value of an integer setting, 0 if it is unset."""
    return int(resolved.value or 0)


def _build_id() -> str:
    """Return the first 12 hex digits of a SHA-256 over the connectors' source files and their paths."""
    digest = hashlib.sha256()
    root = Path(connectors.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
