"""Certificate authorities that sockets and requests trust: the system's, or those of SSL_CERT_FILE and SSL_CERT_DIR."""

from __future__ import annotations

import os
import ssl
from functools import cache
from pathlib import Path

import certifi

from toolkit.model.errors import UsageError

FILE, DIRECTORY = "SSL_CERT_FILE", "SSL_CERT_DIR"


def client_context() -> ssl.SSLContext:
    """Return the context of all TLS connections of this process; it checks the certificate and the host name.

    The authorities are those of `SSL_CERT_FILE` or `SSL_CERT_DIR`, if one is set, else those of the system and of
    `certifi`.
    """
    return _context(os.environ.get(FILE, ""), os.environ.get(DIRECTORY, ""))


@cache
def _context(file: str, directory: str) -> ssl.SSLContext:
    context = ssl.create_default_context()  # OpenSSL itself reads the two variables
    if not (file or directory):
        context.load_verify_locations(certifi.where())
    return context


def check_authorities() -> None:
    """Raise `UsageError` if `SSL_CERT_FILE` or `SSL_CERT_DIR` names nothing that holds certificates.

    OpenSSL would pass over it, and then trust no certificate at all.
    """
    if (file := os.environ.get(FILE)) is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except OSError as error:
            why = "holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(
                f"{FILE}={file}: {why}; name a file of certificate authorities, or unset the variable"
            ) from error
    if directory := os.environ.get(DIRECTORY):
        for each in directory.split(os.pathsep):
            if not Path(each).is_dir():
                raise UsageError(f"{DIRECTORY}={each}: no such directory; correct or unset the variable")
