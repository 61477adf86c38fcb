"""Reader of `build_info.json`, in which the program writes the commit that it was built from."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from toolkit.files.run_file import RunFile
from toolkit.ingest.metadata.resolved_config import line_of_key
from toolkit.model.redaction import redact
from toolkit.model.runs import BuildFact
from toolkit.model.vocabulary import Role


class _BuildInfo(msgspec.Struct):
    git_sha: str
    dirty: bool | None = None


def load(sources: Sequence[RunFile]) -> tuple[BuildFact, ...]:
    """Return the commit that each such file states; none where it does not know it.

    A checkout with uncommitted changes is `dirty`. Raises `InputError` for a file that cannot be read.
    """
    found = []
    for source in sources:
        if source.role is not Role.PROVENANCE:
            continue
        content = source.content()
        try:
            build = msgspec.json.decode(content, type=_BuildInfo)
        except msgspec.MsgspecError:
            continue  # Another kind of provenance file.
        line = line_of_key(content, "git_sha")
        found.append(BuildFact("commit", redact(build.git_sha), source.name, line, dirty=build.dirty))
    return tuple(each for each in found if each.value not in ("", "unknown"))
