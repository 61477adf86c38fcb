"""The comment written from the artifact of a fork's run: the artifact and the names of the fork are hostile."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from evidence_action.github import artifact
from evidence_action.github.artifact import ArtifactError, read_comment

from tests.action.comments_server import TOKEN, Api, served
from tests.action.workflow_steps import ACTIONS, StepsRun, run_action

COMMIT = "a" * 40
BRANCH = "fix&state=closed#$(touch pwned)"
"""A valid name of a branch that would change a query or a shell command."""


def archive(*entries: tuple[str | zipfile.ZipInfo, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of entries without the present time, so that its bytes are the same in each process."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as written:
        for name, text in entries:
            entry = zipfile.ZipInfo(name) if isinstance(name, str) else name
            written.writestr(entry, text, compression)
    return stream.getvalue()


def pull(number: int, commit: str = COMMIT, state: str = "open", label: str = f"somebody:{BRANCH}") -> dict[str, Any]:
    return {"number": number, "state": state, "head": {"sha": commit, "label": label}}


@dataclass
class Fork:
    """The second workflow, started by the end of a run of a fork."""

    folder: Path
    api: Api
    run: dict[str, Any] = field(default_factory=dict)

    def comment(self, **inputs: str) -> StepsRun:
        event = self.folder / "event.json"
        event.write_text(json.dumps({"workflow_run": self.run, "repository": {"id": 1}}), encoding="utf-8")
        environment = {
            "RUNNER_TEMP": str(self.folder), "GITHUB_EVENT_PATH": str(event), "GITHUB_REPOSITORY": "owner/connector",
            "GITHUB_API_URL": self.api.url, "GITHUB_SERVER_URL": "https://github.com", "no_proxy": "*",
            "TEST_GITHUB_TOKEN": TOKEN,
        }  # fmt: skip
        return run_action(ACTIONS / "comment", inputs, self.folder, environment)


@pytest.fixture
def fork(tmp_path: Path) -> Iterator[Fork]:
    with served() as api:
        api.pulls = [pull(11, "b" * 40, label="somebody:other"), pull(12)]
        api.artifacts = [{"id": 5, "name": "evidence-comment", "expired": False, "size_in_bytes": 300}]
        api.archives = {5: archive(("comment.md", "Check: **PASS**\n\n### Evidence: a → b\n"))}
        run = {
            "id": 77, "event": "pull_request", "head_sha": COMMIT, "head_branch": BRANCH, "pull_requests": [],
            "head_repository": {"owner": {"login": "somebody"}},
        }  # fmt: skip
        yield Fork(tmp_path, api, run)


def test_the_comment_is_written_from_the_artifact_and_updated_in_place(fork: Fork) -> None:
    first = fork.comment()
    assert fork.api.comments[0]["body"] == (
        "<!-- toolkit-evidence:evidence -->\n"
        f"Text of [run 77](https://github.com/owner/connector/actions/runs/77) of commit {COMMIT}, "
        "which ran code of the pull request.\n\n"
        "Check: **PASS**\n\n### Evidence: a → b\n"
    )
    assert "POST /repos/owner/connector/issues/12/comments" in fork.api.requests
    fork.api.archives[5] = archive(("comment.md", "Check: **FAIL**"))
    second = fork.comment()
    assert first.outputs["comment-url"] == second.outputs["comment-url"] == fork.api.comments[0]["html_url"]
    assert fork.api.comments[0]["body"].endswith("Check: **FAIL**")
    assert len(fork.api.comments) == 1
    assert not list(fork.folder.rglob("pwned"))


def test_the_storage_of_artifacts_does_not_get_the_token(fork: Fork) -> None:
    fork.comment()
    assert fork.api.storage_authorizations == [None]


def test_the_number_of_the_event_is_used_where_it_is_of_this_repository(fork: Fork) -> None:
    fork.api.pulls.append(pull(13))
    fork.run["pull_requests"] = [
        {"number": 13, "base": {"repo": {"id": 1}}},
        {"number": 99, "base": {"repo": {"id": 2}}},
    ]
    fork.comment()
    assert [each for each in fork.api.requests if each.startswith("POST")] == [
        "POST /repos/owner/connector/issues/13/comments"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"head_sha": "c" * 40},
        {"head_branch": "another"},
        {"head_repository": None},
        {"event": "push"},
        {"id": "77"},
        {"pull_requests": [{"number": 11, "base": {"repo": {"id": 1}}}]},
        {"pull_requests": [{"number": 404, "base": {"repo": {"id": 1}}}]},
    ],
)
def test_a_run_that_no_open_pull_request_is_of_is_a_warning(fork: Fork, changes: dict[str, Any]) -> None:
    fork.run.update(changes)
    done = fork.comment()
    assert "::warning title=Run evidence::no comment was written: " in done.log
    assert not done.failed
    assert not fork.api.sent


def test_the_artifact_cannot_name_another_pull_request_or_comment(fork: Fork) -> None:
    other = fork.api.add_comment("<!-- toolkit-evidence:lint -->\nanother workflow's")
    text = "<!-- toolkit-evidence:lint -->\n12 13\nnumber=13\n<!-- toolkit-evidence:lint -->\n@everyone <!-- hidden"
    fork.api.archives[5] = archive(("comment.md", text))
    fork.comment()
    assert other["body"].endswith("another workflow's")
    assert [each for each in fork.api.requests if each.startswith("POST")] == [
        "POST /repos/owner/connector/issues/12/comments"
    ]
    body = fork.api.comments[-1]["body"]
    assert body.startswith("<!-- toolkit-evidence:evidence -->\nText of [run 77](")
    assert body.count("<!--") == 1
    assert "@everyone" not in body


LINK = zipfile.ZipInfo("comment.md")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16
FOLDER = zipfile.ZipInfo("comment.md")
FOLDER.external_attr = (stat.S_IFDIR | 0o755) << 16


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (archive(), "instead of comment.md alone"),
        (archive(("../comment.md", "x")), "instead of comment.md alone"),
        (archive(("/etc/passwd", "x")), "instead of comment.md alone"),
        (archive(("comment.md", "x"), ("../../.bashrc", "x")), "2 entries"),
        (archive(("COMMENT.md", "x")), "instead of comment.md alone"),
        (archive((LINK, "/etc/passwd")), "link or another special file"),
        (archive((FOLDER, "x")), "link or another special file"),
        (archive(("comment.md", b"\xff\xfe")), "not UTF-8"),
        (archive(("comment.md", "x" * (artifact.TEXT_LIMIT + 1))), "more than 524288 bytes"),
        (archive(("comment.md", "text"))[:-30], "cannot be read"),
        (archive(("comment.md", "text"), compression=zipfile.ZIP_STORED).replace(b"text", b"next"), "cannot be read"),
        (b"no archive", "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_an_archive_that_the_first_workflow_does_not_make_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ArtifactError, match=problem):
        read_comment(content)


def test_an_archive_with_one_name_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = archive(("comment.md", "x"), ("comment.md", "y"))
    with pytest.raises(ArtifactError, match="2 entries"):
        read_comment(content)


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(archive(("comment.md", "text")))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ArtifactError, match="encrypted"):
        read_comment(bytes(content))


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ([], "has no artifact"),
        ([{"id": 5, "name": "evidence-comment", "expired": True, "size_in_bytes": 3}], "has no artifact"),
        (
            [{"id": 5, "name": "evidence-comment", "expired": False, "size_in_bytes": 1 << 30}],
            "at most 1048576 are read",
        ),
        ([{"id": "../5", "name": "evidence-comment", "expired": False}], "has no artifact"),
    ],
)
def test_an_artifact_that_is_missing_or_large_is_a_warning(
    fork: Fork, listed: list[dict[str, Any]], problem: str
) -> None:
    fork.api.artifacts = listed
    done = fork.comment()
    assert problem in done.log
    assert not done.failed
    assert not fork.api.sent


def test_an_archive_that_is_larger_than_the_api_says_is_not_read_whole(fork: Fork) -> None:
    fork.api.archives[5] = b"x" * (artifact.ARCHIVE_LIMIT + 1)
    done = fork.comment()
    assert "more than 1048576 bytes" in done.log
    assert not done.failed


def test_of_several_attempts_the_newest_artifact_is_read(fork: Fork) -> None:
    fork.api.artifacts.append({"id": 6, "name": "evidence-comment", "expired": False, "size_in_bytes": 3})
    fork.api.archives[6] = archive(("comment.md", "of the second attempt"))
    fork.comment()
    assert fork.api.comments[0]["body"].endswith("of the second attempt")
