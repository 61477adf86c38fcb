"""The command `toolkit`, also as `python -m toolkit`.

Processes that help to read import this module once more, so that it must not cost them the command line.
"""

import gc
import sys

INTERRUPTED = 130
"""What a shell gives for a command that Ctrl-C ended; `toolkit.errors.Exit` is not loaded yet."""

WHILE_LOADING = "toolkit: interrupted; nothing was stored\n"

NEW_OBJECTS = 200_000
"""With so many more, they are searched for cycles: loading makes fewer, and hardly one of them becomes garbage."""


def main() -> None:
    """Run the command line. Ctrl-C while it is being loaded ends it as it does later on."""
    try:
        gc.set_threshold(NEW_OBJECTS)
        from toolkit.cli import main
    except KeyboardInterrupt:
        sys.stderr.write(WHILE_LOADING)
        sys.exit(INTERRUPTED)
    try:
        main()
    except KeyboardInterrupt:
        # What there was to say of it has been said.
        sys.exit(INTERRUPTED)
    finally:
        # The process ends, and would first search all that it has loaded.
        gc.freeze()


if __name__ == "__main__":
    main()
