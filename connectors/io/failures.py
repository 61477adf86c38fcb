"""Reasons of failed connections and requests, in words: what failed, and what to do about it."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from websockets.exceptions import InvalidMessage, InvalidProxyStatus

from connectors.io.proxies import Proxy, UnusableProxyError

_ERRNO_PREFIX = re.compile(r"\[Errno -?\d+\] ")
_SOURCE_SUFFIX = re.compile(r" \(_ssl\.c:\d+\)$")
_PROXY_ANSWER = re.compile(r"\d{3}\b.*")
_SHOWN = 80

_EXPIRED, _NOT_YET_VALID = 10, 9
_OTHER_NAME = {62, 64}
_NOT_TRUSTED = {18, 19, 20, 21}
"""Codes of OpenSSL for the verification of a certificate (`X509_V_ERR_…`)."""


def failure_text(error: BaseException, url: str, proxy: Proxy | None = None) -> str:
    """Return why a connection to `url` failed, through `proxy` if there is one.

    A failure of another kind than those described here is given by the messages of its errors.
    """
    target = urlsplit(url)
    for each in _chain(error):
        if text := _proxy_failure(each, target.netloc, proxy) or _failure(each, target.hostname or "", proxy):
            return text
    return error_text(error)


def redirect_text(location: str) -> str:
    """Return what is said of a redirect; of its target the query and any user are left out."""
    try:
        parts = urlsplit(location)
        target = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else parts.path
    except ValueError:
        target = "an address that cannot be read"
    return f"redirects to {target[:_SHOWN]}, which is not followed; set the venue's URL to it if that is right"


def error_text(error: BaseException) -> str:
    """Return the message of an error without its errno, followed by the messages of its causes.

    A cause whose message is already contained is left out. An error without a message is given by its type.
    """
    text = _ERRNO_PREFIX.sub("", " ".join(str(error).split())) or type(error).__name__
    cause = error.__cause__
    cause_text = "" if cause is None else error_text(cause)
    return text if cause_text in text else f"{text}: {cause_text}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        first = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
        error = first or error.__cause__ or error.__context__


def _proxy_failure(error: BaseException, netloc: str, proxy: Proxy | None) -> str:
    """Return the failure of a proxy to open a tunnel; empty for any other."""
    if isinstance(error, UnusableProxyError):
        return str(error)
    if proxy is None:
        return ""
    if isinstance(error, ImportError):
        return f"{proxy} needs a package that is not installed ({str(error)[:_SHOWN]}); name an http:// proxy"
    answer = ""
    if isinstance(error, InvalidProxyStatus):
        answer = f"{error.response.status_code} {error.response.reason_phrase}"
    elif type(error).__name__ == "ProxyError" and _PROXY_ANSWER.match(str(error)):
        answer = str(error)
    remedy = "allow the host there, or add it to NO_PROXY"
    return answer and f"{proxy} answered HTTP {answer[:_SHOWN].strip()} to CONNECT {netloc}; {remedy}"


def _failure(error: BaseException, host: str, proxy: Proxy | None) -> str:
    """Return the failure of name resolution, TCP or TLS in words; empty for an error of another kind."""
    first_hop = str(proxy) if proxy else host
    remedy = f"check the variable {proxy.variable} and that the proxy runs" if proxy else "check the URL"
    match error:
        case ssl.SSLCertVerificationError():
            return _certificate_failure(error, host)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST" | "RECORD_LAYER_FAILURE"):
            return f"{host} answered without TLS; check the scheme and the port of the URL"
        case socket.gaierror():
            where = f"the name in {proxy}" if proxy else f"the name {host}"
            return f"{where} cannot be resolved ({error.strerror}); {remedy}, DNS and this machine's network"
        case ConnectionRefusedError():
            return f"{first_hop} refused the connection; {remedy}"
        case InvalidMessage():
            return f"{host} did not answer as a WebSocket server; check the scheme and the port of the URL"
        case OSError() if f"[Errno {errno.ECONNREFUSED}]" in str(error):
            return f"{first_hop} refused the connection; {remedy}"
    return ""


def _certificate_failure(error: ssl.SSLCertVerificationError, host: str) -> str:
    certificate = f"the certificate of {host}"
    code, why = error.verify_code, _SOURCE_SUFFIX.sub("", error.verify_message or str(error))
    if code in _OTHER_NAME:
        return f"{certificate} is for another name; check the URL, and whether another server answers for the venue"
    if code == _EXPIRED:
        return f"{certificate} has expired; check this machine's clock, else wait until the venue renews it"
    if code == _NOT_YET_VALID:
        return f"{certificate} is not valid yet; check this machine's clock"
    if code in _NOT_TRUSTED:
        return (
            f"{certificate} is signed by an authority that this machine does not trust ({why}); if it is yours, "
            "name its file in SSL_CERT_FILE"
        )
    return f"{certificate} is not valid: {why}"
