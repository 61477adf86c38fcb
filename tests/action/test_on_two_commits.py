"""The action's own shell, on two commits of a toy producer: documents, summary, comment, check."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.action.comments_server import TOKEN, Api, served
from tests.action.workflow_steps import ACTIONS, StepsRun, run_action

MINUTES = "0.05"


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
            "GITHUB_SHA": "0" * 40, "TEST_GITHUB_TOKEN": TOKEN, "no_proxy": "*", **(environment or {}),
        }  # fmt: skip
        given = {"install": "false", "minutes": MINUTES, "run": "python3 producer.py", "comment": "true", "gates": ""}
        chosen = {**given, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        return run_action(ACTIONS, chosen, self.workspace, variables)


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL)


def commit(repository: Path, closes_ms: int | None, build: str = "exit 0") -> None:
    (repository / "settings.json").write_text(json.dumps({"lighter_closes_ms": closes_ms}), encoding="utf-8")
    (repository / "build.sh").write_text(f"echo building\n{build}\n", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "a change")


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


def test_two_runs_of_the_action_leave_one_comment_that_the_second_has_updated(pull_request: PullRequest) -> None:
    commit(pull_request.workspace / "head", 10_000)
    pull_request.api.add_comment("<!-- toolkit-evidence:evidence -->\nnot ours", login="somebody")
    first = pull_request.run(build="bash build.sh")
    assert not first.failed, first.log
    theirs, ours = pull_request.api.comments
    body = ours["body"]
    assert body.startswith("<!-- toolkit-evidence:evidence -->\nCheck: **"), body[:300]
    assert "### Evidence: " in body
    pull_request.api.add_comment("a person's comment", login="reviewer")
    second = pull_request.run(build="bash build.sh")
    assert second.outputs["comment-url"] == first.outputs["comment-url"] == ours["html_url"]
    assert [each["id"] for each in pull_request.api.comments[:2]] == [theirs["id"], ours["id"]]
    assert len(pull_request.api.comments) == 3
    assert ours["body"] != body, "the second run has other figures"
    assert theirs["body"].endswith("not ours")
