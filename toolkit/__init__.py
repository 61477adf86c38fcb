"""Turn the recorded run of a trading connector into figures, findings and evidence.

`analyze` and `compare` are the entry points. Heavy dependencies are imported when one of them is first used.
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
