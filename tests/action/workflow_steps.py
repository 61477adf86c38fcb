"""Run the steps of a composite action as GitHub's runner does: expressions, conditions, files of the runner, bash.

The expressions are those that the action uses: inputs, outputs and outcomes of steps, `github.*`, comparison with a
text, `&&`, `!`, `success()`, `cancelled()` and `always()`. A step that uses another action is noted, and not run; files
that it would upload are collected.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ACTIONS = Path(__file__).parents[2] / ".github" / "actions" / "evidence"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class StepsRun:
    """What the steps left: log, outputs, summary, uploads by artifact name, and whether a step failed."""

    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, list[str]] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    failed: bool = False


def load(path: Path) -> dict[str, Any]:
    """Read a workflow or an action. YAML 1.1 reads the key `on` as true."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}


def run_action(action: Path, inputs: Mapping[str, str], workspace: Path, environment: Mapping[str, str]) -> StepsRun:
    """Run the steps of `action` (a directory) in order, in `workspace`. `environment` has the runner's variables."""
    definition = load(action / "action.yml")
    given = {name: str(each.get("default", "")) for name, each in definition["inputs"].items()}
    assert not set(inputs) - set(given), "the action has no such input"
    github = {name.removeprefix("GITHUB_").lower(): value for name, value in environment.items()}
    github["token"] = environment.get("TEST_GITHUB_TOKEN", "")
    done = StepsRun()
    for name, default in given.items():
        given[name] = inputs.get(name, _filled(default, {}, done, github))
    for number, step in enumerate(definition["runs"]["steps"]):
        if not _applies(str(step.get("if", "success()")), given, done, github):
            continue
        if "uses" in step:
            options = {key: _filled(str(value), given, done, github) for key, value in step["with"].items()}
            patterns = options["path"].splitlines()
            found = {each.relative_to(workspace) for pattern in patterns for each in workspace.glob(pattern)}
            done.uploads[options["name"]] = sorted(map(str, found))
            continue
        _run_step(step, number, lambda text: _filled(text, given, done, github), action, workspace, environment, done)
    for name, each in definition["outputs"].items():
        done.outputs[name] = _filled(each["value"], given, done, github)
    return done


def _run_step(
    step: Mapping[str, Any], number: int, fill: Callable[[str], str], action: Path, workspace: Path,
    environment: Mapping[str, str], done: StepsRun,
) -> None:  # fmt: skip
    assert step["shell"] == "bash"
    runner = Path(environment["RUNNER_TEMP"])
    files = {
        name: runner / f"{name.lower()}_{number}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")
    }
    for each in files.values():
        each.touch()
    script = runner / f"step_{number}.sh"
    script.write_text(fill(step["run"]), encoding="utf-8")
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "TOOLKIT_"))},
        **environment,
        **{name: str(path) for name, path in files.items()},
        **{name: fill(str(value)) for name, value in step.get("env", {}).items()},
        "GITHUB_ACTION_PATH": str(action),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    ended = subprocess.run(
        argv, cwd=workspace, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    done.log += ended.stdout
    done.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    done.failed |= ended.returncode != 0
    if "id" in step:
        done.steps[step["id"]] = _outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))


def _outputs(text: str) -> dict[str, str]:
    """Read a file of outputs: `name=value` lines, and `name<<DELIMITER` with the lines up to the delimiter."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, separator, delimiter = line.partition("<<")
        if separator and "=" not in name:
            value = []
            for inner in lines:
                if inner == delimiter:
                    break
                value.append(inner)
            found[name] = "\n".join(value)
        else:
            name, _, found_value = line.partition("=")
            found[name] = found_value
    return found


def _filled(text: str, inputs: Mapping[str, str], done: StepsRun, github: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: str(_value(match[1], inputs, done, github)), text)


def _applies(condition: str, inputs: Mapping[str, str], done: StepsRun, github: Mapping[str, str]) -> bool:
    match = _EXPRESSION.fullmatch(condition)
    condition = match[1] if match else condition
    values = [_value(part, inputs, done, github) for part in condition.split("&&")]
    states_status = re.search(r"\b(?:success|failure|cancelled|always)\(\)", condition)
    return all(values) and (bool(states_status) or not done.failed)


def _value(expression: str, inputs: Mapping[str, str], done: StepsRun, github: Mapping[str, str]) -> str | bool:
    expression = expression.strip()
    if "==" in expression:
        left, right = expression.split("==")
        return _value(left, inputs, done, github) == right.strip().strip("'")
    constants = {"success()": not done.failed, "cancelled()": False, "!cancelled()": True, "always()": True}
    if expression in constants:
        return constants[expression]
    context, *path = expression.split(".")
    match context, path:
        case "inputs", [name]:
            return inputs[name]
        case "github", [name]:
            return github.get(name, "")
        case "steps", [id, "outputs", name]:
            return done.steps.get(id, {}).get(name, "")
    raise AssertionError(f"an expression that the tests do not know: {expression}")
