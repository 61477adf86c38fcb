"""HTTP client with a limit on the time and on the body length of each request.

Bodies are asked for uncompressed and any other is refused, because a compressed one may be a thousand times larger once
it is decoded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

from connectors.io.destinations import Destinations
from connectors.io.failures import failure_text, redirect_text
from connectors.io.proxies import Proxy, proxy_for
from connectors.io.tls import client_context
from connectors.session.events import Fetch, Fetched, FetchFailed

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_CONNECTIONS = 20
USER_AGENT = "run-evidence-toolkit (read-only)"
RETRY_AFTER_CAP_MS = 300_000
"""Longest wait that a venue's `Retry-After` may ask for."""

_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
_SHOWN = 40


class HttpClient:
    """HTTP client that all connectors share; an async context manager that closes its connections on exit.

    It opens at most `MAX_CONNECTIONS` connections, separately for each proxy. Redirects are not followed, and no file
    of credentials is read. `destinations` counts where the requests of the run went.
    """

    def __init__(self) -> None:
        self.destinations = Destinations()
        self._clients: dict[Proxy | None, httpx.AsyncClient] = {}

    def _client(self, proxy: Proxy | None) -> httpx.AsyncClient:
        """Return the client of a proxy. Raises an error for one that needs a package which is not installed."""
        if proxy not in self._clients:
            # `trust_env` would also read passwords from ~/.netrc.
            options: dict[str, Any] = {"timeout": None, "headers": _HEADERS, "trust_env": False}
            limits = httpx.Limits(max_connections=MAX_CONNECTIONS)
            url = None if proxy is None else proxy.url
            self._clients[proxy] = httpx.AsyncClient(**options, limits=limits, proxy=url, verify=client_context())
        return self._clients[proxy]

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    async def fetch(self, request: Fetch, headers: Iterable[tuple[str, str]] = ()) -> Fetched | FetchFailed:
        """Make the request; return the body of a response with status 200, else the reason of the failure.

        It raises nothing for a failed request. The request fails after `request.timeout_ms`, and if the body is encoded
        or longer than `MAX_BODY_BYTES`.
        """
        proxy = None
        try:
            proxy = proxy_for(request.url)
            async with asyncio.timeout(request.timeout_ms / 1_000):
                return await self._fetch(request, headers, proxy)
        except TimeoutError:
            return FetchFailed(request.ticket, f"no answer within {request.timeout_ms} ms")
        except Exception as error:  # noqa: BLE001  whatever a venue answers, its request must get a result
            return FetchFailed(request.ticket, failure_text(error, request.url, proxy))

    async def _fetch(
        self, request: Fetch, headers: Iterable[tuple[str, str]], proxy: Proxy | None
    ) -> Fetched | FetchFailed:
        client = self._client(proxy)
        call = request.call
        all_headers = dict(headers) | ({} if call.body is None else {"Content-Type": "application/json"})
        async with client.stream(call.method, request.url, content=call.body, headers=all_headers) as response:
            self.destinations.add(response.extensions["network_stream"].get_extra_info("server_addr"), proxy)
            if response.status_code != httpx.codes.OK:
                detail, retry_ms = refusal(
                    response.status_code, "", response.headers.get("Retry-After"), response.headers.get("Location")
                )
                return FetchFailed(request.ticket, detail, response.status_code, retry_ms)
            if (encoding := response.headers.get("Content-Encoding", "identity")) != "identity":
                return FetchFailed(request.ticket, f"the answer has the encoding {encoding[:_SHOWN]!r}, not identity")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return FetchFailed(request.ticket, f"the answer is longer than {MAX_BODY_BYTES} bytes")
        return Fetched(request.ticket, bytes(body))


def refusal(status: int, phrase: str, retry_after: str | None, location: str | None = None) -> tuple[str, int | None]:
    """Return the text of a response with an error status, and the wait that its header `retry_after` asks for in ms.

    A wait above `RETRY_AFTER_CAP_MS` is cut to it, which the text states. `location` is where a redirect leads.
    """
    text = f"HTTP {status} {phrase}".rstrip()
    if location is not None and 300 <= status < 400:
        text = f"{text}: {redirect_text(location)}"
    asked_ms = retry_after_ms(retry_after)
    if asked_ms is None or asked_ms <= RETRY_AFTER_CAP_MS:
        return text, asked_ms
    cap_s = RETRY_AFTER_CAP_MS // 1_000
    return f"{text}, Retry-After of {asked_ms // 1_000} s cut to {cap_s} s", RETRY_AFTER_CAP_MS


def retry_after_ms(value: str | None, now: datetime | None = None) -> int | None:
    """Return the delay that a `Retry-After` header asks for in ms, 0 or more; None if it is missing or invalid.

    The header has seconds or an HTTP date (RFC 9110, section 10.2.3). Seconds are cut to nine digits.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9]) * 1_000
    try:
        until = parsedate_to_datetime(text)
        delay = (until if until.tzinfo else until.replace(tzinfo=UTC)) - (now or datetime.now(UTC))
    except (ValueError, OverflowError, LookupError, TypeError):
        return None
    return max(0, round(delay.total_seconds() * 1_000))
