"""Detect the role of a run's file from the beginning of its content."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import PurePath

from toolkit.files.rotation import rotated_part
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.program_phrases import PROGRAM_PHRASES
from toolkit.runlog.wrapping.detect import detect
from toolkit.runlog.wrapping.kinds import Wrapping
from toolkit.streams.blocks import Readable

HEAD_BYTES = 256 << 10
"""Number of bytes at the beginning of a file from which its role is detected."""
EVIDENCE_ROLES = (Role.LOG, Role.TELEMETRY, Role.RX_STATS)
"""Roles of the files that a producer writes about its run."""

_TELEMETRY = re.compile(rb'"(?:venue_age_ms|venue_status|venue_mid_usd|treasury_guidance|venue_age_event_ms)"\s*:')
_RX = re.compile(rb"market_rx_stats tick=\d")
_PROGRAM_PHRASES = tuple(each.encode() for each in PROGRAM_PHRASES)
_RX_PHRASE = b"market_rx_stats tick="
_LOG = re.compile(
    b"|".join(map(re.escape, _PROGRAM_PHRASES))
    + rb"|panicked at |(?:^|\n)\s*(?:Compiling|Finished|Running|Building|Blocking waiting for|Updating (?:crates|git)) "
    rb"|(?:^|\n)(?:error|warning)(?:\[E\d+\])?: |(?:^|\n)(?:INFO|WARN|ERROR): "
    rb"|(?:^|\n)Caused by:|command not found|version `GLIBC|loading shared libraries: |(?:^|\n)timeout: [fs]"
    rb"|(?:^|\n)[^\s:]+: line \d+: |exited with code \d|ompleted with exit code \d|runner_exit pid=\d"
    rb"|overflowed its stack|fatal runtime error: |[Kk]illed process \d+,? \("
)
_RUN_LOG = "run.log"
"""Name of a text file that is a log even if the program wrote nothing to it."""
_PIECE_BYTES = 4 << 20
_LINE_BYTES = 4 << 10
"""Bytes before a phrase in which its line begins."""
_BOM = codecs.BOM_UTF8
_WIDE_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""Byte-order marks of wide encodings. UTF-32 comes first, because its little-endian mark begins with that of UTF-16."""
_PROVENANCE_KEYS = ({"config_hash", "config_debug"}, {"git_sha"}, {"venue_id", "tick_size"})
_BY_NAME = (
    (re.compile(r"telemetry.*\.jsonl"), Role.TELEMETRY),
    (re.compile(r"market_rx_stats.*\.log"), Role.RX_STATS),
    (re.compile(r".*(?:run|live|std(?:out|err)).*(?:\.log|\.err|\.out)?"), Role.LOG),
)
_TOOLKIT_SCHEMAS = {
    "toolkit.run_meta": Role.RUN_META,
    "toolkit.command": Role.COMMANDS,
    "toolkit.event": Role.EVENTS,
    "toolkit.arrivals": Role.EVENTS,
}


def detect_role(head: bytes, name: str) -> Role:
    """Return the role of a file whose content begins with `head`; the name decides only for an empty file."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if not text.strip(b"\x00\r\n\t "):
        base = rotated_part(name).base
        return next((role for pattern, role in _BY_NAME if pattern.fullmatch(base)), Role.ARTIFACT)
    if role := _toolkit_role(text):
        return role
    if _is_json(text):
        return _json_role(text)
    if _LOG.search(text):
        return Role.LOG
    if _RX.search(text):
        # A log may contain these lines too. A file of its own consists of them for the most part.
        return Role.RX_STATS if _is_mostly_rx(text) else Role.LOG
    if _TELEMETRY.search(text):
        return Role.TELEMETRY
    return Role.LOG if b"\0" not in text and rotated_part(name).base == _RUN_LOG else Role.ARTIFACT


def detect_wrapping(head: bytes, role: Role) -> tuple[Role, tuple[Wrapping, ...]]:
    """Return the role of a file and the wrappings of its lines; `role` is that of the file with its wrappings.

    A file that only shows what it is without wrappings and colours is a log.
    """
    if role not in (Role.LOG, Role.RX_STATS, Role.ARTIFACT) or b"\0" in head:
        return role, ()
    lines = head.removeprefix(_BOM).split(b"\n")
    layers = detect(lines[:-1] if len(head) == HEAD_BYTES else lines)
    if layers:
        return Role.LOG, layers
    if role is Role.ARTIFACT and not _is_json(head):
        plain = "\n".join(strip_decoration(line.decode("utf-8", "replace"))[0] for line in lines).encode()
        role = Role.LOG if _LOG.search(plain) else role
    return role, ()


def may_be_log(head: bytes) -> bool:
    """Return whether a file may be a log that starts with other programs' lines: it is long, text, and not JSON."""
    return len(head) == HEAD_BYTES and b"\0" not in head and not head.lstrip().startswith(b"{")


def log_section(head: bytes, rest: Readable) -> bytes:
    """Return the section of a file that begins with the first line of the program or its connectors; empty if none.

    `rest` is the part of the file after its `head`. A line that crosses from `head` to `rest` counts.
    """
    phrases = (*_PROGRAM_PHRASES, _RX_PHRASE)
    before = head[-_LINE_BYTES:]
    while piece := rest.read(_PIECE_BYTES):
        data = before + piece
        # One search per phrase: a single regular expression of all phrases takes ten times as long.
        places = [at for phrase in phrases if (at := data.find(phrase)) >= 0]
        if places:
            section = data[data.rfind(b"\n", 0, min(places)) + 1 :][:HEAD_BYTES]
            return section + rest.read(HEAD_BYTES - len(section))
        before = data[-_LINE_BYTES:]
    return b""


def wrapping_of_section(section: bytes, layers: tuple[Wrapping, ...]) -> tuple[Wrapping, ...]:
    """Return the wrappings of a later section of a file, if there are more than `layers`, those at its beginning."""
    found = detect(section.split(b"\n")[:-1])
    is_longer = len(found) > len(layers) and found[: len(layers)] == layers
    return found if is_longer else layers


def has_program_phrase(data: bytes) -> bool:
    """Return whether a text contains a phrase that only the program and its connectors write."""
    return any(phrase in data for phrase in (*_PROGRAM_PHRASES, _RX_PHRASE))


def named_log(first_line: bytes) -> str | None:
    """Return the log named in the first line of a file of arrival times or events; None for any other line."""
    try:
        header = json.loads(first_line)
    except (ValueError, RecursionError):
        return None
    return header.get("log") if isinstance(header, dict) and isinstance(header.get("log"), str) else None


def _toolkit_role(text: bytes) -> Role | None:
    match = re.match(rb'\{\s*"schema"\s*:\s*"(toolkit\.[a-z_]+)/', text)
    return _TOOLKIT_SCHEMAS.get(match[1].decode()) if match else None


def _is_mostly_rx(text: bytes) -> bool:
    lines = [line for line in text.split(b"\n")[:50] if line.strip(b"\x00\r ")]
    return sum(1 for line in lines if _RX.match(line)) * 2 > len(lines)


def _is_json(text: bytes) -> bool:
    return text.lstrip(b"\x00\r\n\t ")[:1] in (b"{", b"[")


def _json_role(text: bytes) -> Role:
    first = text.split(b"\n", 1)[0]
    if _TELEMETRY.search(first) or _TELEMETRY.search(text):
        return Role.TELEMETRY
    try:
        value = json.loads(text)
        keys = set(value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value)
    except (ValueError, RecursionError, TypeError):
        keys = set()
    if any(required <= keys for required in _PROVENANCE_KEYS):
        return Role.PROVENANCE
    # A small telemetry record may have no venue array at all; its tick `t` identifies it.
    if re.match(rb'\s*\{.*"t"\s*:\s*\d', first) or re.match(rb'\s*\{"t"\s*:', first):
        return Role.TELEMETRY
    return Role.LOG if _LOG.search(text) or _RX.search(text) else Role.ARTIFACT


def reject_wide_encoding(head: bytes, name: str, compressed: bool) -> None:
    """Raise `InputError` for evidence in UTF-16 or UTF-32, which no reader can split into lines.

    Other files may be in any encoding: they are listed, but not read.
    """
    encoding = next((encoding for mark, encoding in _WIDE_ENCODINGS if head.startswith(mark)), None)
    if encoding is None:
        return
    if detect_role(head.decode(encoding, "ignore").encode("utf-8", "ignore"), PurePath(name).name) in EVIDENCE_ROLES:
        unpack = "unpack it and " if compressed else ""
        raise InputError(
            name,
            None,
            f"is in {encoding} (PowerShell's > writes it so), and a run is read as UTF-8;"
            f" {unpack}convert it with iconv -f {encoding} -t UTF-8",
        )
