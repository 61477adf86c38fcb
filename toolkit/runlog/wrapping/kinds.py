"""The kinds of wrappings: each takes one line out of its wrapping.

A collector puts a prefix before each line (a host, a container, a time), or makes a JSON object of it. Long lines are
split by some collectors into parts that are joined again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from toolkit.runlog.bulk.numbers import is_count
from toolkit.runlog.wrapping.stamps import ANY, ISO, ISO_ZONED, SHORT, LocalClock, iso_ms, time_of

Part = Literal["whole", "begun", "continued"]
"""A whole line; a part whose rest follows; a part that belongs to the line before."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A line without its wrapping, and the time (epoch ms) stamped on it; None without a stamp of a known zone.

    `stream` names the stream that the parts of one split line have in common, `sender` the container or service that
    wrote the line, or else the program, with `[]` after its name; empty where the wrapping tells neither.
    """

    line: bytes
    at_ms: int | None
    part: Part = "whole"
    stream: bytes = b""
    sender: bytes = b""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """One kind of wrapping: its name, an example, and the function that takes a line out of it.

    The function returns None for a line that is not wrapped so. `splits` is true for a kind that splits long lines.
    """

    name: str
    example: bytes
    unwrap: Callable[[bytes], Unwrapped | None]
    splits: bool = False

    @property
    def is_prefix(self) -> bool:
        """True if it stands before the line. Only then may its stamp have no zone or no year."""
        return isinstance(self.unwrap, _Prefix)

    def with_clock(self, clock: LocalClock) -> Wrapping:
        """Return the wrapping with the clock of its stamps without a zone or a year."""
        return replace(self, unwrap=replace(self.unwrap, clock=clock)) if isinstance(self.unwrap, _Prefix) else self

    def stamp(self, line: bytes) -> bytes | None:
        """Return the date and time that a line's prefix has, if it has any."""
        return self.unwrap.stamp(line) if isinstance(self.unwrap, _Prefix) else None


@dataclass(frozen=True, slots=True)
class _Prefix:
    """Unwraps lines by a regular expression of their prefix."""

    pattern: re.Pattern[bytes]
    clock: LocalClock | None = None

    def stamp(self, line: bytes) -> bytes | None:
        """Return the date and time in the prefix of a line, with or without a zone and a year."""
        match = self.pattern.match(line)
        groups = match.groupdict() if match else {}
        return groups.get("at") or groups.get("short")

    def __call__(self, line: bytes) -> Unwrapped | None:
        match = self.pattern.match(line)
        if match is None:
            return None
        groups = match.groupdict()
        part: Part = "whole"
        if groups.get("partial"):
            part = "begun" if groups["partial"].startswith(b"P") else "whole"
        elif groups.get("continued") == b"+":
            part = "continued"
        stream, sender = groups.get("stream") or b"", groups.get("sender") or b""
        sender = sender or (program + b"[]" if (program := groups.get("program")) else b"")
        return Unwrapped(line[match.end() :], time_of(match, self.clock), part, stream, sender)


class _DockerLine(msgspec.Struct):
    log: str
    time: str = ""
    stream: str = ""


_JOURNAL_KEYS = {
    "message": "MESSAGE", "at_us": "__REALTIME_TIMESTAMP", "about": "UNIT", "unit": "_SYSTEMD_UNIT",
    "program": "SYSLOG_IDENTIFIER",
}  # fmt: skip


class _JournalLine(msgspec.Struct, rename=_JOURNAL_KEYS):
    message: str | list[int] | None
    at_us: str = ""
    about: str | list[int] | None = None
    unit: str | list[int] | None = None
    program: str | list[int] | None = None

    @property
    def sender(self) -> str:
        """The unit that the line is about or that wrote it; else the program."""
        units = (each for each in (self.about, self.unit) if isinstance(each, str) and each.endswith(".service"))
        return next(units, f"{self.program}[]" if isinstance(self.program, str) else "")


_docker = msgspec.json.Decoder(_DockerLine)
_journal = msgspec.json.Decoder(_JournalLine)
_any_object = msgspec.json.Decoder(dict[str, object])


def _docker_json(line: bytes) -> Unwrapped | None:
    if not line.startswith(b"{"):
        return None
    try:
        record = _docker.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    text = record.log.encode("utf-8", "replace")
    at_ms = iso_ms(record.time.encode("ascii", "replace"))
    return Unwrapped(text.rstrip(b"\n"), at_ms, "whole" if text.endswith(b"\n") else "begun", record.stream.encode())


def _journal_json(line: bytes) -> Unwrapped | None:
    if not line.startswith(b"{"):
        return None
    try:
        record = _journal.decode(line)
        text = record.message
        octets = text.encode("utf-8", "replace") if isinstance(text, str) else bytes(text or ())
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None
    at_ms = int(record.at_us) // 1_000 if is_count(record.at_us) else None
    return Unwrapped(octets, at_ms, sender=record.sender.encode("utf-8", "replace"))


_TEXT_KEYS = ("log", "message", "MESSAGE", "msg", "line", "textPayload", "@message", "body", "_raw", "text")
_TIME_KEYS = ("time", "timestamp", "@timestamp", "ts", "Timestamp")


def _json_line(line: bytes) -> Unwrapped | None:
    """Take the text out of a JSON object as log shippers write it: Fluent Bit, Vector, Loki, cloud exports."""
    if not line.startswith(b"{"):
        return None
    try:
        record = _any_object.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    text = next((value for key in _TEXT_KEYS if isinstance(value := record.get(key), str)), None)
    if text is None:
        return None
    stamp = next((value for key in _TIME_KEYS if isinstance(value := record.get(key), str)), "")
    return Unwrapped(text.rstrip("\n").encode("utf-8", "replace"), iso_ms(stamp.encode("ascii", "replace")))


def prefix_wrapping(name: str, example: bytes, pattern: bytes, splits: bool = False) -> Wrapping:
    """Return the wrapping by a prefix that matches the regular expression `pattern`."""
    return Wrapping(name, example, _Prefix(re.compile(pattern)), splits)


_SENDER = rb"[\w.:-]+ (?P<program>[^\s:\[]+)(?:\[\d+\])?: "
"""Host, program and process number as syslog and the journal write them."""

_NOT_OF_NODE = rb"(?!(?:stdout|stderr) [PF][ :]|[0-9a-f]{2}[OE][ +])"
"""What follows a time stamp that does not belong to CRI or GitLab."""

WRAPPINGS = (
    Wrapping("docker json-file", b'{"log":"text\\n","stream":"stderr","time":"2026-05-28T20:26:40.5Z"}',
             _docker_json, True),
    Wrapping("journald JSON", b'{"MESSAGE":"text","__REALTIME_TIMESTAMP":"1780000000123456"}', _journal_json),
    Wrapping("JSON lines", b'{"@timestamp":"2026-05-28T20:26:40.5Z","message":"text"}', _json_line),
    prefix_wrapping("CRI", b"2026-05-28T20:26:40.5Z stderr F text",
                    ISO + rb" (?P<stream>stdout|stderr) (?P<partial>[PF](?::\S*)?)(?: |$)", True),
    prefix_wrapping("GitLab", b"2026-05-28T20:26:40.500000Z 01O text",
                    ISO + rb" (?P<stream>[0-9a-f]{2}[OE])(?P<continued>[ +]|$)", True),
    prefix_wrapping("Buildkite", b"\x1b_bk;t=1780000000123\x07text", rb"(?:\x1b?_)?bk;t=(?P<epoch_ms>\d{13})\x07?"),
    prefix_wrapping("docker service logs", b"bot_paraphina.1.x1y2z3@node1    | text",
                    rb"(?:" + ISO + rb" )?(?P<sender>[\w.-]+)\.\d+\.\w+@[\w.-]+ +\| ?"),
    prefix_wrapping("docker compose", b"paraphina-1  | text",
                    # The program's own start-up line has the form of this prefix.
                    rb"(?!paraphina(?:_live)? \|)(?P<sender>[\w.-]+) +\| ?(?:" + ISO + rb" " + _NOT_OF_NODE + rb")?"),
    prefix_wrapping("pm2", b"0|paraphina  | text",
                    rb"(?:PM2 +\| )?\d+\|(?P<sender>[^|]{1,80})\| ?(?:" + ISO + rb":? " + _NOT_OF_NODE + rb")?"),
    prefix_wrapping("syslog (RFC 5424)", b"<134>1 2026-05-28T20:26:40.5Z bot1 paraphina 4242 - - text",
                    rb"<\d{1,3}>1 (?:-|" + ISO
                    + rb") \S+ (?P<program>\S+) \S+ \S+ (?:-|(?:\[.*?\])+) ?(?:\xef\xbb\xbf)?"),
    prefix_wrapping("syslog or journald", b"May 28 20:26:40 bot1 paraphina_live[4242]: text",
                    rb"(?:<\d{1,3}>)?(?:\w{3} )?(?:" + ISO + rb"|" + SHORT
                    + rb"|(?P<epoch_s>\d{10}\.\d+)|\[ *\d+\.\d+\]) " + _SENDER),
    prefix_wrapping("CI time stamp", b"soak\tRun soak\t2026-05-28T20:26:40.5Z text",
                    rb"(?:[^\t]{1,200}\t[^\t]{1,200}\t)?(?:\xef\xbb\xbf)?" + ISO_ZONED + rb" "),
    prefix_wrapping("time stamp", b"[2026-05-28 20:26:40] text", rb"\[ *" + ANY + rb"\]:? ?"),
    prefix_wrapping("time stamp", b"(20:26:40) text", rb"\( *" + ANY + rb"\):? ?"),
    prefix_wrapping("time stamp", b"May 28 20:26:40 text", ANY + rb"(?:: | [|-] | ?\t| )"),
)  # fmt: skip
"""All kinds of which the form is known, the more special ones first."""
