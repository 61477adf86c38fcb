"""The sides of `toolkit ab`, from its command line: two commands, or two settings of our connectors."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors import settings
from toolkit.cli.smoke import ConnectorOptions, connector_plan, milliseconds
from toolkit.model.errors import UsageError
from toolkit.smoke import producer_env
from toolkit.smoke.pair.plan import SIDES, CommandSide, ConnectorSide, Side
from toolkit.smoke.pair.settings_under_test import read_settings, with_settings
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.run_directory import check_free
from toolkit.smoke.stop_policy import TimeLimits
from toolkit.smoke.supervisor import SupervisionPlan

SEPARATOR = "---"
"""Word between the commands of the sides."""
MAX_DRAWN_SEED = 1_000_000


@dataclass(frozen=True, slots=True)
class PairRequest:
    """A request on the command line: `commands` are the words after `--`, `settings` those of --a and of --b."""

    minutes: float
    feed: str
    scenario: Path | None
    seed: int
    venues: str
    profile: str | None
    build_minutes: float
    grace: float
    commands: tuple[str, ...] = ()
    settings: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def run_ms(self) -> float:
        """Run time in ms. Raises `UsageError` unless it is finite and above 0."""
        return milliseconds("--minutes", self.minutes, 60_000)


def drawn_seed(given: int | None) -> int:
    """Return the seed, drawn if none was given."""
    return random.SystemRandom().randrange(1, MAX_DRAWN_SEED) if given is None else given


def pair_sides(request: PairRequest, out: Path) -> dict[str, Side]:
    """Return both sides by name, with their run directories in `out`.

    Raises `UsageError` for an option that cannot be used, and `InputError` if a directory holds a run or the scenario
    is none.
    """
    commands, chosen = request.commands, request.settings
    if not commands and not any(chosen):
        raise UsageError("name two programs (-- CMD_A… --- CMD_B…), or settings of the connectors with --a and --b")
    directories = {name: out / name for name in SIDES}
    for directory in directories.values():
        check_free(directory)
    if not commands:
        return dict(_connector_sides(request, directories))
    if any(chosen):
        raise UsageError("--a and --b set our own connectors; with programs, write the settings into their commands")
    return dict(_command_sides(request, directories))


def names_under_test(sides: dict[str, Side]) -> tuple[str, ...]:
    """Return the sorted names of the settings given to either side."""
    own = [side for side in sides.values() if isinstance(side, ConnectorSide)]
    return tuple(sorted({name for side in own for name in side.settings}))


def _connector_sides(request: PairRequest, directories: dict[str, Path]) -> dict[str, ConnectorSide]:
    if request.profile is not None:
        raise UsageError("--profile applies to other programs: write their commands after `--`, or leave it out")
    options = ConnectorOptions(request.feed, request.scenario, request.seed, request.venues)
    sides = {}
    for (name, out), words in zip(directories.items(), request.settings, strict=True):
        plan = connector_plan(options, out, request.run_ms, None)
        table = plan.venues.values()
        values = read_settings(f"--{name}", words, table, plan.own_venues)
        environ = with_settings(os.environ, values, table)
        _check_environment(plan, environ)
        sides[name] = ConnectorSide(
            argv=("toolkit", *sys.argv[1:]),
            out=out,
            run_ms=plan.run_ms,
            environment=environ,
            settings=values,
            venues=tuple(plan.venues),
            feed=plan.feed,
            scenario=_scenario_text(request.scenario),
            seed=plan.seed,
            base=plan.base,
        )
    return sides


def _check_environment(plan: ShadowPlan, environ: dict[str, str]) -> None:
    """Raise `UsageError` for a variable of the environment that the run would refuse."""
    read = producer_env.environment("paraphina", plan.out, environ)
    for venue in plan.venues.values():
        settings.resolve((*settings.COMMON_SETTINGS, *settings.venue_settings(venue)), read)


def _scenario_text(path: Path | None) -> tuple[str, str] | None:
    return None if path is None else (path.read_text(encoding="utf-8"), str(path))


def _command_sides(request: PairRequest, directories: dict[str, Path]) -> dict[str, CommandSide]:
    if (request.feed, request.scenario, request.venues) != ("loopback", None, ""):
        raise UsageError("a command has its own feed: leave out --feed, --scenario and --venues")
    limits = TimeLimits(
        request.run_ms,
        milliseconds("--build-minutes", request.build_minutes, 60_000),
        milliseconds("--grace", request.grace, 1_000),
    )
    split = _split(request.commands)
    for argv, out in zip(split, directories.values(), strict=True):
        producer_env.refuse_trading(argv)
        producer_env.environment(request.profile, out, os.environ)
    return {
        name: CommandSide(SupervisionPlan(tuple(argv), out, limits, request.profile), dict(os.environ))
        for argv, (name, out) in zip(split, directories.items(), strict=True)
    }


def _split(commands: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the commands of both sides. Raises `UsageError` unless exactly one `---` stands between two of them."""
    words = list(commands)
    if words.count(SEPARATOR) != 1:
        found = "not at all" if SEPARATOR not in words else f"{words.count(SEPARATOR)} times"
        raise UsageError(f"`---` stands between the two commands {found}: write toolkit ab … -- CMD_A… --- CMD_B…")
    middle = words.index(SEPARATOR)
    first, second = words[:middle], words[middle + 1 :]
    if not first or not second:
        raise UsageError("a command is missing beside `---`: write toolkit ab … -- CMD_A… --- CMD_B…")
    return first, second
