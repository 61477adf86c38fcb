"""Make each attack on every venue that it can reach, and print the table.

    python -m tests.attacks                                  all, five venues at a time, 45 minutes
    python -m tests.attacks --venues aster --attacks pings   some of them
    python -m tests.attacks --beside                         a run of five venues of which one is hostile, beside one without;
                                                             --attacks chooses some
    python -m tests.attacks --server                         hostile clients on the server of the simulated venues; --venues and
                                                             --attacks choose some

Every attack lasts `--seconds`. The run of the connectors goes on over all attacks, with a limit on silence of 4 s.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.attacks.beside import compare_beside
from tests.attacks.catalogue import ATTACKS, VENUES, Attack
from tests.attacks.on_server import catalogue as on_server
from tests.attacks.on_server import trial as server_trial
from tests.attacks.trial import Outcome, attacked_venue


def main() -> int:
    """Run the command; return 1 if an attack had an effect that it must not have."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("--venues", default=",".join(VENUES), help="names, separated by commas")
    parser.add_argument("--attacks", default="", help="names, separated by commas; all by default")
    parser.add_argument("--seconds", type=float, default=10.0, help="duration of each attack")
    parser.add_argument("--at-once", type=int, default=1, help="venues that are attacked at the same time")
    parser.add_argument("--beside", action="store_true", help="measure the other venues of a run")
    parser.add_argument("--server", action="store_true", help="attack the server of the simulated venues")
    options = parser.parse_args()
    if options.beside:
        print(asyncio.run(compare_beside(options.seconds, options.attacks.split(",") if options.attacks else ())))
        return 0
    if options.server:
        return asyncio.run(_attack_server(options.attacks, options.venues.split(","), options.seconds))
    names = options.attacks.split(",") if options.attacks else [each.name for each in ATTACKS]
    chosen = [each for each in ATTACKS if each.name in names]
    outcomes = asyncio.run(_all(options.venues.split(","), chosen, options.seconds, options.at_once))
    print(table(chosen, outcomes))
    failed = [each for each in outcomes if each.failure]
    for each in failed:
        print(f"FAILED {each.attack} on {each.venue}: {each.failure}")
    return 1 if failed else 0


async def _all(venues: Sequence[str], attacks: Sequence[Attack], seconds: float, at_once: int) -> list[Outcome]:
    limit = asyncio.Semaphore(at_once)

    async def one(venue: str) -> list[Outcome]:
        async with limit:
            with tempfile.TemporaryDirectory() as directory:
                return [
                    each async for each in attacked_venue(venue, attacks, seconds, Path(directory) / venue, _progress)
                ]

    return [each for found in await asyncio.gather(*map(one, venues)) for each in found]


def _progress(outcome: Outcome) -> None:
    print(outcome.line(), file=sys.stderr, flush=True)


async def _attack_server(names: str, venues: Sequence[str], seconds: float) -> int:
    wanted = names.split(",") if names else [each.name for each in on_server.ATTACKS]
    chosen = [each for each in on_server.ATTACKS if each.name in wanted and each.venue in venues]
    outcomes = []
    for attack in chosen:
        outcomes.append(await server_trial.attacked_server(attack, seconds))
        print(outcomes[-1].row(), file=sys.stderr, flush=True)
    print(f"Measured {datetime.now(UTC):%Y-%m-%d}.\n\n{server_trial.table(outcomes)}")
    failed = [each for each in outcomes if each.failure]
    for each in failed:
        print(f"FAILED {each.attack.name} on {each.attack.venue}: {each.failure}")
    return 1 if failed else 0


def table(attacks: Sequence[Attack], outcomes: Sequence[Outcome]) -> str:
    """Return the table in Markdown: one row for each attack and venue."""
    found = {(each.attack, each.venue): each for each in outcomes}
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d}.",
        "",
        "| attack | venue | peak MB | core | files kB/s | told | well again after |",
        "|---|---|---|---|---|---|---|",
    ]
    for attack in attacks:
        rows = [found[attack.name, venue] for venue in VENUES if (attack.name, venue) in found]
        lines += _rows(attack, [each for each in rows if each.load is not None or each.failure], _not_made(rows))
    return "\n".join(lines)


def _not_made(rows: Sequence[Outcome]) -> str:
    """Return the venues at which an attack was not made, with the reasons."""
    venues: dict[str, list[str]] = {}
    for each in rows:
        if each.not_applicable:
            venues.setdefault(each.not_applicable, []).append(each.venue)
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in venues.items())


def _rows(attack: Attack, made: Sequence[Outcome], not_made: str) -> list[str]:
    whats = [attack.what] + [""] * len(made)
    rows = [each.row(what) for each, what in zip(made, whats, strict=False)]
    name = "" if made else f"**{attack.name}**: {attack.what}"
    return [*rows, f"| {name} | not made | | | | {not_made} | |"] if not_made else rows


if __name__ == "__main__":
    sys.exit(main())
