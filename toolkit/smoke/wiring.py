"""The machines of a run, its runner and its files, put together from a plan and an environment.

Who drives the machines, sockets and an event loop or a simulation in virtual time, is another matter.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from importlib.metadata import version
from pathlib import Path

import connectors
from connectors import settings
from connectors.clock import Clock
from connectors.recording.run_files import Journal
from connectors.runner import runner_lines
from connectors.runner.handover import Handover
from connectors.runner.queue import Publisher
from connectors.runner.runner import Driven, Pace, Records, Runner
from connectors.runner.tick import Folding
from connectors.session.connector import Connector
from connectors.settings import ResolvedSetting
from connectors.venues.spec import SettingType, Venue
from toolkit.smoke.plan import ShadowPlan

TELEMETRY = "telemetry.jsonl"


class RunWiring:
    """The machines and the files of a run; files are closed with the stack. Nothing runs before someone drives it."""

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
        self._of = {
            name: self.common | settings.resolve(settings.venue_settings(venue), environ)
            for name, venue in plan.venues.items()
        }
        self.machines = [self._machine(venue) for venue in plan.venues.values()]
        self._rx = stack.enter_context((out / "market_rx_stats.log").open("x", encoding="utf-8", buffering=1))
        self._config = f"toolkit-{version('run-evidence-toolkit')}"
        self._announce()

    def runner(self, drivers: Sequence[Driven], handover: Handover, telemetry: Records) -> Runner:
        """The runner of these machines, whoever drives them."""
        fresh_ms = {venue.name: settings.fresh_ms(venue, self._of[venue.name]) for venue in self.plan.venues.values()}
        told = {"simulated": self.plan.simulated, "feed": self.plan.feed}
        pace = _pace(self.common)
        return Runner(drivers, fresh_ms, pace, handover, self.journal, telemetry, self._rx, self._config, told)

    def _machine(self, venue: Venue) -> Connector:
        plan, resolved = self.plan, self._of[venue.name]
        draw = random.Random(f"{plan.seed}/{venue.name}/wait") if plan.simulated else random.SystemRandom()
        target = settings.target(venue, resolved, plan.base)
        return Connector(venue, target, settings.limits(venue, resolved), draw.random)

    def _announce(self) -> None:
        """Say first what the feed is, then the start-up line of a life."""
        plan = self.plan
        every = {name: each for of in self._of.values() for name, each in of.items()}
        # How it runs, not where: equal settings have one digest whatever the directory and the ports.
        known = sorted((name, str(each.value)) for name, each in every.items() if not _is_a_place(each))
        start = runner_lines.startup(
            network="loopback" if plan.simulated else "mainnet",
            venues=list(plan.venues),
            version=self._config,
            interval_ms=number(self.common["PARAPHINA_MAIN_LOOP_INTERVAL_MS"]),
            build_id=_build(),
            dirty=False,
            digest=hashlib.sha256(repr(known).encode()).hexdigest()[:16],
        )
        self.journal.tell("feed", [f"toolkit smoke: {plan.source}"], simulated=plan.simulated, feed=plan.feed)
        self.journal.tell("startup", [start])
        self.journal.tell("no_pressure", runner_lines.no_pressure())


def _pace(common: Mapping[str, ResolvedSetting]) -> Pace:
    cap = common["PARAPHINA_L2_TICK_DELTA_BUFFER_MAX"].value
    folding = Folding(
        books=bool(common["PARAPHINA_L2_SNAPSHOT_COALESCE"].value),
        deltas=bool(common["PARAPHINA_L2_DELTA_COALESCE"].value),
        cap=None if cap is None else int(cap),
    )
    counted = bool(common["PARAPHINA_MARKET_RX_STATS"].value)
    return Pace(
        interval_ms=number(common["PARAPHINA_MAIN_LOOP_INTERVAL_MS"]),
        least_ms=number(common["PARAPHINA_MIN_INTER_TICK_MS"]),
        folding=folding,
        catastrophic_ms=number(common["PARAPHINA_CATASTROPHIC_STALE_MS"]),
        rx_every=number(common["PARAPHINA_MARKET_RX_STATS_EVERY_TICKS"]) if counted else 0,
    )


def _is_a_place(resolved: ResolvedSetting) -> bool:
    return resolved.setting.kind is SettingType.URLS or resolved.setting.name.endswith("_PATH")


def number(resolved: ResolvedSetting) -> int:
    """A setting that is a number."""
    return int(resolved.value or 0)


def _build() -> str:
    """What the connectors are made of: a digest over their source."""
    digest = hashlib.sha256()
    root = Path(connectors.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
