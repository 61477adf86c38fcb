"""Place a pack at its destination: it is made beside it, and then renamed, so that it is complete or not there."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.model.errors import InputError, UsageError
from toolkit.packs.formats.archive import write_archive
from toolkit.packs.index import PATH

ARCHIVE = ".zip"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_output(output: Path, runs: Iterable[str], force: bool) -> None:
    """Raise `UsageError` for an output that must not be replaced, and for one within a run."""
    for run in runs:
        if Path(run).is_dir() and output.resolve().is_relative_to(Path(run).resolve()):
            raise UsageError(f"-o {output}: is within the run {run}, and would become a part of it; write it elsewhere")
    if not os.path.lexists(output) or (output.is_dir() and not output.is_symlink() and not any(output.iterdir())):
        return
    if not force:
        raise UsageError(f"-o {output}: exists; name another, or add --force to replace an earlier pack")
    if not (_is_archive(output) if output.suffix == ARCHIVE else (output / PATH).is_file()):
        raise UsageError(f"-o {output}: exists and is no pack, and --force replaces only a pack; name another")


def _is_archive(output: Path) -> bool:
    return output.is_file() and not output.is_symlink()


@contextmanager
def placed(output: Path, force: bool) -> Iterator[Path]:
    """Yield an empty directory; what is then in it becomes the directory or archive `output`.

    After an error nothing remains of it, and an earlier pack stays as it was.
    """
    beside = output.with_name(f".{output.name[:50]}.{os.urandom(4).hex()}.part")
    archive, earlier = beside.with_suffix(".zip.part"), beside.with_suffix(".earlier")
    try:
        beside.mkdir(parents=True)
        yield beside
        made = beside
        if output.suffix == ARCHIVE:
            paths = [each.relative_to(beside).as_posix() for each in beside.rglob("*") if each.is_file()]
            write_archive(beside, paths, archive)
            made = archive
        if force and os.path.lexists(output):
            output.rename(earlier)
        try:
            made.rename(output)
        except OSError:
            if earlier.exists():
                earlier.rename(output)
            raise
    except OSError as error:
        if error.errno in _FULL or (error.filename and Path(error.filename).is_relative_to(beside.parent)):
            why = f"cannot be written: {error.strerror or error}; name another place"
            raise InputError(str(output), None, why) from error
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)
        for file in (archive, earlier):
            file.unlink(missing_ok=True)
