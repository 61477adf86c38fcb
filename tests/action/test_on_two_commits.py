"""The action's own shell, on two commits of a toy producer: documents, summary, comment, check."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.action.comments_server import TOKEN, Api, served
from tests.action.workflow_steps import ACTIONS, StepsRun, run_action

MINUTES = "0.05"
PAIRS = ("evidence", "confirm")
"""Directories of the first pair of runs and the second one."""
GATE = """
[[rule]]
figure = "lighter.reconnects.read_timeout"
max = 0
"""


@dataclass
class PullRequest:
    """A workspace with base and head checked out as the example workflow does, and a stand-in of the API."""

    workspace: Path
    api: Api
    count: int = 0

    def run(self, environment: dict[str, str] | None = None, **inputs: str) -> StepsRun:
        """Run the action as a new run of the workflow."""
        self.count += 1
        temp = self.workspace.parent / f"temp{self.count}"
        temp.mkdir()
        shutil.rmtree(self.workspace / "evidence", ignore_errors=True)
        event = temp / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 12}}), encoding="utf-8")
        variables = {
            "RUNNER_TEMP": str(temp), "GITHUB_EVENT_PATH": str(event), "GITHUB_REPOSITORY": "owner/connector",
            "GITHUB_RUN_ID": "77", "GITHUB_API_URL": self.api.url, "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_ACTION_REPOSITORY": "maker/toolkit", "GITHUB_ACTION_REF": "v1", "TEST_GITHUB_TOKEN": TOKEN, "no_proxy": "*", **(environment or {}),
        }  # fmt: skip
        (self.workspace / "gate.toml").write_text(GATE, encoding="utf-8")
        given = {
            "install": "false", "minutes": MINUTES, "build": "bash build.sh", "run": "python3 producer.py",
            "comment": "true", "gates": "gate.toml",
        }  # fmt: skip
        chosen = {**given, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        return run_action(ACTIONS, chosen, self.workspace, variables)


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL)


def commit(repository: Path, closes_ms: int | None, pairs: tuple[str, ...] = PAIRS, build: str = "exit 0") -> None:
    settings = {"lighter_closes_ms": closes_ms, "pairs": pairs}
    (repository / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (repository / "build.sh").write_text(f"echo ::error::of the build\n{build}\n", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "a change")


@pytest.fixture
def pull_request(tmp_path: Path) -> Iterator[PullRequest]:
    workspace = tmp_path / "workspace"
    repository = workspace / "head"
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    shutil.copy(Path(__file__).parent / "toy" / "producer.py", repository)
    commit(repository, None)
    git(repository, "worktree", "add", "--quiet", "--detach", str(workspace / "base"), "HEAD")
    with served() as api:
        yield PullRequest(workspace, api)


@pytest.mark.untraced
def test_a_regression_is_confirmed_then_mended_and_the_comment_is_updated_in_place(pull_request: PullRequest) -> None:
    head = pull_request.workspace / "head"
    commit(head, 100)
    theirs = pull_request.api.add_comment("<!-- toolkit-evidence:evidence -->\nnot ours", login="somebody")
    red = pull_request.run()
    assert (red.outputs["verdict"], red.failed) == ("FAIL", True), red.log
    assert red.outputs["reason"].startswith("lighter.reconnects")
    assert red.outputs["reason"].endswith(" regressed in both pairs of runs")
    assert f"::error title=Run evidence::FAIL: {red.outputs['reason']}\n" in red.log
    ours = pull_request.api.comments[1]
    assert ours["body"].startswith("<!-- toolkit-evidence:evidence -->\nCheck: **FAIL**, lighter.reconnects")
    assert "### Evidence: Pull request 12" in ours["body"]
    assert f"`{commit_of(pull_request.workspace / 'base')} → {commit_of(head)}`" in ours["body"]
    assert re.search(r"\*\*Regressed, seen twice:\*\*\sLighter\sreconnects\s\*\*0\*\*\s→\s\*\*\d+\*\*", ours["body"])
    assert "(https://github.com/maker/toolkit/blob/v1/runbooks/" in ours["body"]
    assert red.summary == ours["body"].partition("\n")[2]
    assert red.uploads == {
        "evidence": [
            f"evidence/{name}"
            for name in (
                "comment.md",
                "comparison.json",
                "evidence.html",
                "evidence.md",
                "pack-confirm.zip",
                "pack.zip",
                "pictures",
            )
        ],
        "evidence-comment": ["evidence/comment.md"],
    }

    commit(head, None)
    pull_request.api.add_comment("a person's comment", login="reviewer")
    green = pull_request.run()
    assert (green.outputs["verdict"], green.failed) == ("PASS", False), green.log
    assert green.outputs["comment-url"] == red.outputs["comment-url"] == ours["html_url"]
    assert ours["body"].startswith("<!-- toolkit-evidence:evidence -->\nCheck: **PASS**, no figure regressed, and the ")
    assert len(pull_request.api.comments) == 3
    assert theirs["body"].endswith("not ours")
    assert uncovered_commands(green.log) == []


@pytest.mark.untraced
def test_a_regression_that_a_second_pair_does_not_show_leaves_the_check_green(pull_request: PullRequest) -> None:
    commit(pull_request.workspace / "head", 100, pairs=PAIRS[:1])
    pull_request.api.refused["POST"] = 403
    done = pull_request.run(gates="")
    assert (done.outputs["verdict"], done.failed) == ("PASS", False), done.log
    assert done.outputs["reason"] == "no figure regressed in a second pair of runs"
    assert "::warning title=Run evidence::no comment was written: POST /repos/owner/connector/issues/12/" in done.log
    assert "Check: **PASS**" in done.summary


def test_a_failed_build_of_the_head_is_evidence_with_its_cause(pull_request: PullRequest) -> None:
    commit(pull_request.workspace / "head", None, build="echo 'error[E0425]: cannot find value `x`'\nexit 101")
    done = pull_request.run()
    assert (done.outputs["verdict"], done.failed) == ("FAIL", True), done.log
    assert done.outputs["reason"] == "the head did not run to its end, the base did"
    assert "::warning title=Run evidence::the build of the head failed with exit code 101" in done.log
    body = pull_request.api.comments[0]["body"]
    assert "> **Blocked: the after run never ran:** the build failed: cannot find value " in body
    assert "build-head" in body
    assert uncovered_commands(done.log) == []


def test_an_input_that_cannot_be_used_is_named_before_anything_runs(pull_request: PullRequest) -> None:
    done = pull_request.run(run="")
    assert done.failed
    assert "::error title=Run evidence::run: write the command that starts the program" in done.log
    assert not pull_request.api.requests
    assert done.uploads == {"evidence": []}


def test_an_error_of_the_toolkit_fails_the_run_without_a_verdict(pull_request: PullRequest) -> None:
    done = pull_request.run(minutes="0")
    assert done.failed
    assert "::error title=Run evidence::toolkit ab ended with exit code 2; its message is in the log\n" in done.log
    assert done.outputs["verdict"] == ""


def commit_of(checkout: Path) -> str:
    argv = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(argv, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()


def uncovered_commands(log: str) -> list[str]:
    """The lines of a log that the runner would interpret, except those that the action prints itself."""
    found, token = [], ""
    for line in log.splitlines():
        if line == f"::{token}::":
            token = ""
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::") and not token:
            found.append(line)
    own = ("::group::", "::endgroup::", "::notice title=Run evidence::", "::warning title=", "::error title=")
    return [line for line in found if not line.startswith(own)]
