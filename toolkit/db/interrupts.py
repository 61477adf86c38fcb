"""Ctrl-C within a query, raised as everywhere in Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_raised() -> Iterator[None]:
    """Raise `KeyboardInterrupt` where Ctrl-C interrupts a query of the block or, as a decorator, of the function.

    DuckDB raises a `RuntimeError` then.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise
