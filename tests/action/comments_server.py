"""Stand-in of GitHub's API on loopback: comments of issues, pull requests, artifacts of runs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-test"
BOT = "github-actions[bot]"


@dataclass
class Api:
    """State of the stand-in.

    `refused` gives a status for requests whose method and path match its pattern. Where it is `silent`, it answers
    nothing before it ends.
    """

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[int, bytes] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    storage_authorizations: list[str | None] = field(default_factory=list)
    next_id: int = 1000
    silent: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def add_comment(self, body: str, login: str = BOT) -> dict[str, Any]:
        self.next_id += 1
        address = f"{self.url}/comment/{self.next_id}"
        self.comments.append({"id": self.next_id, "body": body, "user": {"login": login}, "html_url": address})
        return self.comments[-1]


@contextmanager
def served() -> Iterator[Api]:
    """Serve the stand-in on a free port of loopback."""
    api = Api()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (_Handler,), {"api": api}))
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        api.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    api: Api

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def do_PATCH(self) -> None:
        self._respond("PATCH")

    def _respond(self, method: str) -> None:
        api, address = self.api, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if api.silent:
            api.ended.wait()
            return
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        api.requests.append(f"{method} {self.path}")
        if address.path.startswith("/storage/"):
            api.storage_authorizations.append(self.headers.get("Authorization"))
            self._send(200, api.archives[int(address.path.rpartition("/")[2])])
            return
        refusal = next((code for pattern, code in api.refused.items() if re.search(pattern, api.requests[-1])), None)
        if refusal is not None:
            self._json(refusal, {"message": f"refused with {refusal}"})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json(401, {"message": "Bad credentials"})
        else:
            self._route(method, address.path.removeprefix("/repos/owner/connector/"), query, body)

    def _route(self, method: str, path: str, query: dict[str, str], body: bytes) -> None:
        api = self.api
        if method == "GET" and re.fullmatch(r"issues/\d+/comments", path):
            self._list(api.comments, query)
        elif method == "POST" and re.fullmatch(r"issues/\d+/comments", path):
            self._write(lambda text: api.add_comment(text), body, 201)
        elif method == "PATCH" and (found := self._found(api.comments, "id", path)) is not None:
            self._write(lambda text: {**found, **_update(found, text)}, body, 200)
        elif method == "GET" and path == "pulls":
            self._list([each for each in api.pulls if each["head"]["label"] == query["head"]], query)
        elif method == "GET" and (found := self._found(api.pulls, "number", path)) is not None:
            self._json(200, found)
        elif method == "GET" and re.fullmatch(r"actions/runs/\d+/artifacts", path):
            self._json(200, {"artifacts": [each for each in api.artifacts if each["name"] == query["name"]]})
        elif method == "GET" and (match := re.fullmatch(r"actions/artifacts/(\d+)/zip", path)):
            self.send_response(302)
            self.send_header("Location", f"{api.url.replace('127.0.0.1', 'localhost')}/storage/{match[1]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._json(404, {"message": "Not Found"})

    def _found(self, items: list[dict[str, Any]], key: str, path: str) -> dict[str, Any] | None:
        return next((each for each in items if path.rpartition("/")[2] == str(each[key])), None)

    def _list(self, items: list[dict[str, Any]], query: dict[str, str]) -> None:
        size, page = int(query["per_page"]), int(query["page"])
        more = len(items) > size * page
        link = {"Link": f'<{self.api.url}/next>; rel="next", <{self.api.url}/last>; rel="last"'} if more else {}
        self._json(200, items[size * (page - 1) : size * page], link)

    def _write(self, write: Any, body: bytes, status: int) -> None:
        content = json.loads(body)
        self.api.sent.append(content)
        if len(content["body"]) > 65_536:
            self._json(422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"})
        else:
            self._json(status, write(content["body"]))

    def _json(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(content).encode(), headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _update(comment: dict[str, Any], text: str) -> dict[str, Any]:
    comment["body"] = text
    return comment
