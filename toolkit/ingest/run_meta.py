"""Reader of `run_meta.json`, the metadata that a supervisor recorded about the run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.run_meta import RunMeta


def load(sources: Sequence[RunFile]) -> RunMeta | None:
    """Return the metadata of the first source; None without sources. Raises `InputError` for a damaged file."""
    for source in sources:
        with source.open() as stream:
            try:
                return msgspec.json.decode(stream.read(), type=RunMeta)
            except msgspec.MsgspecError as error:
                raise InputError(source.name, None, f"is not run metadata: {error}; leave the file out") from error
    return None
