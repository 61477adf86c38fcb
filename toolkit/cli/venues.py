"""`toolkit venues`: the loopback venues by themselves, for any client that can be told a URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.common import with_common_options
from toolkit.cli.options import OutputOption, QuietOption
from toolkit.cli.output import emit, note
from toolkit.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from connectors.simulator.scenario import Scenario
    from connectors.venues.spec import Venue

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Loopback venues: five venues' public market data, SIMULATED."
)


@app.command("serve")
@with_common_options
def serve(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_000, help="Port of the first venue, the others follow; 0: any free.")
    ] = 0,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", metavar="FILE", help="TOML file of faults; none: all is well.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="What the books are made from.")] = 1,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Write what really happens, JSON Lines.")
    ] = None,
    base: Annotated[str, typer.Option("--base", metavar="ASSET", help="The market's asset.")] = "ETH",
    venue: Annotated[
        list[str] | None, typer.Option("--venue", metavar="NAME", help="Serve this venue only; may be repeated.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="End by itself after this time.")] = None,
    quiet: QuietOption = False,
) -> int:
    """Serve the loopback venues on 127.0.0.1 until Ctrl-C; prints the environment that leads a connector to them."""
    import asyncio

    from connectors.venues import venues

    known = venues()
    if unknown := sorted(set(venue or ()) - known.keys()):
        raise UsageError(f"--venue {unknown[0]}: write one of {', '.join(known)}")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes {minutes:g}: a time is more than 0")
    served = {name: described for name, described in known.items() if not venue or name in venue}
    plan = ServePlan(
        served, read_scenario(scenario, list(known)), parse_asset(base), seed, port, minutes and minutes * 60
    )
    asyncio.run(_serve(plan, truth, quiet))
    return 0


@app.command("faults")
@with_common_options
def faults(output: OutputOption = None) -> int:
    """List what a scenario can let go wrong: each kind, how long it lasts, its settings and their defaults."""
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
    """What to serve, and for how long."""

    venues: dict[str, Venue]
    scenario: Scenario
    base: str
    seed: int
    port: int
    for_s: float | None


async def _serve(plan: ServePlan, truth: Path | None, quiet: bool) -> None:
    import asyncio
    import signal
    from contextlib import ExitStack, suppress

    from connectors.simulator.ground_truth import TruthFile
    from connectors.simulator.server import loopback

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with ExitStack() as files:
        tell = files.enter_context(TruthFile(truth)).tell if truth is not None else None
        async with loopback(
            plan.venues, plan.scenario, base=plan.base, seed=plan.seed, first_port=plan.port, tell=tell
        ) as environment:
            emit("\n".join(f"export {name}={value}" for name, value in environment.items()))
            if not quiet:
                note(f"SIMULATED venues, scenario {plan.scenario.name}, seed {plan.seed}; Ctrl-C ends them")
            with suppress(TimeoutError):
                async with asyncio.timeout(plan.for_s):
                    await stop.wait()


def parse_asset(base: str) -> str:
    """The asset of the market, as venues write it. Raises `UsageError` for what is no asset."""
    if not (base.isascii() and base.isalnum()):
        raise UsageError(f"--base {base!r}: write an asset such as ETH")
    return base.upper()


def read_scenario(path: Path | None, venues: list[str]) -> Scenario:
    """The scenario in a file; without a file nothing goes wrong. Raises `InputError` for what is none."""
    from connectors.simulator.scenario import Scenario, read

    if path is None:
        return Scenario()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), None, f"cannot be read: {error}") from error
    return read(text, str(path), venues)
