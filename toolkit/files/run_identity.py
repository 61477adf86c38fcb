"""Identity of a run: a digest of the content of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from toolkit.model.runs import FileLedger
from toolkit.model.vocabulary import Role

RUN_ID_LENGTH = 16
IDENTITY_ROLES = (Role.LOG, Role.TELEMETRY, Role.RX_STATS, Role.EVENTS, Role.RUN_META)
"""Roles of the files whose content identifies a run; names and compression do not matter."""


def run_id(ledgers: Iterable[FileLedger]) -> str:
    """Return the run's id: the first 16 hexadecimal digits of the SHA-256 over the sorted digests of its files.

    Copies, which are not read, do not count.
    """
    digests = sorted(each.sha256 for each in ledgers if each.role in IDENTITY_ROLES and each.copy_of is None)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:RUN_ID_LENGTH]
