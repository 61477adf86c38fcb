"""The HTTP door: one request, one answer of bounded length within a bounded time."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from connectors.session.events import Fetch, Fetched, FetchFailed

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_CONNECTIONS = 20
USER_AGENT = "run-evidence-toolkit (read-only)"

_NUMBER = re.compile(r"\[Errno -?\d+\] ")


class HttpClient:
    """Asks venues by HTTP; as a context manager it closes its connections at the end."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=MAX_CONNECTIONS)
        plain = {"timeout": None, "limits": limits, "headers": {"User-Agent": USER_AGENT}}
        self._outside = httpx.AsyncClient(**plain)  # type: ignore[arg-type]
        self._loopback = httpx.AsyncClient(**plain, trust_env=False)  # type: ignore[arg-type]

    async def __aenter__(self) -> Self:
        """Give the door."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._outside.aclose()
        await self._loopback.aclose()

    async def fetch(self, wanted: Fetch, headers: Iterable[tuple[str, str]] = ()) -> Fetched | FetchFailed:
        """Ask, and give the body of a 200 or why there is none."""
        try:
            async with asyncio.timeout(wanted.timeout_ms / 1_000):
                return await self._fetch(wanted, headers)
        except TimeoutError:
            return FetchFailed(wanted.ticket, f"no answer within {wanted.timeout_ms} ms")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return FetchFailed(wanted.ticket, error_text(error))

    async def _fetch(self, wanted: Fetch, headers: Iterable[tuple[str, str]]) -> Fetched | FetchFailed:
        client = self._loopback if is_loopback(wanted.url) else self._outside
        call = wanted.call
        sent = dict(headers) | ({} if call.body is None else {"Content-Type": "application/json"})
        async with client.stream(call.method, wanted.url, content=call.body, headers=sent) as answer:
            if answer.status_code != httpx.codes.OK:
                after_ms = retry_after_ms(answer.headers.get("Retry-After"))
                return FetchFailed(wanted.ticket, f"HTTP {answer.status_code}", answer.status_code, after_ms)
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MAX_BODY_BYTES:
                    return FetchFailed(wanted.ticket, f"the answer is longer than {MAX_BODY_BYTES} bytes")
        return Fetched(wanted.ticket, bytes(body))


def error_text(error: BaseException) -> str:
    """What an error says, without its number; the reasons behind it too, where it only points at them."""
    said = _NUMBER.sub("", " ".join(str(error).split())) or type(error).__name__
    cause = error.__cause__
    behind = "" if cause is None else error_text(cause)
    return said if behind in said else f"{said}: {behind}"


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, where no proxy has any business."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_after_ms(value: str | None, now: datetime | None = None) -> int | None:
    """How long a `Retry-After` header asks to wait, written in seconds or as a date; None where it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9]) * 1_000
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    waits = (until if until.tzinfo else until.replace(tzinfo=UTC)) - (now or datetime.now(UTC))
    return max(0, round(waits.total_seconds() * 1_000))
