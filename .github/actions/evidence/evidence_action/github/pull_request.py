"""The pull request of a run: its number from the event, or from the API where the event of a fork leaves it out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence_action.github.api import GitHub


class NoPullRequestError(Exception):
    """The event belongs to no pull request that can be commented on; the message says why."""


@dataclass(frozen=True)
class SourceRun:
    """The run that made the evidence: its id, the commit it is of, and the branch and its owner."""

    id: int
    commit: str
    owner: str
    branch: str
    numbers: tuple[int, ...]


def read_event() -> dict[str, Any]:
    """Return the event that started the workflow; empty outside a workflow."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    return event if isinstance(event, dict) else {}


def own_number(event: dict[str, Any]) -> int:
    """Return the number in an event `pull_request`. Raises `NoPullRequestError` for another event."""
    number = (event.get("pull_request") or {}).get("number")
    if not isinstance(number, int):
        raise NoPullRequestError("this event has no pull request")
    return number


def source_run(event: dict[str, Any]) -> SourceRun:
    """Return the run of an event `workflow_run`. Raises `NoPullRequestError` for another one."""
    run = event.get("workflow_run") or {}
    if run.get("event") != "pull_request" or not isinstance(run.get("id"), int):
        raise NoPullRequestError("the event is no run of a workflow on a pull request")
    owner = ((run.get("head_repository") or {}).get("owner") or {}).get("login")
    repository = (event.get("repository") or {}).get("id")
    numbers = [
        each["number"]
        for each in run.get("pull_requests") or ()
        if ((each.get("base") or {}).get("repo") or {}).get("id") == repository and isinstance(each.get("number"), int)
    ]
    return SourceRun(run["id"], str(run.get("head_sha")), str(owner), str(run.get("head_branch")), tuple(numbers))


def numbers_of(github: GitHub, run: SourceRun) -> list[int]:
    """Return the numbers of the open pull requests whose newest commit the run is of.

    The event of a fork's run has no number: then the branch is looked up. Raises `NoPullRequestError` where there is
    none, for example because a newer commit was pushed, and `GitHubError`.
    """
    if run.numbers:
        candidates = [github.get(f"pulls/{number}") for number in run.numbers]
    else:
        candidates = list(github.items("pulls", {"state": "open", "head": f"{run.owner}:{run.branch}"}))
    found = [each["number"] for each in candidates if _is_of(each, run)]
    if not found:
        raise NoPullRequestError(f"no open pull request has {run.commit[:12]} as its newest commit")
    return found


def _is_of(candidate: object, run: SourceRun) -> bool:
    if not isinstance(candidate, dict) or not isinstance(candidate.get("number"), int):
        return False
    head = candidate.get("head")
    return isinstance(head, dict) and head.get("sha") == run.commit and candidate.get("state") == "open"
