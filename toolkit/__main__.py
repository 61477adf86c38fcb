"""The command `toolkit`, also as `python -m toolkit`.

Worker processes import this module again, so it must not import the command line at module level.
"""

import gc
import sys
from contextlib import suppress
from typing import NoReturn

BAD_INPUT, FAULT, INTERRUPTED = 3, 70, 130
"""Exit codes, as in `toolkit.model.errors.ExitCode`, which may not be loaded yet."""

INTERRUPTED_WHILE_LOADING = "toolkit: interrupted; nothing was stored\n"

GC_THRESHOLD = 200_000
"""New objects between two garbage collections; loading creates fewer, and almost none of them becomes garbage."""


def main() -> None:
    """Run the command line; Ctrl-C exits with 130, also while the command line is loaded."""
    try:
        gc.set_threshold(GC_THRESHOLD)
        from toolkit.cli import main
    except KeyboardInterrupt:
        sys.stderr.write(INTERRUPTED_WHILE_LOADING)
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  a traceback would exit with the code of a failed gate
        _exit_without_command_line(error)
    try:
        main()
    except KeyboardInterrupt:
        # The message was printed where the interrupt was handled.
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  too little memory to print the message of an error
        _exit_without_command_line(error)
    finally:
        # Keeps the collection at exit from searching everything that was loaded.
        gc.freeze()


def _exit_without_command_line(error: Exception) -> NoReturn:
    """Print one message and exit: 3 if the system refused memory or files, else 70."""
    refused = isinstance(error, MemoryError | OSError) or "failed to map segment" in str(error)
    remedy = "raise its limits (`ulimit -a`) or end other programs" if refused else "install it again"
    with suppress(Exception):
        sys.stderr.write(f"toolkit: cannot be loaded: {type(error).__name__}: {error}; {remedy}\n")
    sys.exit(BAD_INPUT if refused else FAULT)


if __name__ == "__main__":
    main()
