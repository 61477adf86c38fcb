"""HTTP requests of the clients of a simulated venue, read within the limits of its server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, parse_headers
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

from connectors.hosts import is_loopback_host
from connectors.simulator.messages import HttpResponse, Request
from connectors.simulator.protocols.limits import ServerLimits

HEAD_OCTETS = 64 * 1024
BODY_OCTETS = 1024 * 1024

KEEP_ALIVE_S = 75.0
"""Time for which an HTTP connection may wait between two requests."""


class RefusedRequestError(Exception):
    """A request is refused; `status` is the HTTP status of the answer, and the message says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status

    def response(self) -> HttpResponse:
        """Return the answer to the request."""
        return HttpResponse(self.status, json.dumps({"error": str(self)}).encode(), (("Connection", "close"),))


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A whole request; `head` is its head as it came, `target` its path with the query."""

    head: bytes
    target: str
    request: Request

    @property
    def upgrades(self) -> bool:
        """True for a handshake of WebSocket."""
        return self.request.headers.get("upgrade", "").lower() == "websocket"

    @property
    def last(self) -> bool:
        """True if the client sends no other request on the connection."""
        return self.request.headers.get("connection", "").lower() == "close"


async def read_request(reader: asyncio.StreamReader, limits: ServerLimits, *, first: bool) -> ReadRequest:
    """Read a request; the `first` of a connection must be whole in time, a further one once it has begun.

    Raises RefusedRequestError for a request that deserves an answer, TimeoutError if a connection that had a request
    sends no other, and ValueError, EOFError or OSError for one that cannot be read.
    """
    begun = b""
    if not first:
        async with asyncio.timeout(KEEP_ALIVE_S):
            begun = await reader.readexactly(1)
    try:
        async with asyncio.timeout(limits.request_s):
            return await _read_whole(begun, reader, limits)
    except TimeoutError as error:
        why = f"no whole request within {limits.request_s:g} s"
        raise RefusedRequestError(HTTPStatus.REQUEST_TIMEOUT, why) from error


async def _read_whole(begun: bytes, reader: asyncio.StreamReader, limits: ServerLimits) -> ReadRequest:
    try:
        head = begun + await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        message = parse_headers(BytesIO(rest))
    except (asyncio.LimitOverrunError, HTTPException) as error:
        why = "more than 100 headers, or more than 64 KiB of them"
        raise RefusedRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, why) from error
    method, target, _ = line.decode("ascii").split(" ", 2)
    if limits.own_hosts_only and (name := foreign_header(message)) is not None:
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, f"its {name} is not this machine (--any-host admits it)")
    length = int(message.get("Content-Length", "0"))
    if length > BODY_OCTETS:
        raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a body above 1 MiB")
    headers = {name.lower(): value for name, value in message.items()}
    parts = urlsplit(target)
    body = await reader.readexactly(length)
    return ReadRequest(head, target, Request(method, parts.path, dict(parse_qsl(parts.query)), body, headers))


def foreign_header(message: HTTPMessage) -> str | None:
    """Return the name of the header that tells of another machine; None if none does.

    A page of a browser that reaches the server sends its `Origin`, and the name of its own server as `Host` where that
    name was made to lead here.
    """
    for host in message.get_all("Host", []):
        if host and not _is_own(f"//{host}"):
            return "Host"
    return "Origin" if any(not _is_own(each) for each in message.get_all("Origin", [])) else None


def _is_own(url: str) -> bool:
    try:
        name = (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return False
    return is_loopback_host(name) or name.endswith(".localhost")


def encode_response(response: HttpResponse) -> bytes:
    """Return the response as it is sent."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Simulated"
    named = {"Content-Type": "application/json", "Content-Length": str(len(response.body)), **dict(response.headers)}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {int(response.status)} {phrase}\r\n{head}\r\n".encode() + response.body
