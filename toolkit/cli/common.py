"""Options that every command takes, and the handling of Ctrl-C."""

from __future__ import annotations

import inspect
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from toolkit.cli.boundary.guard import INTERRUPTED
from toolkit.cli.boundary.streams import discard
from toolkit.cli.options import NoColorOption
from toolkit.host.system import check_memory_limits
from toolkit.model.errors import ExitCode, InputError, InterruptedByUserError

_COMMON_OPTIONS = (
    Parameter(
        "quiet",
        Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[
            bool, typer.Option("--quiet", "-q", help="No effect here: this command prints no progress and no notes.")
        ],
    ),
    Parameter(
        "db",
        Parameter.KEYWORD_ONLY,
        default="",
        annotation=Annotated[
            str, typer.Option("--db", metavar="FILE", help="No effect here: this command uses no store.")
        ],
    ),
    Parameter("no_color", Parameter.KEYWORD_ONLY, default=False, annotation=NoColorOption),
)
_SMALL = ("env", "faults", "record", "serve")
"""Commands that load no database and no numeric library."""


def with_common_options(run: Callable[..., int]) -> Callable[..., int]:
    """Return the command `run` with those common options added that it does not declare itself."""
    declared = inspect.signature(run, eval_str=True)
    added = [each for each in _COMMON_OPTIONS if each.name not in declared.parameters]

    @wraps(run)
    def command(**options: object) -> int:
        for each in added:
            del options[each.name]
        if run.__name__ not in _SMALL:
            check_memory_limits()
        return run(**options)

    command.__signature__ = declared.replace(  # type: ignore[attr-defined]
        parameters=[*declared.parameters.values(), *added]
    )
    return command


class CommandGroup(TyperGroup):
    """Command group that handles Ctrl-C and a closed pipe itself, before the argument parser does."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Parse the arguments before the command."""
        try:
            return super().make_context(*args, **settings)
        except KeyboardInterrupt:
            raise InterruptedByUserError(INTERRUPTED) from None
        except BrokenPipeError:
            discard(sys.stdout)
            raise typer.Exit from None

    def invoke(self, ctx: Any) -> Any:
        """Parse the remaining arguments and run the command.

        Raises `InterruptedByUserError` after Ctrl-C.
        """
        with _interrupt_once():
            try:
                return super().invoke(ctx)
            except BrokenPipeError:
                discard(sys.stdout)
                return ExitCode.OK
            except KeyboardInterrupt:
                pass
            except Exception:
                # After Ctrl-C the database may raise any of its errors.
                if not pending_interrupts:
                    raise
            # The command has closed its store by now, so that the message can read it.
            raise InterruptedByUserError(interruption_message())


pending_interrupts: list[int] = []
"""Signal numbers of Ctrl-C that no command has handled yet."""


@contextmanager
def _interrupt_once() -> Iterator[None]:
    """Raise `KeyboardInterrupt` for the first Ctrl-C only, so that a second one cannot interrupt the clean-up."""
    if (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def on_interrupt(number: int, _frame: FrameType | None) -> None:
        pending_interrupts.append(number)
        if len(pending_interrupts) == 1:
            raise KeyboardInterrupt

    pending_interrupts.clear()
    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def colors_disabled(argv: Sequence[str]) -> bool:
    """Return whether `--no-color` or a non-empty `NO_COLOR` disables colours."""
    return "--no-color" in argv or bool(os.environ.get("NO_COLOR"))


def interruption_message() -> str:
    """Return the message of an interrupted command, with the runs that it has stored, and where."""
    if "toolkit.db.staging" not in sys.modules:
        return INTERRUPTED
    from toolkit.db.staging import started_commits

    stored = [each for db, run in dict.fromkeys(started_commits) if (each := _stored_run(db, run))]
    return f"interrupted; {'; '.join(stored)}" if stored else INTERRUPTED


def _stored_run(db: str, run: str) -> str | None:
    """Return a clause that says whether `db` holds the run; None if it does not."""
    from toolkit.db.store import connect

    try:
        with connect(db, read_only=True, lock_timeout_s=1) as con:
            rows = con.execute("select 1 from runs where run = ?", [run]).fetchall()
    except InputError as error:
        return f"it is unknown whether the run {run} was stored: {error}"
    return f"{db} holds the run {run}" if rows else None
