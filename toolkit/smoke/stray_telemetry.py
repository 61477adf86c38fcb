"""Telemetry that a producer writes outside the run directory: find it while the program runs, and copy it at the end.

A file counts if it holds telemetry and one of the program's processes has it open for writing, or if it grew in a
directory or at a path that the command or its environment names, or if it is new in the working directory.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from toolkit.files.detection import HEAD_BYTES, detect_role
from toolkit.host.system import files_open_for_writing
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.units import duration
from toolkit.model.vocabulary import Role

TELEMETRY = "telemetry.jsonl"

_NAMED_FILE = re.compile(r"PARAPHINA_TELEMETRY_PATH=[\"']?([^\s\"';]+)")
_NAMED_DIRECTORY = re.compile(r"(?:--out-dir[=\s]+|PARAPHINA_LIVE_OUT_DIR=)[\"']?([^\s\"';]+)")
_RECORD_MS = re.compile(rb'"as_of_ms"\s*:\s*(\d+)')


class StrayTelemetry:
    """Search for telemetry outside the run directory `out`, begun before the program starts.

    `argv` and `environment` are those of the program, `cwd` is its working directory.
    """

    def __init__(self, out: Path, cwd: Path, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._out, self._cwd = out, cwd
        text = "\n".join((" ".join(argv), *(f"{name}={value}" for name, value in environment.items())))
        directories = [Path(each) / TELEMETRY for each in _NAMED_DIRECTORY.findall(text)]
        named = (*map(Path, _NAMED_FILE.findall(text)), *directories)
        self._named = tuple(dict.fromkeys(cwd / each for each in named))
        self._sizes = {path: _size(path) for path in (*self._named, *_files(cwd))}

    def find(self, processes: Iterable[int]) -> Path | None:
        """Return a file outside the run directory that holds new telemetry of the program, or None."""
        new = (path for path in _files(self._cwd) if path not in self._sizes)
        open_files = (path for pid in processes for path in files_open_for_writing(pid))
        return next((path for path in (*self._named, *new, *open_files) if self._grew(path)), None)

    def _grew(self, path: Path) -> bool:
        """Return whether a file has grown since its last check and holds telemetry."""
        size = _size(path)
        if size <= self._sizes.get(path, 0) or path.is_relative_to(self._out):
            return False
        try:
            with path.open("rb") as stream:
                if detect_role(stream.read(HEAD_BYTES), path.name) is Role.TELEMETRY:
                    return True
        except OSError:
            return False
        if path not in self._named:
            self._sizes[path] = size
        return False


def found_sentence(path: Path, out: Path) -> str:
    """Return a sentence that says where the telemetry is, and how to write it into the run directory `out`."""
    return (
        f"telemetry found outside the run directory, in {path}; it is copied to {out / TELEMETRY} when the run ends. "
        "The option --profile paraphina or the placeholder {out} in the command sets the right place"
    )


def silent_sentence(silent_ms: float, out: Path) -> str:
    """Return a sentence that says that the program runs without telemetry, and what to do."""
    return (
        f"the program has run for {duration(silent_ms)} and no telemetry is found, neither in {out} nor in a file that "
        "it has open; its run time does not count until there is some. Stop with Ctrl-C and let the program write to "
        "{out}/telemetry.jsonl; the option --profile paraphina does that"
    )


def copy(source: Path, out: Path, run: RunMeta) -> str | None:
    """Copy the telemetry of the run into its directory `out`; return why it cannot be copied, or None.

    Records that state a time before the run's start are left out: the program appended to an older file.
    """
    temporary = out / f".{TELEMETRY}.new"
    try:
        with source.open("rb") as lines, temporary.open("wb") as stream:
            for line in lines:
                stated = _RECORD_MS.search(line)
                if stated is None or int(stated[1]) >= run.started_ms:
                    stream.write(line)
        temporary.replace(out / TELEMETRY)
    except OSError as error:
        return f"{source}: cannot be copied to {out / TELEMETRY}: {error.strerror}; copy it yourself before `analyze`"
    return None


def _size(path: Path) -> int:
    """Return the size of a regular file, 0 for anything else: other files are never opened."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _files(directory: Path) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        return [directory / entry.name for entry in entries if entry.is_file()]
    return []
