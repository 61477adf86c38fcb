"""`python -m tests.simulation.day --hours 24`: simulate a day without faults at the venues' own rates and report every alarm.

The time is virtual and the files are real: five connectors at five simulated venues, analysed as any other run.
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
ZERO_FIGURES = ("reconnects", "connect_failures", "plateau_10s.count", "resyncs")


def simulate_quiet_run(out: Path, run_ms: int, fault: str | None = None) -> tuple[SimulatedRun, RunAnalysis]:
    """Simulate and analyse a run without faults, or with one fault at lighter after 10 s."""
    faults = () if fault is None else (plan("lighter", fault, 10),)
    shadow_plan = ShadowPlan(("rehearse",), out, run_ms, venues(), scenario=Scenario("quiet", faults))
    simulated = simulate_run(shadow_plan, {}, check_each=CHECK_EACH)
    return simulated, analyze([str(out)], options=Options(requested_ms=run_ms))


def find_alarms(simulated: SimulatedRun, analysis: RunAnalysis) -> list[str]:
    """Return every sign of a problem in the connectors, the files or the analysis of a run without faults."""
    gate = load_gate("frontier", catalogue())
    verdict = evaluate(gate.rules, analysis, None, gate.name, gate.never_seen).verdict
    return [
        *_connector_alarms(simulated),
        *_figure_alarms(analysis),
        *(f"finding {each.code} {each.venue}" for each in analysis.findings),
        *(f"episode {each.kind} {each.venue}" for each in analysis.episodes if each.cls != "startup"),
        *(
            f"{each.file}: {each.lines - each.used} lines not used"
            for each in analysis.ledger
            if each.lines > each.used
        ),
        *([] if verdict is GateVerdict.PASS else [f"gate {verdict}"]),
    ]


def _connector_alarms(simulated: SimulatedRun) -> Iterator[str]:
    for name, simulation in simulated.simulations.items():
        record = simulation.record
        yield from (f"{name}: {close.reason} at {at_ms} ms" for at_ms, close in record.closes if close.reason)
        yield from (f"{name}: {kind} noted" for kind in sorted(record.alarms))
        yield from (f"{name}: a wrong book at {at_ms} ms" for at_ms in record.wrong_books_ms)
        if not simulation.has_true_book:
            yield f"{name}: the last book is not the venue's"


def _figure_alarms(analysis: RunAnalysis) -> Iterator[str]:
    for each in analysis.figures:
        venue, _, figure = each.figure.partition(".")
        if venue in analysis.run.venues:
            if figure == "connects" and each.value != 1:
                yield f"{each.figure} = {each.value}"
            if figure.startswith(ZERO_FIGURES) and each.value:
                yield f"{each.figure} = {each.value}"


def main() -> int:
    """Simulate the run and print its alarms; return 1 if there is one, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.day", description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--out", type=Path, help="keep the run directory here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start_s = time.process_time()
        simulated, analysis = simulate_quiet_run(
            arguments.out or Path(folder) / "day", round(arguments.hours * HOUR_MS)
        )
        duration_s = time.process_time() - start_s
    for name, simulation in simulated.simulations.items():
        sys.stdout.write(f"{name}: {simulation.record.books:,} books\n")
    books = sum(simulation.record.books for simulation in simulated.simulations.values())
    lines = sum(each.lines for each in analysis.ledger)
    sys.stdout.write(
        f"{arguments.hours:g} h, {books:,} books, {lines:,} lines; {duration_s:,.0f} s of processor time\n"
    )
    alarms = find_alarms(simulated, analysis)
    sys.stdout.writelines(f"ALARM {each}\n" for each in alarms)
    sys.stdout.write(f"{len(alarms)} alarms\n")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
