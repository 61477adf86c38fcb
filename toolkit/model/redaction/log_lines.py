"""Mask secrets in a line of a log: those of any text, and the values of the settings that the line states."""

from __future__ import annotations

import re

from toolkit.model.redaction.environment import redact_setting
from toolkit.model.redaction.texts import redact

_STATED = re.compile(
    r"""(?P<before>\[config\] (?:WARN: [a-z ]{1,40} )?(?P<name>[A-Z][A-Z0-9_]{1,80}) = )"""
    r"""(?P<value>"(?:[^"\\]|\\.)*+"|\S++)"""
)


def redact_log_line(text: str) -> str:
    """Mask secrets in a log line; of a setting that is not documented, only numbers, flags and words are kept."""
    return redact(_STATED.sub(_masked_setting, text) if "[config] " in text else text)


def _masked_setting(match: re.Match[str]) -> str:
    value = match["value"]
    quote = '"' if value.startswith('"') else ""
    masked = redact_setting(match["name"], value.strip('"') if quote else value)
    return f"{match['before']}{quote}{masked}{quote}"
