"""`toolkit venues`: the simulated venues as servers of their own, for any client whose URLs can be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.common import with_common_options
from toolkit.cli.output import emit, note
from toolkit.model.errors import InputError, UsageError
from toolkit.streams.small_files import read_small_file

if TYPE_CHECKING:
    from connectors.simulator.scenario import Scenario
    from connectors.venues.spec import Venue

_MAX_BYTES = 1 << 20
"""Greatest size of a scenario file."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Serve SIMULATED venues on this machine, and list their faults.",
)


@app.command("serve")
@with_common_options
def serve(
    port: Annotated[
        int,
        typer.Option(
            "--port",
            min=0,
            max=65_000,
            metavar="N",
            help="Port of the first venue; the others use the next ports. 0: any free ports.",
        ),
    ] = 0,
    scenario: opt.ScenarioOption = None,
    seed: opt.SeedOption = 1,
    truth: opt.TruthOption = None,
    base: opt.BaseOption = "ETH",
    venue: Annotated[
        list[str] | None, typer.Option("--venue", metavar="NAME", help="Serve only this venue; may be repeated.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", metavar="N", help="Stop after this time; default: run until Ctrl-C.")
    ] = None,
    quiet: opt.QuietOption = False,
) -> int:
    """Serve the simulated venues on 127.0.0.1 until Ctrl-C.

    It prints shell commands (`export NAME=VALUE`) that direct the connectors, and every other client that reads these
    variables, to the simulated venues.
    """
    import asyncio

    from connectors.venues import venues

    known = venues()
    if unknown := sorted(set(venue or ()) - known.keys()):
        raise UsageError(f"--venue {unknown[0]}: no such venue; write one of {', '.join(known)}")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes {minutes:g}: write a time above 0")
    served = {name: description for name, description in known.items() if not venue or name in venue}
    plan = ServePlan(
        served, read_scenario(scenario, list(known)), parse_asset(base), seed, port, minutes and minutes * 60
    )
    asyncio.run(_serve(plan, truth, quiet))
    return 0


@app.command("faults")
@with_common_options
def faults(output: opt.OutputOption = None) -> int:
    """List the faults that a scenario can contain.

    Each is printed with its default duration, its settings with their defaults, and its effect.
    """
    from connectors.simulator.faults.table import FAULTS

    lines = [f"{'kind':16}  {'lasts':>6}  {'settings':36}  what happens"]
    for fault in FAULTS.values():
        lasts = "–" if fault.lasts_s is None else f"{fault.lasts_s:g} s"
        settings = ", ".join(f"{name} = {value!r}" for name, value in fault.values.items())
        lines.append(f"{fault.kind:16}  {lasts:>6}  {settings:36}  {fault.meaning}")
    emit("\n".join(lines), output)
    return 0


@dataclass(frozen=True, slots=True)
class ServePlan:
    """The venues to serve, their market and faults; `duration_s` None means until Ctrl-C."""

    venues: dict[str, Venue]
    scenario: Scenario
    base: str
    seed: int
    port: int
    duration_s: float | None


async def _serve(plan: ServePlan, truth: Path | None, quiet: bool) -> None:
    """Serve until SIGINT, SIGTERM or the end of the planned duration."""
    import asyncio
    import signal
    from contextlib import ExitStack, suppress

    from connectors.simulator.ground_truth import TruthFile
    from connectors.simulator.server import client_environment, loopback

    stop = asyncio.Event()
    # Without these handlers, as on Windows, Ctrl-C ends the command with 130.
    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with ExitStack() as files:
        write_truth = files.enter_context(TruthFile(truth)).write if truth is not None else None
        async with loopback(
            plan.venues, plan.scenario, base=plan.base, seed=plan.seed, first_port=plan.port, write_truth=write_truth
        ) as environment:
            emit("\n".join(_shell_lines(plan.venues, client_environment(plan.venues, environment))))
            if not quiet:
                note(f"SIMULATED venues, scenario {plan.scenario.name}, seed {plan.seed}; Ctrl-C stops them")
            with suppress(TimeoutError):
                async with asyncio.timeout(plan.duration_s):
                    await stop.wait()


def _shell_lines(venues: Mapping[str, Venue], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield shell commands that direct every client to the served venues; a market id of a real venue is unset."""
    yield from (f"export {name}={value}" for name, value in environment.items())
    yield from (f"unset {venue.instrument.name}" for venue in venues.values() if venue.instrument is not None)


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
