"""The command `toolkit`: argv in, exit code out.

Each command is one module of this package whose function's signature is its usage. A module imports what it needs
inside the function, so that `--help` costs no database and no template engine.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from toolkit.cli import analyze, compare, env, figures, gate, record, report, runs, smoke, sql, validate, venues
from toolkit.cli.common import Commands, common, is_plain
from toolkit.cli.options import NoColorOption
from toolkit.cli.output import guarded
from toolkit.errors import Exit

COMMAND_FOLLOWS = {"allow_interspersed_args": False}
"""For a command whose argument is a command: whatever follows its first word belongs to that."""

app = typer.Typer(
    name="toolkit",
    cls=Commands,
    help="Turn one run of a trading connector into evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("analyze")(common(analyze.analyze))
app.command("compare")(common(compare.compare))
app.command("env")(common(env.env))
app.command("figures")(common(figures.figures))
app.command("gate")(common(gate.gate))
app.command("record", context_settings=COMMAND_FOLLOWS)(common(record.record))
app.command("report")(common(report.report))
app.command("runs")(common(runs.runs))
app.command("smoke", context_settings=COMMAND_FOLLOWS)(common(smoke.smoke))
app.command("sql")(common(sql.sql))
app.command("validate")(common(validate.validate))
app.add_typer(venues.app, name="venues")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("run-evidence-toolkit"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    no_color: NoColorOption = False,
) -> None:
    """Turn one run of a trading connector into evidence."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code (see `toolkit.errors.Exit`)."""
    sys.exit(guarded(lambda: _run(argv)))


def _run(argv: list[str] | None) -> int:
    command = typer.main.get_command(app)
    try:
        color = False if is_plain(sys.argv[1:] if argv is None else argv) else None
        code = command.main(args=argv, prog_name="toolkit", standalone_mode=False, color=color)
    except Exception as error:
        # The parser's own errors know how to show themselves; anything else is not its to swallow.
        show, usage = getattr(error, "show", None), getattr(error, "exit_code", None)
        if show is None or usage is None:
            raise
        show()
        return Exit.USAGE
    return code if isinstance(code, int) else Exit.OK
