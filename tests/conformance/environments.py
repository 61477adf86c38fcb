"""Environments of the clients: one virtual environment each, kept in a cache directory."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.registry import Client

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "toolkit-conformance"
INSTALL_S = 900
"""Time limit of one installation, in seconds; a client that is built from source needs minutes."""


class InstallError(Exception):
    """A client cannot be installed here; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Python of an installed client, and the versions of Python and of the packages that matter."""

    python: Path
    versions: dict[str, str]


def install(client: Client, cache: Path = CACHE) -> Environment:
    """Return the environment of a client; make it if the cache has none. Raises InstallError."""
    folder = _folder(client, cache)
    done = folder / "installed.json"
    python = folder / "bin" / "python"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _create(folder, client.python)
        for packages, options in ((client.packages, ()), (client.alone, ("--no-deps",))):
            if packages:
                _pip(python, "install", "--quiet", *options, *packages)
        done.write_text(json.dumps(_versions(python)))
    return Environment(python, json.loads(done.read_text()))


def installed(client: Client, cache: Path = CACHE) -> Environment | None:
    """Return the environment of a client if the cache has it."""
    return install(client, cache) if (_folder(client, cache) / "installed.json").exists() else None


def _folder(client: Client, cache: Path) -> Path:
    wanted = json.dumps([client.python, client.packages, client.alone])
    return cache / f"{client.name}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"


def _create(folder: Path, versions: tuple[str, ...]) -> None:
    for version in versions:
        for found in _pythons(version):
            if _run(str(found), "-m", "venv", str(folder)) is None:
                return
        if shutil.which("uv") and _run("uv", "venv", "--seed", "--python", version, str(folder)) is None:
            return
    raise InstallError(f"needs Python {' or '.join(versions)}, which is not on this machine")


def _pythons(version: str) -> Iterator[Path]:
    """Yield the interpreters of a version such as 3.12: this one, those on PATH, those of pyenv."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield Path(sys.executable)
    if on_path := shutil.which(f"python{version}"):
        yield Path(on_path)
    yield from sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))


def _pip(python: Path, *arguments: str) -> None:
    why = _run(str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments)
    if why is not None:
        raise InstallError(why)


def _run(*command: str) -> str | None:
    """Run a command; return None, or the line of its output that says why it failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "no output")


def _versions(python: Path) -> dict[str, str]:
    """Return the version of Python and of each installed package."""
    code = (
        "import json, platform; from importlib.metadata import distributions as d; "
        "print(json.dumps({'python': platform.python_version(), **{i.name.lower(): i.version for i in d()}}))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions
