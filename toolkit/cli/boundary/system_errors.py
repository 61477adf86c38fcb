"""Messages for what the system and libraries raise: a full disk, no permission, limits of the process."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from toolkit.model.errors import InputError, ToolkitError

_LIMITS = {
    "no space is left on the disk; free some, or write elsewhere": (errno.ENOSPC, errno.EDQUOT),
    "the file would be larger than the system allows; raise `ulimit -f`, or write elsewhere": (errno.EFBIG,),
    "too many files are open; raise `ulimit -n` (256 is enough)": (errno.EMFILE, errno.ENFILE),
    "no memory is left; raise `ulimit -v` (2 GB is enough for a small run), or end other programs": (errno.ENOMEM,),
    "no further process or thread can be started; raise `ulimit -u` or `ulimit -v`, or end others": (errno.EAGAIN,),
}
"""Limits of the machine and of the process, with what to do, by error number."""
_WHY = {number: why for why, numbers in _LIMITS.items() for number in numbers} | {
    errno.EACCES: "no permission; allow it, or name another file",
    errno.EPERM: "no permission; allow it, or name another file",
    errno.EROFS: "its file system is read-only; name a file elsewhere",
    errno.ENOENT: "no such file or directory; check the path",
    errno.EISDIR: "is a directory; name a file",
    errno.EEXIST: "a part of the path is a file, not a directory; check the path",
    errno.ENOTDIR: "a part of the path is a file, not a directory; check the path",
    errno.ENAMETOOLONG: "the name is too long for the file system; choose a shorter one",
    errno.EBADF: "is closed; open it, or name a file with -o",
    errno.EIO: "the device failed to read or write; check the disk",
}
_TEXTS = {os.strerror(number).lower(): number for numbers in _LIMITS.values() for number in numbers} | {
    "failed to map segment": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "could not allocate": errno.ENOMEM,
    "failed to allocate": errno.ENOMEM,
    "can't start new thread": errno.EAGAIN,
}
"""Texts by which libraries report a limit, in lower case, with its error number."""


def translated(error: BaseException, name: str | None = None) -> ToolkitError | None:
    """Return the error as one that says what to do (exit 3); None for an error that only a fault can explain.

    `name` is the file that the error concerns, where the error does not say it.
    """
    if isinstance(error, ToolkitError):
        return error
    for each in _chain(error):
        if (number := limit_of(each)) is not None:
            return InputError(name or _file_of(each) or _place(number), None, _WHY[number])
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return InputError(error.object[:200], None, "the text is not UTF-8; rename the file, or write another text")
    if _is_of_a_library(error) and "surrogate" in str(error):
        return InputError("this machine", None, "an argument is not UTF-8; rename the file, or write another text")
    if isinstance(error, OSError) and (name or error.errno is not None):
        file = name or _file_of(error)
        why = f"{error.strerror or error}; check the path"
        return InputError(file or "this machine", None, _WHY.get(error.errno or 0, why) if file else why)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those that led to it: a library may answer a limit with an error of its own."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _place(number: int) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the store or the temporary directory ({os.environ.get('TMPDIR') or '/tmp'})"
    return "this machine"


def limit_of(error: BaseException) -> int | None:
    """Return the error number of the limit that an error reports; None for another error."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if any(error.errno in numbers for numbers in _LIMITS.values()) else None
    if not isinstance(error, ImportError | RuntimeError) and not _is_of_a_library(error):
        return None
    text = str(error).lower()
    return next((number for words, number in _TEXTS.items() if words in text), None)


_LIBRARIES = ("_duckdb", "duckdb", "polars", "pyarrow", "zstd", "zstandard")
"""Libraries that report limits of the system in errors of their own."""


def _is_of_a_library(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in _LIBRARIES


def _file_of(error: BaseException) -> str | None:
    name = getattr(error, "filename", None)
    return os.fsdecode(name) if isinstance(name, str | bytes) else None
