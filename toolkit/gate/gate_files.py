"""Load gate files: the built-in ones of this package, and files of a user."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from toolkit.gate import Gate, parse_gate
from toolkit.model.errors import UsageError
from toolkit.model.figures import FigureSpec
from toolkit.streams.small_files import read_small_file

BUILT_IN = ("frontier", "strict")
_MAX_BYTES = 1 << 20


def load_gate(name: str, catalogue: Sequence[FigureSpec]) -> Gate:
    """Return the built-in gate `name`, or the gate in the file of that path.

    Raises `UsageError` if the file does not exist, cannot be read, or holds an invalid rule.
    """
    if name in BUILT_IN:
        return parse_gate((files("toolkit.gate") / "builtin" / f"{name}.toml").read_text("utf-8"), name, catalogue)
    try:
        return parse_gate(read_small_file(Path(name), _MAX_BYTES).decode("utf-8"), name, catalogue)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}; built-in gates are {', '.join(BUILT_IN)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8 text, so it is not a gate file") from error
