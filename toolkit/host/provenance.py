"""Which source and which binary a program was: commit, digest of what was not committed, digest of the executable."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolkit.model.redaction import redact_value
from toolkit.model.run_meta import Binary, Checkout

_GIT_PATIENCE_S = 20


def checkout(directory: Path) -> Checkout | None:
    """The checkout that `directory` lies in; None outside one, before its first commit, or if git does not answer."""
    commit = _git(directory, "rev-parse", "--verify", "HEAD")
    diff = _git(directory, "diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv", "--no-color")
    others = _git(directory, "ls-files", "--others", "--exclude-standard", "-z", ":/")
    if commit is None or diff is None or others is None:
        return None
    untracked = others.count(b"\0")
    digest = hashlib.sha256(diff).hexdigest() if diff else None
    return Checkout(commit.decode().strip(), bool(diff or untracked), digest, untracked)


def _git(directory: Path, *arguments: str) -> bytes | None:
    command = ["git", "-C", str(directory), *arguments]
    # Without this, git would write to the index of somebody else's checkout.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=_GIT_PATIENCE_S,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def binary(path: Path) -> Binary | None:
    """Size and digest of an executable file; None where it cannot be read."""
    return _digested(path, str(path))


def _digested(path: Path, name: str) -> Binary | None:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            octets = os.fstat(stream.fileno()).st_size
    except OSError:
        return None
    return Binary(redact_value(name), octets, digest)


_INTERPRETER = re.compile(
    r"(?:python|pypy|bash|sh|dash|ksh|zsh|fish|node|deno|bun|perl|ruby|php|lua|Rscript|env|nice|nohup|stdbuf|timeout)[\d.]*"
)


def script(executable: Path, arguments: Sequence[str]) -> Binary | None:
    """The script that a command runs: its own file, or the first that it names to an interpreter; None without one.

    Among the running executables there is its interpreter in its place.
    """
    try:
        with executable.open("rb") as stream:
            own = stream.read(2) == b"#!"
    except OSError:
        return None
    if own:
        return binary(executable)
    named = arguments if _INTERPRETER.fullmatch(executable.name) else ()
    return next((binary(Path(each)) for each in named if Path(each).is_file()), None)


def running_executables(group: int) -> tuple[Binary, ...]:
    """The executables of a process group as they run now, in order of path; empty where the system has no /proc.

    A program started through `cargo run` or a shell is found here, and not by the command's own name.
    """
    found = {each.path: each for each in _executables(group)}
    return tuple(found[path] for path in sorted(found))


def _executables(group: int) -> Iterator[Binary]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # The command's name stands in parentheses and may hold anything; the fields after it do not.
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) != group:
                continue
            name = str((entry / "exe").readlink())
        except (OSError, ValueError, IndexError):
            continue
        if found := _digested(entry / "exe", name):
            yield found
