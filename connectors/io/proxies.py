"""Proxies of the environment, the same for sockets and requests: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.

A name may be written in small letters, which then comes first. A socket may have a proxy of its own (WSS_PROXY,
WS_PROXY). A URL of this machine is never proxied. Without these names, the settings of the system apply where it has
some (macOS, Windows).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from connectors.hosts import is_loopback_host

SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_NAMES = {
    "wss": ("wss", "https", "all", "socks"),
    "ws": ("ws", "http", "all", "socks"),
    "https": ("https", "all"),
    "http": ("http", "all"),
}
_SHOWN = 80


class UnusableProxyError(ValueError):
    """The environment names a proxy that cannot be used; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: its URL, which has neither user nor password, and the name of the variable that it comes from."""

    url: str
    variable: str

    def __str__(self) -> str:
        """Return the proxy as messages name it."""
        return f"the proxy {self.url} ({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for a URL, None for a direct connection. Raises `UnusableProxyError`."""
    target = urlsplit(url)
    proxies = getproxies()
    name = next((each for each in _NAMES[target.scheme] if proxies.get(each)), None)
    if name is None or is_loopback(url) or proxy_bypass(target.netloc):
        return None
    return _checked(proxies[name].strip(), _variable(name))


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine; such URLs are never proxied."""
    return is_loopback_host(urlsplit(url).hostname or "")


def _variable(name: str) -> str:
    names = (f"{name}_proxy", f"{name}_PROXY".upper())
    return next((each for each in names if os.environ.get(each)), "settings of the system")


def _checked(text: str, variable: str) -> Proxy:
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        readable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        readable = False
    if "@" in url:
        # The value is not repeated: it holds a password.
        raise UnusableProxyError(
            f"{variable}: a proxy with a user or password is refused, because no credential is read; "
            "name one that needs none"
        )
    if not readable:
        raise UnusableProxyError(f"{variable}: {url[:_SHOWN]!r} is not a proxy; write http://HOST:PORT")
    if parts.scheme not in SCHEMES:
        raise UnusableProxyError(
            f"{variable}: {url[:_SHOWN]!r}: proxies of the scheme {parts.scheme}:// are not supported; "
            "write http://HOST:PORT, https:// or socks5://"
        )
    return Proxy(f"{parts.scheme}://{parts.netloc}", variable)
