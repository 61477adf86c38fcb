"""Turn the recorded run of a trading connector into figures, findings and evidence.

`analyze`, `compare`, `pack` and `verify` are the entry points. Heavy dependencies are imported on first use.
"""

from typing import TYPE_CHECKING, Any

from toolkit.model.errors import InputError, ToolkitError, UsageError

if TYPE_CHECKING:
    from toolkit.api import Analysis, Comparison, Report, analyze, compare
    from toolkit.packs.calls import pack, verify

__all__ = [
    "Analysis", "Comparison", "InputError", "Report", "ToolkitError", "UsageError", "analyze", "compare", "pack",
    "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    if name in ("pack", "verify"):
        from toolkit.packs import calls

        return getattr(calls, name)
    from toolkit import api

    return getattr(api, name)
