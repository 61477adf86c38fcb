"""The command `toolkit`, also as `python -m toolkit`.

Worker processes import this module again, so it must not import the command line at module level.
"""

import gc
import sys

INTERRUPTED = 130
"""Exit code after Ctrl-C, as in `toolkit.model.errors.ExitCode`, which may not be loaded yet."""

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
    try:
        main()
    except KeyboardInterrupt:
        # The message was printed where the interrupt was handled.
        sys.exit(INTERRUPTED)
    finally:
        # Keeps the collection at exit from searching everything that was loaded.
        gc.freeze()


if __name__ == "__main__":
    main()
