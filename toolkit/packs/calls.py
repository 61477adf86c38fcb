"""Python interface of packs.

>>> import tempfile, toolkit
>>> with tempfile.TemporaryDirectory() as folder:
...     packed = toolkit.pack("sample:after", output=f"{folder}/pack")
...     result = toolkit.verify(f"{folder}/pack")
>>> result.verified, result.checked.figures == packed.figures
(True, True)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from toolkit.packs import pack as packing
from toolkit.packs import verify as verifying
from toolkit.packs.index import Settings
from toolkit.packs.pack import Packed, PackRequest
from toolkit.packs.verification.problems import Verification

PathLike = str | os.PathLike[str]


def pack(
    before: PathLike | Sequence[PathLike],
    after: PathLike | Sequence[PathLike] | None = None,
    *,
    output: PathLike,
    spec: PathLike | None = None,
    gates: str = "frontier",
    repo: PathLike | None = None,
    paired: bool = False,
    force: bool = False,
) -> Packed:
    """Write a pack of one run, or of the runs of two sides with their comparison and document.

    `output` is a directory, or a file that ends in `.zip`; `force` allows to replace an earlier pack. `spec` is an
    evidence.toml, `gates` a built-in gate or a gate file, `repo` the checkout in which citations are checked. Raises
    `InputError` if a path cannot be read or holds no run, and where masking would change a figure; `UsageError` for an
    output that exists, an invalid specification or gate file, and runs that are no pair.
    """
    sides = (("run", before),) if after is None else (("before", before), ("after", after))
    named = tuple((side, tuple(os.fspath(path) for path in _paths(paths))) for side, paths in sides)
    specification, repository = (None if each is None else Path(each) for each in (spec, repo))
    request = PackRequest(named, Settings(paired=paired), gates, specification, repository)
    return packing.pack(request, Path(output), force=force)


def verify(path: PathLike) -> Verification:
    """Verify a pack: `verified` says whether all of it holds, `problems` what does not, `checked` what was checked.

    Raises `InputError` for what is no pack or cannot be read, and for a pack of a newer format.
    """
    return verifying.verify(Path(path))


def _paths(side: PathLike | Sequence[PathLike]) -> Sequence[PathLike]:
    return [side] if isinstance(side, str | os.PathLike) else side
