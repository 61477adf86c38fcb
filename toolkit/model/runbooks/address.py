"""Address of the runbooks, for pages that are read far from the repository."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from toolkit.model.errors import UsageError

URL_VARIABLE = "TOOLKIT_RUNBOOKS_URL"
"""Name of the environment variable that holds the address of the directory of the runbooks."""
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%+@-]+)*/?")
"""Matches an address that needs no escaping in any format. It has no user name, query or fragment."""


_LEFT_OUT = ContextVar("left_out", default=False)


@contextmanager
def without_address() -> Iterator[None]:
    """Leave the address out of all pages that are made meanwhile, so that they depend on their data alone."""
    token = _LEFT_OUT.set(True)
    try:
        yield
    finally:
        _LEFT_OUT.reset(token)


def current_address() -> str | None:
    """Return the address that pages link to now; None where none is set. Raises `UsageError` as `runbooks_url`."""
    return None if _LEFT_OUT.get() else runbooks_url(os.environ)


def runbooks_url(environ: Mapping[str, str]) -> str | None:
    """Return the address of the directory of the runbooks, without a slash at its end; None where it is not set.

    Raises `UsageError` for another scheme than http and https, a user name, and characters that an address must escape.
    """
    url = environ.get(URL_VARIABLE, "")
    if not url:
        return None
    if not _URL.fullmatch(url):
        raise UsageError(
            f"{URL_VARIABLE}: write the address of the directory of the runbooks, such as "
            "https://github.com/OWNER/REPOSITORY/blob/v1/runbooks: http or https, no user name, no query"
        )
    return url.rstrip("/")
