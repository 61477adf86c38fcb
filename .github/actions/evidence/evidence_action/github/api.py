"""Client of GitHub's REST API: JSON requests, pages of lists, and downloads with a limit."""

from __future__ import annotations

import http.client
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 30.0
"""Seconds without an answer after which a request fails."""
JSON_LIMIT = 32 << 20
"""Largest answer in bytes."""
PAGE_LIMIT = 300
"""Largest number of pages of a list."""


class GitHubError(Exception):
    """A request to GitHub failed. `status` is the HTTP status, or None where there was no answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class GitHub:
    """The API of one repository (`owner/name`) with a token."""

    api_url: str
    repository: str
    token: str

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of a resource below the repository. Raises `GitHubError`."""
        return self._request("GET", self._url(path, query), None)[0]

    def items(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages of a list. Raises `GitHubError`."""
        for page in range(1, PAGE_LIMIT + 1):
            url = self._url(path, {**(query or {}), "per_page": "100", "page": str(page)})
            found, headers = self._request("GET", url, None)
            if not isinstance(found, list):
                raise GitHubError(f"GET {path}: the answer is no list")
            yield from (each for each in found if isinstance(each, dict))
            if not re.search(r'rel="?next"?', headers.get("Link") or ""):
                return

    def send(self, method: str, path: str, content: Mapping[str, object]) -> Any:
        """Send JSON to a resource below the repository, and return the JSON of the answer. Raises `GitHubError`."""
        return self._request(method, self._url(path), json.dumps(content).encode())[0]

    def download(self, path: str, limit: int) -> bytes:
        """Return the bytes of a resource, which may be stored elsewhere. Raises `GitHubError`, also above `limit`."""
        return self._answer("GET", self._url(path), None, limit)[0]

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        address = f"{self.api_url.rstrip('/')}/repos/{urllib.parse.quote(self.repository)}/{path}"
        return f"{address}?{urllib.parse.urlencode(query)}" if query else address

    def _request(self, method: str, url: str, body: bytes | None) -> tuple[Any, http.client.HTTPMessage]:
        answer, headers = self._answer(method, url, body, JSON_LIMIT)
        try:
            return json.loads(answer or b"null"), headers
        except ValueError as error:
            raise GitHubError(f"{method} {_path(url)}: the answer is no JSON") from error

    def _answer(self, method: str, url: str, body: bytes | None, limit: int) -> tuple[bytes, http.client.HTTPMessage]:
        request = urllib.request.Request(url, body, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("User-Agent", "run-evidence-toolkit")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        # The redirect of a download leads to another host, which must not get the token.
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                content = response.read(limit + 1)
                headers = response.headers
        except urllib.error.HTTPError as error:
            raise GitHubError(f"{method} {_path(url)}: {error.code} {_reason(error)}", error.code) from error
        except (OSError, http.client.HTTPException) as error:
            raise GitHubError(f"{method} {_path(url)}: {getattr(error, 'reason', error) or 'no answer'}") from error
        if len(content) > limit:
            raise GitHubError(f"{method} {_path(url)}: more than {limit} bytes")
        return content, headers


def from_environment(token: str) -> GitHub:
    """Return the API of the repository in which the workflow runs."""
    api_url = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    return GitHub(api_url, os.environ.get("GITHUB_REPOSITORY", ""), token)


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path


def _reason(error: urllib.error.HTTPError) -> str:
    """Return the message of GitHub's answer, or the reason phrase where it has none."""
    try:
        message = json.loads(error.read(1 << 16)).get("message")
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        message = None
    return str(message or error.reason)[:200]
