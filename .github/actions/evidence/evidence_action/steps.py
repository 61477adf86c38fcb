"""The steps of both actions, by name: run, summary, comment, comment-from-run, check."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from evidence_action import texts
from evidence_action.builds import failed_builds
from evidence_action.github.api import GitHubError, from_environment
from evidence_action.github.artifact import ArtifactError, comment_of_run
from evidence_action.github.comments import put_comment
from evidence_action.github.pull_request import NoPullRequestError, numbers_of, own_number, read_event, source_run
from evidence_action.inputs import InvalidInputError, comment_file, fail_on, read_inputs
from evidence_action.pair import ToolkitError, run_pair
from evidence_action.verdict import is_red
from evidence_action.workflow_commands import error, notice, set_output, warning


def run() -> int:
    """Build and run both sides, write the documents, and set the outputs `verdict` and `reason`."""
    inputs = read_inputs()
    verdict = run_pair(inputs, failed_builds(inputs))
    id = os.environ.get("GITHUB_RUN_ID", "")
    link = f"[Run {id}]({_run_address(id)}) has all files."
    text = texts.without_marker(inputs.comment.read_text(encoding="utf-8"))
    inputs.comment.write_text(f"Check: **{verdict.word}**, {verdict.reason}. {link}\n\n{text}", encoding="utf-8")
    set_output("verdict", verdict.word)
    set_output("reason", verdict.reason)
    notice(f"{verdict.word}: {verdict.reason}")
    return 0


def summary() -> int:
    """Write the comment's text into the summary of the job."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        text = texts.cut_to_bytes(comment_file().read_text(encoding="utf-8"), texts.SUMMARY_LIMIT)
        with Path(target).open("a", encoding="utf-8") as stream:
            stream.write(text)
    return 0


def comment() -> int:
    """Write the comment in the job that made the evidence."""
    return _or_warn(_comment)


def comment_from_run() -> int:
    """Write the comment in a workflow that runs after the one that made the evidence."""
    return _or_warn(_comment_from_run)


def check() -> int:
    """Fail if the verdict is one on which the check turns red."""
    word, reason = os.environ.get("EVIDENCE_VERDICT", ""), os.environ.get("EVIDENCE_REASON", "")
    if is_red(word, fail_on()):
        error(f"{word or 'no verdict'}: {reason or 'the evidence was not made'}")
        return 1
    if word != "PASS":
        warning(f"{word or 'no verdict'}: {reason}")
    return 0


def _comment() -> None:
    number = own_number(read_event())
    text = comment_file().read_text(encoding="utf-8")
    _publish([number], text)


def _comment_from_run() -> None:
    github = from_environment(_token())
    source = source_run(read_event())
    numbers = numbers_of(github, source)
    text = comment_of_run(github, source.id, os.environ.get("EVIDENCE_ARTIFACT") or "evidence-comment")
    link = f"[run {source.id}]({_run_address(str(source.id))})"
    heading = f"Text of {link} of commit {source.commit[:40]}, which ran code of the pull request."
    _publish(numbers, f"{heading}\n\n{texts.harmless(texts.without_marker(text))}")


def _publish(numbers: list[int], body: str) -> None:
    github = from_environment(_token())
    marker = texts.marker(os.environ.get("EVIDENCE_MARKER") or "evidence")
    author = os.environ.get("EVIDENCE_COMMENT_AUTHOR") or "github-actions[bot]"
    for number in numbers:
        address = put_comment(github, number, marker, body, author)
        set_output("comment-url", address)
        notice(f"comment on pull request {number}: {address}")


def _or_warn(write: Callable[[], None]) -> int:
    """Write a comment. One that cannot be written is a warning: the evidence is in the summary and the artifact."""
    try:
        write()
    except (GitHubError, ArtifactError, NoPullRequestError, OSError, ValueError) as problem:
        warning(f"no comment was written: {problem}")
    return 0


def _token() -> str:
    token = os.environ.get("EVIDENCE_TOKEN", "").strip()
    if not token:
        raise NoPullRequestError("there is no token; pass one with the permission pull-requests: write")
    return token


def _run_address(id: str) -> str:
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{os.environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{id}"


STEPS: Mapping[str, Callable[[], int]] = {
    "run": run,
    "summary": summary,
    "comment": comment,
    "comment-from-run": comment_from_run,
    "check": check,
}


def main() -> int:
    """Run the step that the command line names, and return its exit code: 2 for an unusable input, 3 for an error."""
    step = STEPS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if step is None:
        sys.stderr.write(f"write one of the steps: {', '.join(STEPS)}\n")
        return 2
    try:
        return step()
    except InvalidInputError as problem:
        error(str(problem))
        return 2
    except (ToolkitError, OSError) as problem:
        error(str(problem))
        return 3
