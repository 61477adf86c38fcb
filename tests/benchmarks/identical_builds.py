"""Write `toolkit/comparison/identical_builds.toml`: the figures of two recorded runs of one build.

`python -m tests.benchmarks.identical_builds PATH_A PATH_B [-o FILE]`

How far two runs of one build differ is the yardstick for figures without a test. Figures that a run does not know, and
those that are 0 in both runs, are left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis

FILE = Path(__file__).parents[2] / "toolkit" / "comparison" / "identical_builds.toml"


def identical_builds(first: RunAnalysis, second: RunAnalysis) -> str:
    """Return the content of the file for two runs."""
    kinds = {first.run.kind, second.run.kind}
    observed = [side.run.observed_ms for side in (first, second)]
    if len(kinds) > 1 or None in observed:
        raise SystemExit("the runs are of different programs, or have no telemetry")
    venues = "simulated" if first.run.simulated and second.run.simulated else "live"
    lines = [
        f"# Figures of two recorded runs of one build of {first.run.kind}: ten minutes at the same time against {venues} venues.",
        "# Made by tests/benchmarks/identical_builds.py. Each figure has the value of the one run and of the other.",
        f'program = "{first.run.kind}"',
        f"observed_ms = {observed}",
        "",
        "[figures]",
    ]
    for figure in first.figures:
        other = second.figure(figure.figure)
        values = (figure.value, None if other is None else other.value)
        if None not in values and any(values):
            lines.append(f'"{figure.figure}" = [{values[0]:.6g}, {values[1]:.6g}]')
    return "\n".join(lines) + "\n"


def main() -> None:
    """Analyse both runs and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs=2, metavar="PATH")
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    options = parser.parse_args()
    content = identical_builds(*(analyze([path]) for path in options.runs))
    options.output.write_text(content)
    print(f"{options.output}: {content.count(' = [') - 1} figures")


if __name__ == "__main__":
    main()
