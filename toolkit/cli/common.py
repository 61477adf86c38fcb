"""What all commands have in common: options that mean the same everywhere, and the answer to Ctrl-C."""

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

from toolkit.cli.options import NoColorOption
from toolkit.cli.output import INTERRUPTED, discard_stdout
from toolkit.model.errors import ExitCode, InputError, InterruptedByUserError

_EVERYWHERE = (
    Parameter(
        "quiet",
        Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but the result and errors, as always.")],
    ),
    Parameter("no_color", Parameter.KEYWORD_ONLY, default=False, annotation=NoColorOption),
)


def with_common_options(run: Callable[..., int]) -> Callable[..., int]:
    """The command `run`, which takes the common options too that it does not name itself."""
    own = inspect.signature(run, eval_str=True)
    added = [each for each in _EVERYWHERE if each.name not in own.parameters]

    @wraps(run)
    def command(**options: object) -> int:
        for each in added:
            del options[each.name]
        return run(**options)

    command.__signature__ = own.replace(parameters=[*own.parameters.values(), *added])  # type: ignore[attr-defined]
    return command


class CommandGroup(TyperGroup):
    """The commands, with our answer to Ctrl-C and to a closed pipe where the parser would end with one of its own."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Parse what stands before the command."""
        try:
            return super().make_context(*args, **settings)
        except KeyboardInterrupt:
            raise InterruptedByUserError(INTERRUPTED) from None
        except BrokenPipeError:
            discard_stdout()
            raise typer.Exit from None

    def invoke(self, ctx: Any) -> Any:
        """Parse the rest and run the command."""
        with _listening():
            try:
                return super().invoke(ctx)
            except BrokenPipeError:
                discard_stdout()
                return ExitCode.OK
            except KeyboardInterrupt:
                pass
            except Exception:
                # The database reports Ctrl-C as whatever it could not go on with.
                if not pending_interrupts:
                    raise
            # What the command had open is closed by now.
            raise InterruptedByUserError(interruption_message())


pending_interrupts: list[int] = []
"""Ctrl-C, until it has been answered."""


@contextmanager
def _listening() -> Iterator[None]:
    """Have Ctrl-C interrupt once: another one, while that is being answered, would leave half of the answer undone."""
    if (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def hear(number: int, _frame: FrameType | None) -> None:
        pending_interrupts.append(number)
        if len(pending_interrupts) == 1:
            raise KeyboardInterrupt

    pending_interrupts.clear()
    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def colors_disabled(argv: Sequence[str]) -> bool:
    """Whether the command line or the environment asks for text without colours."""
    return "--no-color" in argv or bool(os.environ.get("NO_COLOR"))


def interruption_message() -> str:
    """What an interrupted command says: which of the runs that it began to store are in their store now."""
    if "toolkit.db.staging" not in sys.modules:
        return INTERRUPTED
    from toolkit.db.staging import started_commits

    told = [each for db, run in dict.fromkeys(started_commits) if (each := _held(db, run))]
    return f"interrupted; {'; '.join(told)}" if told else INTERRUPTED


def _held(db: str, run: str) -> str | None:
    from toolkit.db.store import connect

    try:
        with connect(db, read_only=True, lock_timeout_s=1) as con:
            held = con.execute("select 1 from runs where run = ?", [run]).fetchall()
    except InputError as error:
        return f"whether the run {run} was stored is not known: {error}"
    return f"{db} holds the run {run}" if held else None
