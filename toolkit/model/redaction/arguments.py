"""Mask secrets in the arguments of a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.model.redaction.secret_names import is_phrase_name, is_secret_name
from toolkit.model.redaction.shapes import MASK
from toolkit.model.redaction.texts import redact_text

_OPTION = re.compile(r"-{1,2}[A-Za-z][\w.-]*+")
_SHORT_PASSWORD = re.compile(r"((?<!\S)-p)(?!\d{1,5}(?!\S))(?![vr]?(?!\S))[^\s\"']++")
"""`-p` and a password, as database clients take it; a port and `mkdir -pv` are none."""
_USERS = ("-u", "-U", "--user", "--proxy-user")
_SEED = ("--seed",)
_NUMBER = re.compile(r"-?\d{1,20}")


def redact_argv(arguments: Sequence[str]) -> tuple[str, ...]:
    """Mask secrets and home directories in the arguments of a command.

    The argument after an option that names a secret (`--api-key`) is masked completely, unless it is an option itself;
    after one that takes words (`--seed-phrase`), all arguments up to the next option.
    """
    masked, option = [], ""
    for argument in arguments:
        is_option = argument.startswith("-") and len(argument) > 1
        masked.append(redact_value(argument) if is_option else _operand(option, argument))
        if is_option:
            option = argument if _OPTION.fullmatch(argument) else ""
        elif not is_phrase_name(option):
            option = ""
    return tuple(masked)


def _operand(option: str, argument: str) -> str:
    """Mask an argument that is no option and follows `option`, which is empty where it follows none."""
    if option in _SEED and not _NUMBER.fullmatch(argument):
        return MASK
    if option in _USERS and ":" in argument:
        return f"{redact_value(argument.partition(':')[0])}:{MASK}"
    return MASK if option and (is_secret_name(option) or is_phrase_name(option)) else redact_value(argument)


def redact_value(value: str) -> str:
    """Mask secrets in one argument or value, including assignments to a secret's name (`HL_API_KEY=…`)."""
    return _SHORT_PASSWORD.sub(rf"\1{MASK}", redact_text(value, is_argument=True))
