"""The command `toolkit`, also as `python -m toolkit`.

Processes that help to read import this module once more, so that it must not cost them the command line.
"""

import sys

INTERRUPTED = 130
"""What a shell gives for a command that Ctrl-C ended; `toolkit.errors.Exit` is not loaded yet."""


def main() -> None:
    """Run the command line. Ctrl-C while it is being loaded ends it as it does later on."""
    try:
        from toolkit.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
