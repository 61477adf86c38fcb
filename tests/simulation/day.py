"""`python -m tests.simulation.day --hours 24`: a quiet day at the venues' own rates, as a run directory, and no alarm.

The day is virtual, its files are real: five connectors at five simulated venues, analysed as any other run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from connectors.simulator.scenario import Scenario, plan
from connectors.venues import venues
from tests.simulation.whole_run import SimulatedRun, simulate_run
from toolkit.analysis.metrics import catalogue
from toolkit.analysis.pipeline import Options, analyze
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import GateVerdict
from toolkit.smoke.plan import ShadowPlan

HOUR_MS = 3_600_000
CHECK_EACH = 100
NEVER = ("reconnects", "connect_failures", "plateau_10s.count", "resyncs")


def simulate_quiet_run(out: Path, run_ms: int, fault: str | None = None) -> tuple[SimulatedRun, RunAnalysis]:
    """Live through a quiet time, or one with a fault at lighter after 10 s, and analyse what it left."""
    faults = () if fault is None else (plan("lighter", fault, 10),)
    asked = ShadowPlan(("rehearse",), out, run_ms, venues(), scenario=Scenario("quiet", faults))
    rehearsed = simulate_run(asked, {}, check_each=CHECK_EACH)
    return rehearsed, analyze([str(out)], options=Options(requested_ms=run_ms))


def find_alarms(rehearsed: SimulatedRun, analysis: RunAnalysis) -> list[str]:
    """Whatever the connectors, the files or the analysis say of a quiet time but that it was one."""
    gate = load_gate("frontier", catalogue())
    verdict = evaluate(gate.rules, analysis, None, gate.name, gate.never_seen).verdict
    return [
        *_of_connectors(rehearsed),
        *_of_figures(analysis),
        *(f"finding {each.code} {each.venue}" for each in analysis.findings),
        *(f"episode {each.kind} {each.venue}" for each in analysis.episodes if each.cls != "startup"),
        *(
            f"{each.file}: {each.lines - each.used} lines not used"
            for each in analysis.ledger
            if each.lines > each.used
        ),
        *([] if verdict is GateVerdict.PASS else [f"gate {verdict}"]),
    ]


def _of_connectors(rehearsed: SimulatedRun) -> Iterator[str]:
    for name, simulation in rehearsed.simulations.items():
        record = simulation.record
        yield from (f"{name}: {close.reason} at {at_ms} ms" for at_ms, close in record.closes if close.reason)
        yield from (f"{name}: {kind} noted" for kind in sorted(record.alarms))
        yield from (f"{name}: a wrong book at {at_ms} ms" for at_ms in record.wrong_books_ms)
        if not simulation.true:
            yield f"{name}: the last book is not the venue's"


def _of_figures(analysis: RunAnalysis) -> Iterator[str]:
    for each in analysis.figures:
        venue, _, figure = each.figure.partition(".")
        if venue in analysis.run.venues:
            if figure == "connects" and each.value != 1:
                yield f"{each.figure} = {each.value}"
            if figure.startswith(NEVER) and each.value:
                yield f"{each.figure} = {each.value}"


def main() -> int:
    """Live, look, tell; the exit code is 1 where there was an alarm."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.day", description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--out", type=Path, help="keep the run directory here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.process_time()
        rehearsed, analysis = simulate_quiet_run(asked.out or Path(folder) / "day", round(asked.hours * HOUR_MS))
        took_s = time.process_time() - began_s
    for name, simulation in rehearsed.simulations.items():
        sys.stdout.write(f"{name}: {simulation.record.books:,} books\n")
    books = sum(simulation.record.books for simulation in rehearsed.simulations.values())
    lines = sum(each.lines for each in analysis.ledger)
    sys.stdout.write(f"{asked.hours:g} h, {books:,} books, {lines:,} lines; {took_s:,.0f} s of processor time\n")
    found = find_alarms(rehearsed, analysis)
    sys.stdout.writelines(f"ALARM {each}\n" for each in found)
    sys.stdout.write(f"{len(found)} alarms\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
