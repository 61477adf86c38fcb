"""BagIt 1.0 (RFC 8493): tag files and manifests of a pack, and the check of its files against them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def tag_files(payload: Mapping[str, tuple[int, str]], toolkit: str, others: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the tag files of a bag by name. `payload` has size (bytes) and SHA-256 of each file below `data/`.

    `others` are tag files that belong to no bag by themselves. The manifest of the tag files comes last.
    """
    size = sum(size for size, _ in payload.values())
    info = {
        "Bag-Software-Agent": f"run-evidence-toolkit {toolkit}",
        "External-Description": "Evidence pack; toolkit verify checks the digests and computes each figure again",
        "Payload-Oxum": f"{size}.{len(payload)}",
    }
    tags = {
        DECLARATION: b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        INFO: "".join(f"{name}: {value}\n" for name, value in info.items()).encode(),
        MANIFEST: manifest({path: digest for path, (_, digest) in payload.items()}),
        **others,
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in tags.items()}
    return {**tags, TAG_MANIFEST: manifest(digests)}


def manifest(digests: Mapping[str, str]) -> bytes:
    """Return the lines of a manifest, sorted by path, as `sha256sum` writes and checks them."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def parse_manifest(content: bytes) -> dict[str, str] | None:
    """Return the digests by path; None where the content is not what `manifest` writes for them."""
    found = [_LINE.fullmatch(line) for line in content.decode("utf-8", "replace").split("\n")[:-1]]
    digests = {each[2]: each[1] for each in found if each}
    return digests if manifest(digests) == content else None


def digests_of(root: Path, paths: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return size (bytes) and SHA-256 of each file below `root`."""
    return {path: _digest(root / path) for path in paths}


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        return path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
