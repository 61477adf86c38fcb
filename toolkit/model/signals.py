"""Numbers and names of Linux's signals: a log names those of the system on which its program ran, not of this one."""

from __future__ import annotations

_NAMES = (
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
)  # fmt: skip
_BY_NUMBER = {number: f"SIG{name}" for number, name in enumerate(_NAMES, start=1)}
_BY_NAME = {name: number for number, name in _BY_NUMBER.items()} | {"SIGIOT": 6, "SIGCLD": 17, "SIGPOLL": 29}


def linux_signal_number(name: str) -> int | None:
    """Return the number of a signal (`SIGKILL`: 9); None for a name that is none."""
    return _BY_NAME.get(name)


def linux_signal_name(number: int) -> str | None:
    """Return the name of a signal; None for a number without one."""
    return _BY_NUMBER.get(number)
