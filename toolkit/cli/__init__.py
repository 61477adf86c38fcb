"""The command `toolkit`: argv in, exit code out.

Each command is one module of this package whose function's signature is its usage. A module imports what it needs
inside the function, so that `--help` costs no database and no template engine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from toolkit.cli.common import CommandGroup, colors_disabled, with_common_options
from toolkit.cli.options import NoColorOption
from toolkit.cli.output import run_guarded
from toolkit.model.errors import ExitCode

COMMANDS = (
    "analyze", "compare", "env", "figures", "gate", "record", "report", "runs", "smoke", "sql", "validate", "venues",
)  # fmt: skip
"""Each has its module in this package; its function has the same name."""

_BEFORE_A_COMMAND = ("record", "smoke")
"""Their argument is a command: whatever follows its first word belongs to that."""


def app(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with those of its commands: one is loaded and described in a fraction of the time of all."""
    line = typer.Typer(
        name="toolkit",
        cls=CommandGroup,
        help="Turn one run of a trading connector into evidence.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    line.callback()(_options)
    for name in commands:
        module = import_module(f"toolkit.cli.{name}")
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            line.add_typer(group, name=name)
        else:
            settings = {"allow_interspersed_args": False} if name in _BEFORE_A_COMMAND else None
            line.command(name, context_settings=settings)(with_common_options(getattr(module, name)))
    return line


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("run-evidence-toolkit"))
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    no_color: NoColorOption = False,
) -> None:
    """Turn one run of a trading connector into evidence."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code (see `toolkit.errors.Exit`)."""
    sys.exit(run_guarded(lambda: _run(argv)))


def _run(argv: list[str] | None) -> int:
    first = (sys.argv[1:] if argv is None else argv)[:1]
    command = typer.main.get_command(app(first if first and first[0] in COMMANDS else COMMANDS))
    try:
        color = False if colors_disabled(sys.argv[1:] if argv is None else argv) else None
        code = command.main(args=argv, prog_name="toolkit", standalone_mode=False, color=color)
    except Exception as error:
        # The parser's own errors know how to show themselves; anything else is not its to swallow.
        show, usage = getattr(error, "show", None), getattr(error, "exit_code", None)
        if show is None or usage is None:
            raise
        show()
        return ExitCode.USAGE
    return code if isinstance(code, int) else ExitCode.OK
