"""The HTTP client returns bodies and the reasons of failures."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.io.http import MAX_BODY_BYTES, RETRY_AFTER_CAP_MS, HttpClient, refusal, retry_after_ms
from connectors.io.proxies import is_loopback
from connectors.session.events import (
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
)
from connectors.venues.spec import RestCall
from tests.connectors.io.servers import HOST, tcp_server


async def fetch_from_server(
    response: bytes, timeout_ms: int = 2_000, body: str | None = None
) -> tuple[Fetched | FetchFailed, bytes]:
    """Return the outcome of one request to a server that sends `response`, and the request that the server received."""
    request = bytearray()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request.extend(await reader.readuntil(b"\r\n\r\n"))
        if body is not None:
            request.extend(await reader.readexactly(len(body)))
        writer.write(response)
        await writer.drain()
        if not response:
            await reader.read()

    async with tcp_server(respond) as port, HttpClient() as client:
        call = RestCall("/book?limit=5", "GET" if body is None else "POST", body)
        fetch = Fetch(7, FetchPurpose.SNAPSHOT, f"http://{HOST}:{port}{call.path}", call, timeout_ms)
        return await client.fetch(fetch, (("X-Asked", "yes"),)), bytes(request)


def http_response(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Word", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body


def test_a_request_has_the_given_method_headers_and_body_and_its_response_body_is_returned() -> None:
    outcome, request = asyncio.run(fetch_from_server(http_response(200, b'{"a":1}'), body='{"coin":"ETH"}'))
    assert outcome == Fetched(7, b'{"a":1}')
    head, _, request_body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /book?limit=5 HTTP/1.1") and request_body == b'{"coin":"ETH"}'
    assert b"x-asked: yes" in head.lower() and b"content-type: application/json" in head.lower()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (http_response(429, Retry_After="3"), FetchFailed(7, "HTTP 429", 429, 3_000)),
        (
            http_response(429, Retry_After="999999999"),
            FetchFailed(7, "HTTP 429, Retry-After of 999999999 s cut to 300 s", 429, 300_000),
        ),
        (http_response(500, b"oops"), FetchFailed(7, "HTTP 500", 500)),
        (
            http_response(302, Location="http://u:p@127.0.0.1:1/new?key=secret"),
            FetchFailed(
                7,
                "HTTP 302: redirects to http://127.0.0.1:1/new, which is not followed; "
                "set the venue's URL to it if that is right",
                302,
            ),
        ),
        (
            http_response(200, b"x" * (MAX_BODY_BYTES + 1)),
            FetchFailed(7, f"the answer is longer than {MAX_BODY_BYTES} bytes"),
        ),
    ],
    ids=["rate limit", "wait of 31 years", "server error", "redirect", "too long"],
)
def test_another_status_or_a_body_over_the_size_limit_is_a_failure_with_its_reason(
    response: bytes, expected: FetchFailed
) -> None:
    assert asyncio.run(fetch_from_server(response))[0] == expected


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "x" * 9_000])
def test_an_encoded_body_is_refused_before_it_is_read(encoding: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 99999999\r\n\r\n".encode()
    outcome, request = asyncio.run(fetch_from_server(head))
    assert isinstance(outcome, FetchFailed) and f"encoding '{encoding[:40]}'" in outcome.detail
    assert b"accept-encoding: identity" in request.lower()


@pytest.mark.parametrize("response", [b"", b"what?\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
def test_missing_and_invalid_responses_are_failures_within_the_timeout(response: bytes) -> None:
    outcome, _ = asyncio.run(fetch_from_server(response, timeout_ms=200))
    assert isinstance(outcome, FetchFailed) and outcome.ticket == 7 and outcome.status is None and outcome.detail


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("120", 120_000),
        (" 0 ", 0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30_000),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("9" * 40, 999_999_999_000),
        ("Thu, 01 Jan 99999999999999 12:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 251_635_118_339_000),
        ("Thu, 01 Jan 2026 12:00:00 +99999999999999", None),
    ],
)
def test_retry_after_is_parsed_as_seconds_or_as_a_date(header: str | None, expected: int | None) -> None:
    assert retry_after_ms(header, NOON) == expected


@given(st.one_of(st.text(), st.text("0123456789 ,:+-ThuJanGMT"), st.integers().map("Thu, 01 Jan {} 12:00:00".format)))
def test_no_retry_after_header_raises(header: str) -> None:
    text, wait_ms = refusal(429, "No", header)
    assert text.startswith("HTTP 429 No") and (wait_ms is None or 0 <= wait_ms <= RETRY_AFTER_CAP_MS)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://127.0.0.1:80/x", True),
        ("http://[::1]:80/", True),
        ("ws://localhost/", True),
        ("wss://127.example.org/", False),
        ("https://10.0.0.1/", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
