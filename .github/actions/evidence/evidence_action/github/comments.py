"""The comment of a workflow on a pull request: found by its hidden first line and its author, updated in place."""

from __future__ import annotations

from evidence_action import texts
from evidence_action.github.api import GitHub, GitHubError

GONE = 404


def put_comment(github: GitHub, number: int, marker: str, body: str, author: str) -> str:
    """Write the workflow's comment on a pull request, in place of its last one, and return its address.

    `body` is without the hidden line; what exceeds the limit is cut. Raises `GitHubError`.
    """
    text = texts.cut_to_characters(f"{marker}\n{body}", texts.COMMENT_LIMIT)
    existing = _own_comment(github, number, marker, author)
    if existing is not None:
        try:
            return _address(github.send("PATCH", f"issues/comments/{existing}", {"body": text}))
        except GitHubError as error:
            if error.status != GONE:
                raise
    return _address(github.send("POST", f"issues/{number}/comments", {"body": text}))


def _own_comment(github: GitHub, number: int, marker: str, author: str) -> int | None:
    """Return the id of the oldest comment that begins with the hidden line and is by the author.

    Somebody else's comment may hold the same line.
    """
    for comment in github.items(f"issues/{number}/comments"):
        user = comment.get("user")
        login = user.get("login") if isinstance(user, dict) else None
        body, id = comment.get("body"), comment.get("id")
        if login == author and isinstance(id, int) and isinstance(body, str) and body.splitlines()[:1] == [marker]:
            return id
    return None


def _address(answer: object) -> str:
    return str(answer.get("html_url") or "") if isinstance(answer, dict) else ""
