"""Run both sides at the same time, write the documents and the pack, and say how the pair and the gate ended."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from evidence_action import processes
from evidence_action.builds import RUN_OF, side_command
from evidence_action.inputs import Inputs
from evidence_action.statement import statement
from evidence_action.verdict import BLOCKED, FAILED, OK, UNPROVEN, Pair, Verdict, decide
from evidence_action.workflow_commands import grouped, warning

_NO_RUN = frozenset({"blocked_build", "never_started", "crashed", "killed"})
"""Values of `run.ended` of an analysis for a run that does not count as evidence of its side."""


class ToolkitError(Exception):
    """A command of the toolkit ended with an error: wrong usage, bad input, an interrupt or a fault."""


def run_pair(inputs: Inputs, failed: list[str]) -> Verdict:
    """Run both sides, write the documents into `inputs.out`, and return the verdict. Raises `ToolkitError`.

    Where a figure regressed, a second pair is run, and the regression stands only if that pair shows it too.
    """
    toolkit = _Toolkit(inputs.toolkit)
    sides = {name: inputs.out / run for name, run in RUN_OF.items()}
    spec = ["--spec", str(statement(inputs)), "--repo", str(inputs.head.directory)]
    gate = ["--gates", inputs.gates] if inputs.gates else []
    files = ["-o", inputs.report, "--html", inputs.page, "--comment", inputs.comment, "--assets", inputs.pictures]
    options = [
        "--minutes", inputs.minutes, "--out", str(inputs.out), *map(str, files), *spec, *gate,
        "--confirm", "--format", "json",
        "--fail-on", "unproven" if inputs.fail_on == "unproven" else "regression",
        *(["--profile", inputs.profile] if inputs.profile else []),
    ]  # fmt: skip
    commands = [*side_command(inputs.base, failed), "---", *side_command(inputs.head, failed)]
    with grouped(f"Run base and head for {inputs.minutes} minutes"):
        code = toolkit.run(["ab", *options, "--", *commands], {OK, FAILED, UNPROVEN, BLOCKED}, inputs.comparison)
    blocked = frozenset(name for name, run in sides.items() if code == BLOCKED and toolkit.ended(run) in _NO_RUN)
    gates = {}
    if inputs.gates and not blocked:
        with grouped("Check the gate"):
            gates = {
                name: toolkit.run(["gate", str(run), *gate, *_baseline(sides, name)], {OK, FAILED, UNPROVEN})
                for name, run in sides.items()
            }
    _pack(toolkit, inputs, [*spec, *gate])
    return decide(Pair(code, inputs.second_pair.is_dir(), _seen_twice(inputs.comparison)), gates, blocked)


def _seen_twice(comparison: Path) -> tuple[str, ...]:
    """Return the figures that regressed in both pairs."""
    method = json.loads(comparison.read_text(encoding="utf-8"))["method"]
    return tuple(method.get("confirmation", {}).get("seen twice", ()))


def _baseline(sides: dict[str, Path], name: str) -> list[str]:
    return ["--baseline", str(sides["base"])] if name == "head" else []


def _pack(toolkit: _Toolkit, inputs: Inputs, options: list[str]) -> None:
    """Pack each pair of runs. The documents stand without a pack, so that its failure is a warning."""
    for folder, pack in ((inputs.out, inputs.pack), (inputs.second_pair, inputs.second_pack)):
        runs = [str(folder / name) for name in RUN_OF.values()]
        if not folder.is_dir():
            continue
        with grouped(f"Pack the runs into {pack.name}"):
            try:
                toolkit.run(["pack", *runs, *options, "-o", str(pack)], {OK})
            except ToolkitError as problem:
                warning(f"{pack.name} was not written: {problem}")


@dataclass(frozen=True)
class _Toolkit:
    """The command of the toolkit, with the addresses and the store that the action sets."""

    program: str

    def run(self, arguments: Sequence[str], results: set[int], output: Path | None = None) -> int:
        """Run a command and return its exit code; its standard output goes into the log or into `output`.

        Raises `ToolkitError` if the exit code is none of `results`.
        """
        code = processes.run([self.program, *arguments], added=self._environment(), output=output)
        if code not in results:
            raise ToolkitError(f"toolkit {arguments[0]} ended with exit code {code}; its message is in the log")
        return code

    def ended(self, run: Path) -> str:
        """Return how a run ended, as the analysis says. Raises `ToolkitError`."""
        argv = [self.program, "analyze", str(run), "--format", "json", "--quiet"]
        environment = processes.child_environment(self._environment())
        done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, check=False)
        if done.returncode != OK:
            raise ToolkitError(f"toolkit analyze {run} ended with exit code {done.returncode}")
        return str(json.loads(done.stdout)["run"]["ended"])

    def _environment(self) -> dict[str, str]:
        store = Path(os.environ.get("RUNNER_TEMP") or ".") / "evidence.duckdb"
        added = {"TOOLKIT_DB": str(store.resolve())}
        return {**added, "TOOLKIT_RUNBOOKS_URL": url} if (url := runbooks_url()) else added


def runbooks_url() -> str:
    """Return the address of the runbooks of the toolkit's version that runs; empty outside a workflow."""
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    # Both are empty for an action that is part of the repository in which the workflow runs.
    repository = os.environ.get("EVIDENCE_ACTION_REPOSITORY") or os.environ.get("GITHUB_REPOSITORY", "")
    ref = os.environ.get("EVIDENCE_ACTION_REF") or os.environ.get("GITHUB_SHA", "HEAD")
    return f"{server}/{quote(repository)}/blob/{quote(ref)}/runbooks" if repository else ""
