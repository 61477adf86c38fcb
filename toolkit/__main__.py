"""The command `toolkit`, also as `python -m toolkit`.

Processes that help to read import this module once more, so that it must not cost them the command line.
"""


def main() -> None:
    """Run the command line."""
    from toolkit.cli import main

    main()


if __name__ == "__main__":
    main()
