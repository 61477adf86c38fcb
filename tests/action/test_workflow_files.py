"""The action's definition and the example workflows: permissions, pins, no expression in a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence_action.steps import STEPS

from tests.action.workflow_steps import ACTIONS, load

ROOT = ACTIONS.parents[2]
ACTION_FILES = (ACTIONS / "action.yml", ACTIONS / "comment" / "action.yml")
EXAMPLES = (ACTIONS / "examples" / "evidence.yml", ACTIONS / "examples" / "evidence-comment.yml")
FILES = (*ACTION_FILES, *EXAMPLES)


def steps_of(path: Path) -> list[dict[str, Any]]:
    loaded = load(path)
    jobs = [loaded["runs"]] if "runs" in loaded else loaded["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def named(path: Path) -> str:
    return str(path.relative_to(ACTIONS))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_script_holds_an_expression(path: Path) -> None:
    assert [step["run"] for step in steps_of(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_actions_of_others_are_pinned_to_a_commit_and_name_its_version(path: Path) -> None:
    for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
        own = line.startswith("OWNER/run-evidence-toolkit/.github/actions/evidence")
        assert own or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", ACTION_FILES, ids=named)
def test_each_input_and_output_is_described_and_each_input_is_used(path: Path) -> None:
    loaded, text = load(path), path.read_text(encoding="utf-8")
    for kind in ("inputs", "outputs"):
        assert all(each["description"].endswith(".") for each in loaded[kind].values())
    assert [name for name in loaded["inputs"] if f"inputs.{name} " not in text] == []


def test_each_script_starts_a_step_that_exists() -> None:
    started = re.findall(r'evidence\.py" ([\w-]+)', "".join(path.read_text(encoding="utf-8") for path in ACTION_FILES))
    assert sorted(started) == sorted(STEPS)


def test_the_first_workflow_can_write_nothing_and_the_second_runs_nothing_of_the_pull_request() -> None:
    first, second = (load(path) for path in EXAMPLES)
    assert first["permissions"] == {"contents": "read"}
    assert first["on"] == "pull_request"
    assert second["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert second["on"] == {"workflow_run": {"workflows": [first["name"]], "types": ["completed"]}}
    assert [sorted(step) for step in steps_of(EXAMPLES[1])] == [["uses"]]
    assert not any("permissions" in job for each in (first, second) for job in each["jobs"].values())
    comment_steps = steps_of(ACTIONS / "comment" / "action.yml")
    assert [step["run"] for step in comment_steps] == ['python3 "$GITHUB_ACTION_PATH/../evidence.py" comment-from-run']


@pytest.mark.parametrize("step", [step for step in steps_of(EXAMPLES[0]) if "checkout" in step.get("uses", "")])
def test_a_checkout_leaves_no_token_behind(step: dict[str, Any]) -> None:
    assert step["with"]["persist-credentials"] is False


def test_only_the_step_that_comments_gets_the_token() -> None:
    with_token = [step["name"] for step in steps_of(ACTION_FILES[0]) if "inputs.token" in str(step.get("env", ""))]
    assert with_token == ["Comment on the pull request"]


def test_no_workflow_runs_in_this_repository_by_itself() -> None:
    assert not (ROOT / ".github" / "workflows").exists()


def test_the_installation_leads_to_the_project_of_the_action() -> None:
    install = next(step["run"] for step in steps_of(ACTION_FILES[0]) if step.get("id") == "install")
    target = re.search(r'\$GITHUB_ACTION_PATH/([./]+)"', install)
    assert target
    assert (ACTIONS / target[1] / "pyproject.toml").samefile(ROOT / "pyproject.toml")


def imports(package: Path) -> Iterator[str]:
    for path in package.rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\s*(?:from|import) ([\w.]+)", line):
                yield match[1].partition(".")[0]


def test_the_action_needs_the_standard_library_alone() -> None:
    import sys

    assert set(imports(ACTIONS / "evidence_action")) - set(sys.stdlib_module_names) == {"evidence_action"}
