"""The comment on the pull request, against a stand-in of GitHub's API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_action import steps, texts
from evidence_action.github.api import GitHub, GitHubError
from evidence_action.github.comments import put_comment

from tests.action.comments_server import BOT, TOKEN, Api, served

MARKER = texts.marker("evidence")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("no_proxy", "*")
    with served() as started:
        yield started


def client(api: Api, token: str = TOKEN) -> GitHub:
    return GitHub(api.url, "owner/connector", token)


def test_a_comment_on_a_later_page_is_found_and_updated(api: Api) -> None:
    for number in range(250):
        api.add_comment(f"comment {number}", login="reviewer")
    ours = api.add_comment(f"{MARKER}\nold")
    assert put_comment(client(api), 12, MARKER, "new", BOT) == ours["html_url"]
    assert ours["body"] == f"{MARKER}\nnew"
    assert len(api.comments) == 251


@pytest.mark.parametrize(
    ("body", "login"),
    [
        (f"{MARKER}\nold", "reviewer"),
        (f"> {MARKER}\nquoted", BOT),
        ("<!-- toolkit-evidence:other -->\nof another workflow", BOT),
        (f"text before\n{MARKER}\n", BOT),
        ("", BOT),
    ],
)
def test_a_comment_that_is_not_the_workflows_own_stays(api: Api, body: str, login: str) -> None:
    other = api.add_comment(body, login)
    put_comment(client(api), 12, MARKER, "new", BOT)
    assert other["body"] == body
    assert [each["body"] for each in api.comments] == [body, f"{MARKER}\nnew"]


def test_a_comment_that_was_deleted_meanwhile_is_written_again(api: Api) -> None:
    api.add_comment(f"{MARKER}\nold")
    api.refused["PATCH"] = 404
    put_comment(client(api), 12, MARKER, "new", BOT)
    assert api.comments[-1]["body"] == f"{MARKER}\nnew"


@pytest.mark.parametrize("character", ["x", "é", "\U0001f600"])
def test_a_long_comment_is_cut_to_the_limit_and_says_so(api: Api, character: str) -> None:
    text = "<details>\n" + f"{character * 99}\n" * 900 + "</details>\n"
    put_comment(client(api), 12, MARKER, text, BOT)
    body = api.comments[0]["body"]
    assert 65_000 < len(body) <= texts.COMMENT_LIMIT
    assert body.count("<details>") == body.count("</details>") == 1
    assert "**Cut here**" in body.rpartition("</details>")[2]


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500, 502, 503])
def test_a_comment_that_is_refused_is_a_warning(
    api: Api, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api.refused["POST"] = status
    assert comment_step(api, tmp_path, monkeypatch) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("::warning title=Run evidence::no comment was written: POST ")
    assert f"{status} refused with {status}" in printed


@pytest.mark.parametrize("page", ["page=1", "page=2"])
def test_comments_that_cannot_be_listed_are_not_written_a_second_time(
    api: Api, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(101):
        api.add_comment("text", "reviewer")
    api.refused[f"GET .*{page}"] = 502
    assert comment_step(api, tmp_path, monkeypatch) == 0
    assert "no comment was written" in capsys.readouterr().out
    assert not api.sent


def test_a_missing_token_is_a_warning(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert comment_step(api, tmp_path, monkeypatch, token="") == 0
    assert "there is no token" in capsys.readouterr().out
    assert not api.requests


def test_an_event_without_a_pull_request_is_a_warning(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert comment_step(api, tmp_path, monkeypatch, event={"ref": "refs/heads/main"}) == 0
    assert "this event has no pull request" in capsys.readouterr().out


def test_a_server_that_is_not_there_is_a_warning(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert comment_step(api, tmp_path, monkeypatch, url="http://127.0.0.1:1") == 0
    assert "no comment was written: GET /repos/owner/connector/issues/12/comments" in capsys.readouterr().out


def test_an_answer_that_does_not_come_is_an_error(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence_action.github.api.TIMEOUT_S", 0.05)
    api.silent = True
    with pytest.raises(GitHubError, match="timed out"):
        put_comment(client(api), 12, MARKER, "new", BOT)


def comment_step(
    api: Api,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: str = TOKEN,
    url: str = "",
    event: object = None,
) -> int:
    """Run the step that comments in the job itself."""
    (folder / "comment.md").write_text("text", encoding="utf-8")
    (folder / "event.json").write_text(json.dumps(event or {"pull_request": {"number": 12}}), encoding="utf-8")
    for name, value in {
        "EVIDENCE_OUT": str(folder),
        "EVIDENCE_TOKEN": token,
        "GITHUB_API_URL": url or api.url,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "owner/connector",
    }.items():
        monkeypatch.setenv(name, value)
    return steps.comment()
