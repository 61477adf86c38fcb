"""`toolkit venues`: the simulated venues as servers of their own, for any client whose URLs can be set."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli import options as opt
from toolkit.cli import server_options as server
from toolkit.cli.common import with_common_options
from toolkit.cli.output import emit, note
from toolkit.model.errors import InputError, UsageError
from toolkit.streams.small_files import read_small_file

if TYPE_CHECKING:
    import asyncio

    from connectors.simulator.protocols.client_profile import ClientProfile
    from connectors.simulator.protocols.limits import ServerLimits
    from connectors.simulator.replay.replayed_venue import ReplayedVenue
    from connectors.simulator.scenario import Scenario
    from connectors.venues.spec import Venue

_MAX_BYTES = 1 << 20
"""Greatest size of a scenario file."""
_MAX_SPEED = 1_000
_MAX_REQUEST_S = 3_600
_LIMITS = (
    "The limits protect this machine from the clients, and are beside those of each venue. A client is dropped if more "
    "than 16 MiB wait for it. The first refusal of a kind is noted, the others are counted."
)
_MADE = "--scenario, --seed, --truth, --base and --profile"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Serve SIMULATED venues on this machine, and list their faults.",
)


@app.command("serve", epilog=_LIMITS)
@with_common_options
def serve(
    port: server.PortOption = 0,
    scenario: opt.ScenarioOption = None,
    seed: opt.SeedOption = 1,
    truth: opt.TruthOption = None,
    base: opt.BaseOption = "ETH",
    venue: server.VenueOption = None,
    minutes: server.StopOption = None,
    replay: opt.ReplayOption = None,
    speed: opt.SpeedOption = 1,
    profile: opt.ClientProfileOption = None,
    max_connections: server.MaxConnectionsOption = 300,
    max_subscriptions: server.MaxSubscriptionsOption = 100,
    max_name: server.MaxNameOption = 256,
    request_seconds: server.RequestSecondsOption = 10,
    own_hosts: server.OwnHostsOption = True,
    quiet: opt.QuietOption = False,
) -> int:
    """Serve the simulated venues on 127.0.0.1 until Ctrl-C.

    It prints shell commands (`export NAME=VALUE`) that direct the connectors, and every other client that reads these
    variables, to the simulated venues.

    With --replay the venues are those of recorded tapes. Each connection of a client meets what the recorded one met:
    the same frames at the same times, the same end, the recorded answers to requests. One client per venue; start the
    command again for the next run.
    """
    import asyncio

    from connectors.simulator.protocols.limits import ServerLimits
    from connectors.venues import venues

    known = venues()
    _check_served(known, venue, minutes, request_seconds)
    made = bool(scenario or truth or profile or (seed, base) != (1, "ETH"))
    _check_replay(replayed=bool(replay), made=made, speed=speed)
    limits = ServerLimits(
        connections=max_connections,
        subscriptions=max_subscriptions,
        name_chars=max_name,
        request_s=request_seconds,
        own_hosts_only=own_hosts,
    )
    if replay:
        asyncio.run(_replay(replayed_venues(replay, venue, speed), port, minutes, speed, limits, quiet))
        return 0
    served = {name: description for name, description in known.items() if not venue or name in venue}
    faults = read_scenario(scenario, list(known))
    plan = ServePlan(served, faults, parse_asset(base), seed, port, minutes, parse_profile(profile), limits)
    asyncio.run(_serve(plan, truth, quiet))
    return 0


@app.command("faults")
@with_common_options
def faults(output: opt.OutputOption = None) -> int:
    """List the faults that a scenario can contain.

    Each is printed with its default duration, its settings with their defaults, and its effect.
    """
    from connectors.simulator.faults.table import FAULTS

    lines = [f"{'kind':17}  {'lasts':>6}  {'settings':37}  what happens"]
    for fault in FAULTS.values():
        lasts = "–" if fault.lasts_s is None else f"{fault.lasts_s:g} s"
        settings = ", ".join(f"{name} = {value!r}" for name, value in fault.values.items())
        lines.append(f"{fault.kind:17}  {lasts:>6}  {settings:37}  {fault.meaning}")
    emit("\n".join(lines), output)
    return 0


def _check_served(known: Mapping[str, Venue], names: list[str] | None, minutes: float | None, request_s: float) -> None:
    """Raise `UsageError` for an unknown venue, or a time that is none."""
    if not 0 < request_s <= _MAX_REQUEST_S:
        raise UsageError(f"--request-seconds {request_s:g}: write a time above 0, at most {_MAX_REQUEST_S}")
    if unknown := sorted(set(names or ()) - known.keys()):
        raise UsageError(f"--venue {unknown[0]}: no such venue; write one of {', '.join(known)}")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes {minutes:g}: write a time above 0")


def _check_replay(*, replayed: bool, made: bool, speed: float) -> None:
    """Raise `UsageError` for an option of a replay without one, or of simulated markets (`made`) with one."""
    if replayed and made:
        raise UsageError(f"--replay serves what was recorded; leave out {_MADE}")
    if speed != 1 and not replayed:
        raise UsageError("--speed applies to a recording; name it with --replay, or leave --speed out")


@dataclass(frozen=True, slots=True)
class ServePlan:
    """The venues to serve, their market, faults and clients; `minutes` None means until Ctrl-C."""

    venues: dict[str, Venue]
    scenario: Scenario
    base: str
    seed: int
    port: int
    minutes: float | None
    profile: ClientProfile
    limits: ServerLimits


async def _serve(plan: ServePlan, truth: Path | None, quiet: bool) -> None:
    """Serve until SIGINT, SIGTERM or the end of the planned duration."""
    import asyncio
    from contextlib import ExitStack

    from connectors.simulator.ground_truth import TruthFile
    from connectors.simulator.protocols import protocols
    from connectors.simulator.server import client_environment, loopback
    from toolkit.smoke.stop_handlers import stop_signals_handled

    stop = asyncio.Event()
    with stop_signals_handled(stop.set), ExitStack() as files:
        write_truth = files.enter_context(TruthFile(truth)).write if truth is not None else None
        async with loopback(
            plan.venues,
            plan.scenario,
            base=plan.base,
            seed=plan.seed,
            first_port=plan.port,
            write_truth=write_truth,
            profile=plan.profile,
            limits=plan.limits,
            write_notice=None if quiet else note,
        ) as environment:
            emit("\n".join(_shell_lines(plan.venues, client_environment(plan.venues, environment))))
            if not quiet:
                note(f"SIMULATED venues, scenario {plan.scenario.name}, seed {plan.seed}; Ctrl-C stops them")
                for name, protocol in protocols(plan.profile).items():
                    if name in plan.venues and protocol.notice:
                        note(f"{name}: {protocol.notice}")
            await _wait(stop, plan.minutes)


def replayed_venues(paths: list[Path], names: list[str] | None, speed: float) -> dict[str, ReplayedVenue]:
    """Return the venues of the tapes at `paths`; `names` selects some of them.

    Raises `InputError` for a tape that cannot be used, and `UsageError` for options that do not fit.
    """
    from connectors.simulator.protocols import protocols
    from connectors.simulator.replay.replayed_venue import ReplayedVenue
    from connectors.simulator.replay.tape_files import load_tapes

    if not 0 < speed <= _MAX_SPEED:
        raise UsageError(f"--speed {speed:g}: write a number above 0, at most {_MAX_SPEED}")
    tapes = load_tapes(paths)
    if missing := sorted(set(names or ()) - tapes.keys()):
        raise UsageError(f"--venue {missing[0]}: not recorded; --replay holds {', '.join(tapes)}")
    known = protocols()
    return {name: ReplayedVenue(tape, known[name], speed) for name, tape in tapes.items() if not names or name in names}


async def _replay(
    venues: dict[str, ReplayedVenue],
    port: int,
    minutes: float | None,
    speed: float,
    limits: ServerLimits,
    quiet: bool,
) -> None:
    """Serve tapes until SIGINT, SIGTERM or the end of the duration, then say what was served and what was missing."""
    import asyncio

    from connectors.simulator.server import client_environment, replaying
    from toolkit.smoke.stop_handlers import stop_signals_handled

    stop = asyncio.Event()
    described = {name: venue.tape.venue for name, venue in venues.items()}
    server = replaying(venues, first_port=port, limits=limits, write_notice=None if quiet else note)
    with stop_signals_handled(stop.set):
        async with server as environment:
            emit("\n".join(_shell_lines(described, client_environment(described, environment))))
            for venue in () if quiet else venues.values():
                note(venue.recorded_sentence())
            if not quiet:
                note(
                    f"SIMULATED venues: a replay of these tapes{_speed_note(speed)}; stamps in frames are those of the "
                    "recording, and so event ages count from then; Ctrl-C stops it"
                )
            await _wait(stop, minutes)
    for venue in () if quiet else venues.values():
        note(venue.served_sentence())


def _speed_note(speed: float) -> str:
    if speed == 1:
        return ""
    return (
        f", {speed:g} times as fast as recorded: for load only, because the watchdogs and pings of a client run on "
        "real time and end other sessions than those of the recorded run"
    )


async def _wait(stop: asyncio.Event, minutes: float | None) -> None:
    """Wait until `stop` is set, at most `minutes` (None: without limit)."""
    import asyncio
    from contextlib import suppress

    with suppress(TimeoutError):
        async with asyncio.timeout(minutes and minutes * 60):
            await stop.wait()


def _shell_lines(venues: Mapping[str, Venue], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield shell commands that direct every client to the served venues; a market id of a real venue is unset."""
    yield from (f"export {name}={shlex.quote(value)}" for name, value in environment.items())
    ids = (venue.instrument.name for venue in venues.values() if venue.instrument is not None)
    yield from (f"unset {name}" for name in ids if name not in environment)


def parse_profile(name: str | None) -> ClientProfile:
    """Return the profile of the clients. Raises `UsageError` for an unknown one."""
    from connectors.simulator.protocols.client_profile import ClientProfile

    if name not in (None, *ClientProfile):
        raise UsageError(f"--profile {name}: no such profile; write {ClientProfile.PARAPHINA}, or leave it out")
    return ClientProfile(name or ClientProfile.CURRENT)


def parse_asset(base: str) -> str:
    """Return the base asset in upper case. Raises `UsageError` if it is not ASCII letters and digits."""
    if not (base.isascii() and base.isalnum()):
        raise UsageError(f"--base {base!r}: not an asset; write one such as ETH")
    return base.upper()


def read_scenario(path: Path | None, venues: list[str]) -> Scenario:
    """Read a scenario file; without a path, return a scenario without faults.

    Raises `InputError` if the file cannot be read or is not a scenario for these venues.
    """
    from connectors.simulator.scenario import Scenario, read

    if path is None:
        return Scenario()
    try:
        text = read_small_file(path, _MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            str(path), None, f"cannot be read: {error}; name a TOML file (see `toolkit venues faults`)"
        ) from error
    return read(text, str(path), venues)
