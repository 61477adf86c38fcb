"""Read the provenance of a program: git commit, digest of uncommitted changes, digest of its executables."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from toolkit.host import system
from toolkit.host.git import git_output
from toolkit.model.recorded.run_meta import Binary, Checkout
from toolkit.model.redaction import redact_value


def program_directory(argv: Sequence[str], cwd: Path) -> Path:
    """Return the directory in which a command runs its program: `env -C DIR` changes it, else it is `cwd`."""
    match [Path(argv[0]).name, *argv[1:]]:
        case ["env", "-C" | "--chdir", directory, *_]:
            return cwd / directory
        case ["env", option, *_] if option.startswith("--chdir="):
            return cwd / option.removeprefix("--chdir=")
    return cwd


def checkout(directory: Path) -> Checkout | None:
    """Return the state of the git checkout that contains `directory`.

    None outside a checkout, before its first commit, and where git is missing, fails or takes longer than 20 s.
    """
    commit = git_output(directory, "rev-parse", "--verify", "HEAD")
    diff = git_output(directory, "diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv", "--no-color")
    untracked = git_output(directory, "ls-files", "--others", "--exclude-standard", "-z", ":/")
    if commit is None or diff is None or untracked is None:
        return None
    untracked_count = untracked.count(b"\0")
    digest = hashlib.sha256(diff).hexdigest() if diff else None
    return Checkout(commit.decode().strip(), bool(diff or untracked_count), digest, untracked_count)


def binary(path: Path) -> Binary | None:
    """Return size and digest of an executable file; None where it cannot be read."""
    return _digested(path, str(path))


def _digested(path: Path, name: str) -> Binary | None:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = os.fstat(stream.fileno()).st_size
    except OSError:
        return None
    return Binary(redact_value(name), size, digest)


_INTERPRETER = re.compile(
    r"(?:python|pypy|bash|sh|dash|ksh|zsh|fish|node|deno|bun|perl|ruby|php|lua|Rscript|env|nice|nohup|stdbuf|timeout)[\d.]*"
)


def script(executable: Path, arguments: Sequence[str]) -> Binary | None:
    """Return the script that a command runs; None where it runs none.

    That is `executable` itself if it starts with `#!`, or the first file among the arguments of an interpreter. The
    executables of a running script show only its interpreter, so the script is recorded separately.
    """
    try:
        with executable.open("rb") as stream:
            is_script = stream.read(2) == b"#!"
    except OSError:
        return None
    if is_script:
        return binary(executable)
    candidates = arguments if _INTERPRETER.fullmatch(executable.name) else ()
    return next((binary(Path(each)) for each in candidates if Path(each).is_file()), None)


def running_executables(group: int) -> tuple[Binary, ...]:
    """Return the executables of the running processes of a group, sorted by path; empty on a system without /proc.

    This finds a program that was started through `cargo run` or a shell, which the command line does not name.
    """
    digested = (_digested(file, name) for file, name in system.executables(group))
    found = {each.path: each for each in digested if each}
    return tuple(found[path] for path in sorted(found))
