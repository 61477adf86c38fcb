"""The `toolkit` command line: arguments in, exit code out.

Each command is one module of this package, and its function's signature declares its options. A command imports what it
needs inside its function, so that `--help` loads no database and no template engine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from toolkit.cli.boundary.guard import run_guarded
from toolkit.cli.boundary.streams import prepare_streams
from toolkit.cli.common import CommandGroup, colors_disabled, with_common_options
from toolkit.cli.options import NoColorOption
from toolkit.cli.output import note
from toolkit.db.waiting import listeners
from toolkit.model.errors import ExitCode
from toolkit.model.runbooks.address import runbooks_url

COMMANDS = (
    "ab", "analyze", "compare", "env", "explain", "figures", "gate", "pack", "record", "report", "runs", "smoke", "sql",
    "validate", "venues", "verify",
)  # fmt: skip
"""Names of the commands; the module and the function of a command have the same name."""

_RUNS_A_COMMAND = ("ab", "record", "smoke")
"""Commands whose arguments are another command: options after its first word belong to it."""

HELP = "Analyse runs of trading connectors, compare them, and write the evidence for a pull request."


def app(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """Build the command line with the given commands; loading only one of them starts faster."""
    line = typer.Typer(
        name="toolkit",
        cls=CommandGroup,
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    line.callback(help=HELP)(_global_options)
    for name in commands:
        module = import_module(f"toolkit.cli.{name}")
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            line.add_typer(group, name=name)
        else:
            settings = {"allow_interspersed_args": False} if name in _RUNS_A_COMMAND else None
            line.command(name, context_settings=settings)(with_common_options(getattr(module, name)))
    return line


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(version("run-evidence-toolkit"))
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    no_color: NoColorOption = False,
) -> None:
    """Declare the options that stand before a command."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line with `argv` (default: the process's arguments) and exit with its code (see `ExitCode`)."""
    prepare_streams()
    sys.exit(run_guarded(lambda: _run(sys.argv[1:] if argv is None else argv)))


def _run(argv: list[str]) -> int:
    runbooks_url(os.environ)  # a wrong address is an error before any work
    command = typer.main.get_command(app(argv[:1] if argv and argv[0] in COMMANDS else COMMANDS))
    listeners[:] = [] if "-q" in argv or "--quiet" in argv else [note]
    try:
        color = False if colors_disabled(argv) else None
        code = command.main(args=argv, prog_name="toolkit", standalone_mode=False, color=color)
    except Exception as error:
        # Only the argument parser's own errors have these attributes; they print their message themselves.
        show, usage = getattr(error, "show", None), getattr(error, "exit_code", None)
        if show is None or usage is None:
            raise
        show()
        return ExitCode.USAGE
    return code if isinstance(code, int) else ExitCode.OK
