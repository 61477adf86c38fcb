"""Turn one run of a trading connector into evidence.

`analyze` and `compare` are the verbs; nothing heavy is imported before one of them is used.
"""

from typing import TYPE_CHECKING, Any

from toolkit.model.errors import InputError, ToolkitError, UsageError

if TYPE_CHECKING:
    from toolkit.api import Analysis, Comparison, Report, analyze, compare

__all__ = ["Analysis", "Comparison", "InputError", "Report", "ToolkitError", "UsageError", "analyze", "compare"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    from toolkit import api

    return getattr(api, name)
