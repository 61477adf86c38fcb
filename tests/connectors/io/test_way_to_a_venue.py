"""Tests of the way to a venue for sockets and requests: certificates, names, redirects and proxies, each with its words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.io.destinations import Destinations
from connectors.io.http import HttpClient
from connectors.io.proxies import Proxy, UnusableProxyError, proxy_for
from connectors.io.tls import check_authorities
from connectors.io.websocket import Socket
from connectors.session.events import ConnectFailed, Fetch, FetchFailed, FetchPurpose
from connectors.venues.spec import RestCall
from tests.connectors.io.servers import HOST, run, tcp_server, try_open, websocket_server
from tests.connectors.io.tls_servers import Authority, ConnectProxy, relay, resolving
from toolkit.model.errors import UsageError

VENUE = "venue.test"
PROXY_NAMES = [f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL", "NO", "WS", "WSS", "SOCKS")]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def way(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Trust the authority, use no proxy, and resolve the venue's name to this machine."""
    for name in PROXY_NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with resolving(monkeypatch, VENUE):
        yield monkeypatch


async def failures(url: str) -> list[str]:
    """Return the words of a failed socket and of a failed request to the same place."""
    socket = await try_open(url)
    assert isinstance(socket, ConnectFailed)
    async with HttpClient() as client:
        fetch = Fetch(1, FetchPurpose.LOOKUP, url.replace("ws", "http", 1), RestCall("/"), 5_000)
        answer = await client.fetch(fetch)
    assert isinstance(answer, FetchFailed)
    return [socket.detail, answer.detail]


def test_sockets_and_requests_trust_the_authority_of_ssl_cert_file(authority: Authority) -> None:
    async def test() -> None:
        async with (
            websocket_server(lambda socket: socket.wait_closed()) as url,
            relay(int(url.split(":")[2].strip("/")), authority.server_context(VENUE)) as port,
            HttpClient() as client,
        ):
            socket = await try_open(f"wss://{VENUE}:{port}/")
            assert isinstance(socket, Socket) and socket.address == (HOST, port)
            await socket.close()
            fetch = Fetch(1, FetchPurpose.LOOKUP, f"https://{VENUE}:{port}/", RestCall("/"), 5_000)
            # A WebSocket server answers a plain request with 426.
            assert await client.fetch(fetch) == FetchFailed(1, "HTTP 426", 426)
            assert client.destinations.counts() == {"loopback": 1, "elsewhere": 0, "proxied": 0}

    run(test())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unknown", "signed by an authority that this machine does not trust"),
        ("other_name", "is for another name; check the URL"),
        ("expired", "has expired; check this machine's clock"),
        ("early", "is not valid yet; check this machine's clock"),
    ],
)
def test_a_certificate_that_is_not_right_is_named(authority: Authority, fault: str, words: str) -> None:
    async def test() -> None:
        async with relay(1, authority.server_context(VENUE, fault)) as port:
            for detail in await failures(f"wss://{VENUE}:{port}/"):
                assert detail.startswith(f"the certificate of {VENUE} ") and words in detail

    run(test())


def test_a_name_that_does_not_resolve_and_a_closed_port_are_named() -> None:
    async def test() -> None:
        for detail in await failures("wss://nowhere.test/"):
            assert detail.startswith("the name nowhere.test cannot be resolved (") and "DNS" in detail
        async with tcp_server(lambda reader, writer: reader.read(1)) as port:
            pass
        assert set(await failures(f"wss://{VENUE}:{port}/")) == {f"{VENUE} refused the connection; check the URL"}

    run(test())


def test_a_proxy_of_the_environment_carries_both_and_is_counted_as_such(
    authority: Authority, way: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with (
            websocket_server(lambda socket: socket.wait_closed()) as url,
            relay(int(url.split(":")[2].strip("/")), authority.server_context("far.test")) as port,
            HttpClient() as client,
        ):
            proxy = ConnectProxy({"far.test:443": port})
            async with proxy.serving() as proxy_url:
                # Without a scheme, as many write it.
                way.setenv("HTTPS_PROXY", proxy_url.removeprefix("http://"))
                socket = await try_open("wss://far.test/")
                assert isinstance(socket, Socket), socket
                assert socket.proxy == Proxy(proxy_url, "HTTPS_PROXY")
                fetch = Fetch(1, FetchPurpose.LOOKUP, "https://far.test/", RestCall("/"), 5_000)
                assert await client.fetch(fetch) == FetchFailed(1, "HTTP 426", 426)
                assert proxy.asked == ["far.test:443"] * 2
                assert client.destinations.counts() == {"loopback": 0, "elsewhere": 0, "proxied": 1}
                await socket.close()

    run(test())


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_opens_no_tunnel_is_named_with_its_answer(way: pytest.MonkeyPatch, status: str) -> None:
    async def test() -> None:
        async with ConnectProxy({}, status).serving() as url:
            way.setenv("all_proxy", url)
            expected = f"the proxy {url} (all_proxy) answered HTTP {status} to CONNECT far.test"
            for detail in await failures("wss://far.test/"):
                assert detail.startswith(expected) and "NO_PROXY" in detail

    run(test())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("http://127.0.0.1:1", "the proxy http://127.0.0.1:1 (HTTPS_PROXY) refused the connection; check the variable"),
        ("http://nowhere.test:1", "the name in the proxy http://nowhere.test:1 (HTTPS_PROXY) cannot be resolved"),
        (
            "gopher://x:1",
            "HTTPS_PROXY: 'gopher://x:1': proxies of the scheme gopher:// are not supported; write http://",
        ),
        ("http://", "HTTPS_PROXY: 'http://' is not a proxy; write http://HOST:PORT"),
        ("http://me:hunter2@127.0.0.1:1", "HTTPS_PROXY: a proxy with a user or password is refused"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_with_its_variable(
    way: pytest.MonkeyPatch, value: str, words: str
) -> None:
    way.setenv("HTTPS_PROXY", value)
    for detail in asyncio.run(failures("wss://far.test/")):
        assert detail.startswith(words) and "hunter2" not in detail


@pytest.mark.parametrize(
    ("environ", "url", "variable"),
    [
        ({"HTTPS_PROXY": "p:1"}, "wss://far.test/", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "p:1"}, "https://far.test/", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "p:1"}, "http://far.test/", None),
        ({"HTTPS_PROXY": "p:1", "ALL_PROXY": "q:1"}, "ws://far.test/", "ALL_PROXY"),
        ({"HTTPS_PROXY": "p:1", "WSS_PROXY": "q:1"}, "wss://far.test/", "WSS_PROXY"),
        ({"HTTPS_PROXY": "p:1", "https_proxy": "q:1"}, "wss://far.test/", "https_proxy"),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "other.test, .test"}, "wss://far.test/", None),
        ({"ALL_PROXY": "p:1", "NO_PROXY": "*"}, "wss://far.test/", None),
        ({"ALL_PROXY": "p:1"}, "wss://localhost:5/", None),
        ({"ALL_PROXY": "p:1"}, "ws://127.0.0.2/", None),
        ({"ALL_PROXY": "p:1"}, "ws://[::1]/", None),
        ({}, "wss://far.test/", None),
    ],
)
def test_which_variable_names_the_proxy_of_a_url(
    way: pytest.MonkeyPatch, environ: dict[str, str], url: str, variable: str | None
) -> None:
    for name, value in environ.items():
        way.setenv(name, value)
    proxy = proxy_for(url)
    assert (proxy and proxy.variable) == variable


def test_a_password_of_a_proxy_is_in_no_message(way: pytest.MonkeyPatch) -> None:
    way.setenv("HTTPS_PROXY", "u:hunter2@[bad")
    with pytest.raises(UnusableProxyError) as error:
        proxy_for("wss://far.test/")
    assert "hunter2" not in str(error.value)


def test_no_password_of_a_netrc_file_is_sent(way: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    way.setenv("NETRC", str(tmp_path / "netrc"))
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def test() -> None:
        async with tcp_server(answer) as port, HttpClient() as client:
            await client.fetch(Fetch(1, FetchPurpose.LOOKUP, f"http://{HOST}:{port}/", RestCall("/"), 5_000))

    run(test())
    assert heads and b"authorization" not in heads[0].lower()


@pytest.mark.parametrize(("content", "words"), [(None, "No such file"), ("no certificate", "holds no certificate")])
def test_a_file_of_authorities_that_holds_none_is_refused(
    way: pytest.MonkeyPatch, tmp_path: Path, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "authority.pem").write_text(content)
    way.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with pytest.raises(UsageError, match=rf"SSL_CERT_FILE=.*{words}.*; name a file of certificate authorities"):
        check_authorities()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("127.0.0.1", 5), True),
        (("127.8.9.1", 5), True),
        (("::1", 5, 0, 0), True),
        (("::ffff:127.0.0.1", 5, 0, 0), True),
        (("10.0.0.1", 5), False),
        (("fe80::1%eth0", 5, 0, 2), False),
        (None, False),
    ],
)
def test_only_loopback_addresses_count_as_this_machine(address: object, expected: bool) -> None:
    destinations = Destinations()
    assert destinations.all_loopback is None
    destinations.add(address, None)
    assert destinations.all_loopback is expected
    destinations.add(("127.0.0.1", 5), Proxy("http://127.0.0.1:1", "ALL_PROXY"))
    assert destinations.all_loopback is False
