"""Attack one venue with one attack after the other, and measure what each does to the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.simulator.scenario import Scenario
from connectors.simulator.server import loopback
from connectors.venues import venues
from tests.attacks.catalogue import Attack, NoMechanismError
from tests.attacks.front import Front, front_before
from tests.attacks.measured_run import Load, measured_run, reasons

START_S = 60.0
SETTLED_MS = 500
"""Time after an attack from which a book counts, because messages of the attack may still wait."""
HEALTHY_S = 3.0
MAX_PEAK_MB = 400.0
MAX_GROWN_KB_S = 500.0
SETTINGS = {
    "PARAPHINA_WS_HEALTHY_THRESHOLD_MS": "2000",
    "PARAPHINA_WS_AUDIT": "1",
    "PARAPHINA_PARADEX_PUBLIC_FEED": "orderbook",
}
"""Settings of the attacked run; Paradex sends whole books, because the attacks are made from its messages."""
STALE_MS = "4000"


@dataclass(frozen=True)
class Outcome:
    """The effects of an attack; `failure` names a broken bound, `not_applicable` the reason why it was not made."""

    attack: str
    venue: str
    load: Load | None = None
    told: str = ""
    well_after_s: float | None = None
    not_applicable: str = ""
    failure: str = ""

    def row(self, what: str) -> str:
        """Return the row of the table; the first row of an attack says what it does."""
        name = f"**{self.attack}**: {what}" if what else ""
        if self.load is None:
            return f"| {name} | {self.venue} | | | | {self.not_applicable or self.failure} | |"
        well = "not well" if self.well_after_s is None else f"{self.well_after_s:.1f} s"
        numbers = f"{self.load.peak_mb:.0f} | {self.load.share:.2f} | {self.load.grown_kb_s:.0f}"
        return f"| {name} | {self.venue} | {numbers} | {self.told or 'nothing: the books went on'} | {well} |"

    def line(self) -> str:
        """Return a line about the progress."""
        return f"{self.venue:12} {self.attack:22} {self.row('')}"


async def attacked_venue(
    venue: str, attacks: Sequence[Attack], seconds: float, out: Path, progress: Callable[[Outcome], None]
) -> AsyncIterator[Outcome]:
    """Make the attacks on one venue and yield their outcomes."""
    minutes = sum(seconds + each.well_again_s + 10 for each in attacks) / 60 + 2
    async with hostile_venues((venue,)) as (fronts, environ), measured_run(out, (venue,), environ, minutes) as run:
        if await run.well(venue, START_S) is None:
            yield Outcome(attacks[0].name, venue, failure="the venue was not well before the first attack")
            return
        for attack in attacks:
            try:
                hostility = attack.make(venue)
            except NoMechanismError as error:
                outcome = Outcome(attack.name, venue, not_applicable=str(error))
            else:
                offset = run.events_bytes
                fronts[venue].begin(hostility)
                load = await run.measure(seconds)
                fronts[venue].end()
                well_after_s = await run.well(venue, attack.well_again_s, time.time() * 1_000 + SETTLED_MS)
                told = reasons(run.events_since(offset))
                # The next attack meets a session that has been healthy, so the waits of this one are over.
                await asyncio.sleep(HEALTHY_S)
                outcome = Outcome(
                    attack.name, venue, load, told, well_after_s, failure=_failure(attack, load, told, well_after_s)
                )
            progress(outcome)
            yield outcome


def _failure(attack: Attack, load: Load, told: str, well_after_s: float | None) -> str:
    if well_after_s is None:
        return "not well again in time"
    if attack.reason not in told:
        return f"told {told or 'nothing'}, not {attack.reason}"
    if load.peak_mb > MAX_PEAK_MB:
        return f"peak memory of {load.peak_mb:.0f} MB"
    return f"files grew by {load.grown_kb_s:.0f} kB/s" if load.grown_kb_s > MAX_GROWN_KB_S else ""


@asynccontextmanager
async def hostile_venues(
    names: Sequence[str], *, seed: int = 1
) -> AsyncIterator[tuple[dict[str, Front], dict[str, str]]]:
    """Run simulated venues behind relays; yield the relays and the environment that leads a client to them."""
    chosen = {name: venue for name, venue in venues().items() if name in names}
    async with AsyncExitStack() as stack:
        environ = await stack.enter_async_context(
            loopback(chosen, Scenario(), seed=seed, profile=ClientProfile.PARAPHINA)
        )
        fronts: dict[str, Front] = {}
        for name, venue in chosen.items():
            port = urlsplit(environ[venue.ws.name]).port
            fronts[name] = await stack.enter_async_context(front_before(port or 0))
            for setting in (venue.ws.name, venue.rest.name):
                environ[setting] = environ[setting].replace(f":{port}", f":{fronts[name].port}")
            environ[f"PARAPHINA_{venue.prefix}_STALE_MS"] = STALE_MS
        yield fronts, {**environ, **SETTINGS}
