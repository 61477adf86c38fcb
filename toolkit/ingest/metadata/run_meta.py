"""Reader of `run_meta.json`, the metadata that a supervisor recorded about the run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from toolkit.files.run_file import RunFile
from toolkit.ingest.metadata.resolved_config import line_of_key
from toolkit.model.errors import InputError
from toolkit.model.recorded.run_meta import RunMeta


def load(sources: Sequence[RunFile]) -> RunMeta | None:
    """Return the metadata of the first source; None without sources. Raises `InputError` for a damaged file."""
    for source in sources:
        try:
            return msgspec.json.decode(source.content(), type=RunMeta)
        except msgspec.MsgspecError as error:
            raise InputError(source.name, None, f"is not run metadata: {error}; leave the file out") from error
    return None


def setting_lines(sources: Sequence[RunFile], meta: RunMeta | None) -> dict[str, tuple[str, int | None]]:
    """Return the file and line of each variable and option in the metadata that `load` returned."""
    names = (*meta.options, *(meta.environment or ())) if meta else ()
    if not names:
        return {}
    content = sources[0].content()
    return {name: (sources[0].name, line_of_key(content, name)) for name in names}
