"""Run a command, and turn everything that it raises into one message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from toolkit.cli.boundary.streams import STANDARD_OUTPUT, discard
from toolkit.cli.output import note
from toolkit.model.errors import ExitCode, InputError

INTERRUPTED = "interrupted; nothing was stored"


def run_guarded(run: Callable[[], int | None]) -> int:
    """Run a command and return its exit code; what it raises becomes a message on stderr.

    A `ToolkitError` has its own exit code; what the system and libraries raise about files, disks and limits is bad
    input (3); anything else is a fault of the toolkit (70). A closed pipe (`| head`) is not an error. Ctrl-C returns
    130.
    """
    try:
        code = run() or ExitCode.OK
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        note(INTERRUPTED)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        discard(sys.stdout)
        return ExitCode.OK
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  no command may end in a traceback, and libraries have their own kinds
        return _failed(error)


def _failed(error: BaseException) -> int:
    from toolkit.cli.boundary.faults import fault_message
    from toolkit.cli.boundary.system_errors import translated

    known = translated(error)
    if isinstance(known, InputError) and known.file == STANDARD_OUTPUT:
        discard(sys.stdout)
    note(fault_message(error) if known is None else str(known))
    return ExitCode.FAULT if known is None else known.exit
