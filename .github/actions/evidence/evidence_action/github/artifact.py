"""The comment's text from the artifact of another run, which is text of whoever opened the pull request."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib

from evidence_action.github.api import GitHub, GitHubError

FILE_NAME = "comment.md"
"""The only file that the artifact may hold."""
ARCHIVE_LIMIT = 1 << 20
"""Largest archive in bytes."""
TEXT_LIMIT = 512 << 10
"""Largest file in bytes; a comment of 65 536 characters has at most half of it."""


class ArtifactError(Exception):
    """The artifact is missing or not as the first workflow makes it; the message says how."""


def comment_of_run(github: GitHub, run_id: int, name: str) -> str:
    """Return the comment's text from the artifact `name` of a run. Raises `ArtifactError` or `GitHubError`."""
    return read_comment(github.download(f"actions/artifacts/{_artifact_id(github, run_id, name)}/zip", ARCHIVE_LIMIT))


def _artifact_id(github: GitHub, run_id: int, name: str) -> int:
    """Return the id of the newest artifact of that name: each attempt of a run may have left one."""
    answer = github.get(f"actions/runs/{run_id}/artifacts", {"name": name, "per_page": "100"})
    listed = answer.get("artifacts") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise GitHubError("the list of artifacts is not as expected")
    found = [each for each in listed if isinstance(each, dict) and each.get("name") == name]
    usable = [each for each in found if not each.get("expired") and isinstance(each.get("id"), int)]
    if not usable:
        raise ArtifactError(f"run {run_id} has no artifact {name}")
    newest = max(usable, key=lambda each: int(each["id"]))
    size = newest.get("size_in_bytes")
    if isinstance(size, int) and size > ARCHIVE_LIMIT:
        raise ArtifactError(f"artifact {name} has {size} bytes; at most {ARCHIVE_LIMIT} are read")
    return int(newest["id"])


def read_comment(archive: bytes) -> str:
    """Return the text of the archive's only file. Nothing is written to disk.

    Raises `ArtifactError` for another name, a second file, a link, an encrypted, damaged or large file, or text that is
    not UTF-8.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entry = _only_entry(opened.infolist())
            with opened.open(entry) as stream:
                content = stream.read(TEXT_LIMIT + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise ArtifactError(f"the archive cannot be read: {error}") from error
    if len(content) > TEXT_LIMIT:
        raise ArtifactError(f"{FILE_NAME} has more than {TEXT_LIMIT} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{FILE_NAME} is not UTF-8") from error


def _only_entry(entries: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    names = [each.filename for each in entries]
    if names != [FILE_NAME]:
        raise ArtifactError(f"the archive holds {names[:3]!r} ({len(names)} entries) instead of {FILE_NAME} alone")
    mode = entries[0].external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        raise ArtifactError(f"{FILE_NAME} is a link or another special file")
    return entries[0]
