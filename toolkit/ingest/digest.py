"""The digest of a plain file, for a helping process to begin with: the module imports nothing else of the toolkit."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PIECE_BYTES = 1 << 20


def sha256_of(path: Path, size: int) -> tuple[int, str]:
    """How many of the first `size` bytes of a file there are, and their SHA-256 in hexadecimal digits."""
    digest, buffer, left = hashlib.sha256(), memoryview(bytearray(_PIECE_BYTES)), size
    with path.open("rb", buffering=0) as file:
        while left and (count := file.readinto(buffer[:left])):
            digest.update(buffer[:count])
            left -= count
    return size - left, digest.hexdigest()
