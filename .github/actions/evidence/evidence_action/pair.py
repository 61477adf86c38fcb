"""Run both sides at the same time, write the documents, and say how the pair and the gate ended."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from evidence_action import processes
from evidence_action.builds import side_command
from evidence_action.inputs import Inputs, Side
from evidence_action.verdict import BLOCKED, FAILED, OK, UNPROVEN, Verdict, decide
from evidence_action.workflow_commands import uninterpreted

_NO_RUN = frozenset({"blocked_build", "never_started", "crashed", "killed"})
"""Values of `run.ended` of an analysis for a run that does not count as evidence of its side."""


class ToolkitError(Exception):
    """A command of the toolkit ended with an error: wrong usage, bad input, an interrupt or a fault."""


def run_pair(inputs: Inputs, failed: list[str]) -> Verdict:
    """Run both sides, write the documents into `inputs.out`, and return the verdict. Raises `ToolkitError`."""
    inputs.out.mkdir(parents=True, exist_ok=True)
    added = {"TOOLKIT_RUNBOOKS_URL": runbooks_url(), "TOOLKIT_DB": str(_store().resolve())}
    sides = {side.name: inputs.out / side.name for side in (inputs.base, inputs.head)}
    code = _smoke_both(inputs, failed, added)
    report = ["report", *map(str, sides.values()), "-o", str(inputs.report), "--html", str(inputs.page)]
    spec = ["--spec", str(inputs.spec)] if inputs.spec.is_file() else []
    _checked(inputs, [*report, "--comment", str(inputs.comment), "--assets", str(inputs.out), *spec], added, {OK})
    blocked = frozenset(name for name, run in sides.items() if _ended(inputs, run, added) in _NO_RUN)
    gates = {} if blocked or not inputs.gates else {name: _gate(inputs, sides, name, added) for name in sides}
    return decide(code, gates, blocked)


def _smoke_both(inputs: Inputs, failed: list[str], added: dict[str, str]) -> int:
    with uninterpreted():
        running = [
            subprocess.Popen(_smoke(inputs, side, failed), env=processes.child_environment(added))
            for side in (inputs.base, inputs.head)
        ]
        codes = [process.wait() for process in running]
    if set(codes) - {OK, FAILED, UNPROVEN, BLOCKED}:
        raise ToolkitError(f"toolkit smoke ended with exit codes {codes}")
    return BLOCKED if BLOCKED in codes else OK


def _smoke(inputs: Inputs, side: Side, failed: list[str]) -> list[str]:
    profile = ["--profile", inputs.profile] if inputs.profile else []
    options = [
        "--minutes",
        inputs.minutes,
        "--out",
        str(inputs.out / side.name),
        "--label",
        side.name,
        "--db",
        ":memory:",
    ]
    return [inputs.toolkit, "smoke", *options, *profile, "--", *side_command(side, failed)]


def _gate(inputs: Inputs, sides: dict[str, Path], name: str, added: dict[str, str]) -> int:
    baseline = ["--baseline", str(sides["base"])] if name == "head" else []
    page = ["--format", "markdown", "-o", str(inputs.out / f"gate-{name}.md")]
    gate = ["gate", str(sides[name]), "--gates", inputs.gates, *baseline, *page]
    return _checked(inputs, gate, added, {OK, FAILED, UNPROVEN})


def _ended(inputs: Inputs, run: Path, added: dict[str, str]) -> str:
    analyze = [inputs.toolkit, "analyze", str(run), "--format", "json", "--quiet"]
    environment = processes.child_environment(added)
    done = subprocess.run(analyze, env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode != OK:
        raise ToolkitError(f"toolkit analyze {run} ended with exit code {done.returncode}")
    return str(json.loads(done.stdout)["run"]["ended"])


def _checked(inputs: Inputs, arguments: list[str], added: dict[str, str], results: set[int]) -> int:
    code = processes.run([inputs.toolkit, *arguments], added=added)
    if code not in results:
        raise ToolkitError(f"toolkit {arguments[0]} ended with exit code {code}; its message is above")
    return code


def _store() -> Path:
    return Path(os.environ.get("RUNNER_TEMP") or ".") / "evidence.duckdb"


def runbooks_url() -> str:
    """Return the address of the runbooks of the toolkit's version that runs."""
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    # Both are empty for an action that is part of the repository in which the workflow runs.
    repository = os.environ.get("EVIDENCE_ACTION_REPOSITORY") or os.environ.get("GITHUB_REPOSITORY", "")
    ref = os.environ.get("EVIDENCE_ACTION_REF") or os.environ.get("GITHUB_SHA", "HEAD")
    return f"{server}/{repository}/blob/{ref}/runbooks"
