"""An exception of a command becomes one message and an exit code, and never that of a gate that failed."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from pathlib import Path

import duckdb
import pytest

from toolkit.cli.boundary.guard import run_guarded
from toolkit.model.errors import ExitCode, InputError, UsageError

FAULTS = (KeyError("x"), AssertionError("no"), duckdb.InternalException("broken"), BaseException("a library's own"))
KNOWN = (
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "no space is left"),
    (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "x.log"), "x.log: too many files are open"),
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES), b"x.log"), "x.log: no permission"),
    (OSError(errno.EXDEV, os.strerror(errno.EXDEV), "x.log"), "x.log: Invalid cross-device link"),
    (MemoryError(), "no memory is left"),
    (RuntimeError("can't start new thread"), "no further process or thread"),
    (ImportError("libx.so: failed to map segment from shared object"), "no memory is left"),
    (ImportError("libx.so: cannot open shared object file: Too many open files"), "too many files are open"),
    (duckdb.IOException('Could not write file "/tmp/x": No space left on device'), "no space is left"),
    (duckdb.OutOfMemoryException("failed to allocate data"), "no memory is left"),
    (UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates not allowed"), "a\\udcff: the text is not UTF-8"),
    (InputError("x.log", 3, "is torn"), "x.log:3: is torn"),
)  # fmt: skip


def ended(error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    def command() -> int:
        raise error

    return run_guarded(command), capsys.readouterr().err


@pytest.mark.parametrize(("error", "message"), KNOWN, ids=[type(error).__name__ for error, _ in KNOWN])
def test_a_limit_of_the_system_is_bad_input_with_what_to_do(
    error: Exception, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = ended(error, capsys)
    assert code == ExitCode.BAD_INPUT
    assert message in text
    assert text.count("\n") == 1


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_a_fault_names_the_private_file_with_its_traceback(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, text = ended(error, capsys)
    assert code == ExitCode.FAULT == 70
    assert text.count("\n") == 1
    named = re.search(r"its traceback is in (\S+): ", text)
    assert named is not None
    file = Path(named[1])
    assert file.parent == tmp_path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"in command\n    raise error\n{type(error).__module__}".replace("builtins", "") in file.read_text().replace(
        "builtins", ""
    )


def test_without_a_place_for_the_file_the_message_is_the_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    code, text = ended(KeyError("x"), capsys)
    assert code == ExitCode.FAULT
    assert "no file could be written" in text and "Traceback (most recent call last)" in text


def test_an_error_that_a_limit_led_to_is_that_limit(capsys: pytest.CaptureFixture[str]) -> None:
    error = IndexError("list index out of range")
    error.__context__ = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    code, text = ended(error, capsys)
    assert (code, "too many files are open" in text) == (ExitCode.BAD_INPUT, True)


def test_a_mistake_of_the_user_keeps_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(UsageError("--last 0s: empty"), capsys) == (ExitCode.USAGE, "toolkit: --last 0s: empty\n")
