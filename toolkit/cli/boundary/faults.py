"""Faults of the toolkit: the traceback goes to a private file, the message names it."""

from __future__ import annotations

import os
import sys
import tempfile


def fault_message(error: BaseException) -> str:
    """Write the traceback of an error to a private file, and return the message that names it.

    Where no file can be written, the message is the traceback.
    """
    import traceback
    from importlib.metadata import version

    from toolkit.model.redaction import redact

    system = f"run-evidence-toolkit {version('run-evidence-toolkit')}, Python {sys.version}, {sys.platform}\n"
    report = redact(system + "".join(traceback.format_exception(error)))
    what = redact(next(iter(traceback.format_exception_only(error))).strip()[:_MOST_CHARACTERS])
    head = f"a fault of the toolkit itself, not of the run: {what}"
    try:
        number, file = tempfile.mkstemp(prefix="toolkit-fault-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(report)
    except OSError:
        return f"{head}; no file could be written, so this is its traceback:\n{report}"
    return f"{head}; its traceback is in {file}: please report it with that file"


_MOST_CHARACTERS = 300
