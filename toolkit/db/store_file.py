"""Checks of a store's file before it is opened, and messages for what goes wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from toolkit.model.errors import InputError

_MAGIC, _MAGIC_AT = b"DUCK", 8
"""Bytes by which DuckDB knows its files, and their place."""

_DAMAGE = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)


def check_file(db: str) -> None:
    """Raise `InputError` where an existing file can be no store: DuckDB would open it, or wait for it, all the same."""
    try:
        db.encode()
        if not Path(db).exists():
            return
        if not Path(db).is_file():
            why = "is a folder, a pipe or a device, not a store; name a file with --db"
            raise InputError(db, None, why)
        with Path(db).open("rb") as file:
            head = file.read(_MAGIC_AT + len(_MAGIC))
    except UnicodeEncodeError as error:
        raise InputError(db, None, "the name is not UTF-8, which DuckDB needs; name another file with --db") from error
    except OSError as error:
        raise InputError(db, None, f"cannot be read: {error.strerror}; name another file with --db") from error
    # A shorter file may be one that another process is creating.
    if len(head) == _MAGIC_AT + len(_MAGIC) and head[_MAGIC_AT:] != _MAGIC:
        raise InputError(db, None, "is not a store of this toolkit, but another kind of file; name another with --db")


def is_write_protected(db: str) -> bool:
    """Return whether an existing store can be read only."""
    return Path(db).exists() and not os.access(db, os.W_OK)


def is_damage(error: duckdb.Error) -> bool:
    """Return whether DuckDB raised the error because a file is damaged or cannot be written."""
    # A wrong checksum has no kind of its own.
    return isinstance(error, _DAMAGE) or "Corrupt database file" in str(error)


def unusable(db: str, error: Exception) -> InputError:
    """Return the error of a store that DuckDB cannot read or write, with what to do."""
    text = " ".join(str(error).split())[:_MOST_CHARACTERS]
    if "Out of Memory" in text or "Cannot allocate memory" in text:
        return InputError(db, None, "no memory is left to open it; raise `ulimit -v`, or end other programs")
    if "No space left" in text or "File too large" in text:
        why = "no space is left to write to it; no stored run is lost: free some space and try again"
        return InputError(db, None, why)
    if "Permission denied" in text or "Read-only file system" in text:
        return InputError(db, None, "no permission to write to it or beside it; allow it, or name another with --db")
    why = f"is damaged, or is not a store of this toolkit: {text}"
    return InputError(db, None, f"{why}; fetch a copy, or analyse its runs again into another file with --db")


_MOST_CHARACTERS = 400
"""Largest number of characters of a quoted message; the cause stands at its end, after the steps that failed."""


@contextmanager
def damage_explained(db: str) -> Iterator[None]:
    """Raise `InputError` where a statement in the block finds the store damaged, full or write-protected."""
    try:
        yield
    except duckdb.Error as error:
        if is_damage(error) or isinstance(error, duckdb.TransactionException):
            raise unusable(db, error) from error
        raise
