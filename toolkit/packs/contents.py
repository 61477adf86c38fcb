"""All files of a pack that are computed from its input files and its index."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from toolkit.model.quotes import harmless_json
from toolkit.packs.documents import Documents
from toolkit.packs.formats import crate
from toolkit.packs.formats.attestations import statements
from toolkit.packs.formats.bag import tag_files
from toolkit.packs.index import PATH, PackIndex, encode
from toolkit.packs.inputs.records import read_records


def computed_files(root: Path, index: PackIndex, made: Documents) -> dict[str, bytes]:
    """Return the computed files of the pack below `root` by path: documents first, then statements, crate and bag."""
    records = read_records(root, index)
    files = dict(made.files)
    files |= {path: _json(each) for path, each in statements(index, records, made.gates).items()}
    written = {path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in files.items()}
    content = encode(index)
    written[PATH] = (len(content), hashlib.sha256(content).hexdigest())
    payload = written | {file.path: (file.bytes, file.sha256) for file in index.inputs}
    sizes = {path: size for path, (size, _) in payload.items()}
    others = {crate.METADATA: _json(crate.metadata(index, sizes, records, made))}
    return files | tag_files(payload, index.toolkit, others)


def _json(value: Mapping[str, Any]) -> bytes:
    return harmless_json(msgspec.json.format(msgspec.json.encode(value), indent=1).decode()).encode() + b"\n"
