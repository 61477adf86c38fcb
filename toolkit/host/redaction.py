"""What may be written down of a command and its environment: nothing secret, and no variable that is not the run's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from toolkit.model.redaction import MASK, redact

KEPT_PREFIXES = ("PARAPHINA_", "HL_", "LIGHTER_", "EXTENDED_", "ASTER_", "PARADEX_")
"""The only environment names that are ever recorded: those that steer a connector."""

_SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASS|PRIVATE", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"([\w-]*(?:KEY|SECRET|TOKEN|PASS|PRIVATE)[\w-]*=)(\"[^\"]*\"|'[^']*'|[^\s\"']+)", re.IGNORECASE
)


def argv(arguments: Sequence[str]) -> tuple[str, ...]:
    """A command's arguments with secrets and home directories masked.

    The argument after an option that names a secret (`--api-key`) is masked whole, unless it is an option itself.
    """
    masked, secret_follows = [], False
    for argument in arguments:
        masked.append(MASK if secret_follows and not argument.startswith("-") else text(argument))
        secret_follows = argument.startswith("-") and "=" not in argument and bool(_SECRET_NAME.search(argument))
    return tuple(masked)


def text(value: str) -> str:
    """One argument or value with secrets masked, those assigned by name (`HL_API_KEY=…`) among them."""
    return redact(_ASSIGNMENT.sub(rf"\1{MASK}", value))


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that steer a connector, by name; the value of one whose name speaks of a secret is masked whole."""
    kept = sorted(name for name in variables if name.startswith(KEPT_PREFIXES))
    return {name: MASK if _SECRET_NAME.search(name) else text(variables[name]) for name in kept}
