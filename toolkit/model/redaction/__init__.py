"""Mask secrets in texts, command arguments, settings and environment variables before they are recorded or shown.

Only the log that a run itself writes stays as it is.
"""

from toolkit.model.redaction.arguments import redact_argv, redact_value
from toolkit.model.redaction.environment import (
    KEPT_PREFIXES,
    redact_environment,
    redact_invalid,
    redact_named,
    redact_setting,
)
from toolkit.model.redaction.log_lines import redact_log_line
from toolkit.model.redaction.shapes import MASK
from toolkit.model.redaction.suspicious import may_hold_secret
from toolkit.model.redaction.texts import redact, redact_all

__all__ = [
    "KEPT_PREFIXES", "MASK", "may_hold_secret", "redact", "redact_all", "redact_argv", "redact_environment",
    "redact_invalid", "redact_log_line", "redact_named", "redact_setting", "redact_value",
]  # fmt: skip
