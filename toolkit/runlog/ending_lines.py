"""Lines that may state why a life ended, and whether they are about the program or about another process."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from toolkit.runlog.family_groups import EXITS, LAUNCH_ERRORS

Ref = tuple[int, int]
"""Number of the log file, and line."""

RUN_COMMAND = re.compile(r"paraphina|cargo|\$")
"""Matches the command of a run as a shell prints it: the program, cargo, or a variable that stands for either."""
_REPORTED_BY_NAME = ("container_exit", "manager_exit")
"""Families of reports that name what ended as the lines of a wrapping name their sender."""
_OF_SERVICES = ("service_exit", "service_result", "service_out_of_memory")
_SYSTEM = re.compile(r"systemd|kernel|init\[|\(")
"""Beginning of the names of programs that write about services and are none."""
_NUMBER = re.compile(r"(?:[-_.:]\d+|\[\]|\.service|\.scope)+$")


@dataclass(frozen=True, slots=True)
class EndingLine:
    """A line that may state why a life ended: its text, and the fields of its record.

    `sender` is the container or service that wrote it; empty if the log does not tell.
    """

    ref: Ref
    family: str
    text: str
    fields: Mapping[str, str]
    sender: str = ""


def is_of_program(line: EndingLine, own: Collection[str], neighbours: Collection[str]) -> bool | None:
    """Return whether a line is about the program; None if it may be about another service.

    `own` are the senders of the program's lines, `neighbours` those of lines of no known family.
    """
    if line.family in _OF_SERVICES and is_program(line.sender):
        return _is_own_service(line, own, neighbours)
    if not own:
        return True
    name = line.sender
    if line.family in EXITS | LAUNCH_ERRORS and is_program(name):
        # Another program, such as the kernel, reports how the run's ended.
        name = ""
    if not name and line.family in _REPORTED_BY_NAME:
        name = line.fields.get("process") or ""
    return not name or any(is_same_sender(name, each) for each in own)


def _is_own_service(line: EndingLine, own: Collection[str], neighbours: Collection[str]) -> bool | None:
    """Return whether a service is the program's by its name; other programs in the log may be other services."""
    unit = line.fields.get("process") or line.fields.get("oomd") or ""
    if not unit or RUN_COMMAND.search(unit) or any(is_same_sender(unit, each) for each in own):
        return True
    others = [each for each in neighbours if each not in own and not _SYSTEM.match(each)]
    return False if others else None


def is_program(sender: str) -> bool:
    """Return whether a sender is a program's name, as syslog and the journal print it, not a container or service."""
    return sender.endswith("[]")


def is_same_sender(a: str, b: str) -> bool:
    """Return whether two names are of one container or service, with or without the project's name or a number.

    `shop-bot-1` and `bot_1` are the same, and so are `bot` and `bot:0`.
    """
    one, other = sorted((_words(a), _words(b)), key=len)
    return other[-len(one) :] == one


def _words(name: str) -> list[str]:
    return re.split(r"[-_.]", _NUMBER.sub("", name.lower()))
