"""paradex-py: class `Paradex` with binary frames, its REST calls, `bbo`, books of both kinds and trades."""

import asyncio
import sys
from types import ModuleType


class _Absent(ModuleType):
    """Stands for a package of the wallet that has no wheel; market data needs none of it."""

    __path__: list = []

    def __getattr__(self, name):
        return type(name, (), {})


for package in (
    "starknet_crypto_py",
    "poseidon_py.poseidon_hash",
    "poseidon_py",
    "ledgereth",
):
    sys.modules[package] = _Absent(package)

import observed  # noqa: E402
