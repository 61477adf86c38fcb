"""What a file is for a run, told by how its content begins."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import PurePath

from toolkit.files.rotation import rotated_part
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role
from toolkit.streams.blocks import Readable

HEAD_BYTES = 256 << 10
"""So much of a file's beginning tells what it is."""
EVIDENCE = (Role.LOG, Role.TELEMETRY, Role.RX_STATS)
"""The roles of what a producer writes of its run."""

_TELEMETRY = re.compile(rb'"(?:venue_age_ms|venue_status|venue_mid_usd|treasury_guidance|venue_age_event_ms)"\s*:')
_RX = re.compile(rb"market_rx_stats tick=\d")
_OF_THE_PROGRAM = (
    b"paraphina |", b"paraphina_live |", b"effective_trade_mode=", b"effective_risk_profile=", b"WS_AUDIT ",
    b"public WS ", b"FIRST_BOOK_UPDATE ", b"APPLIED_BOOK ", b"FIRST_DECODED_TOP ", b"Supervised task '",
    b"[runner] tick=", b"[telemetry] ", b"VenueHealthEnforcer", b"REST health monitor", b"VENUE_HEALTH_TRANSITION ",
)  # fmt: skip
"""Words that nobody but the program and its connectors says."""
_RX_WORDS = b"market_rx_stats tick="
_LOG = re.compile(
    b"|".join(map(re.escape, _OF_THE_PROGRAM)) + rb"|panicked at |(?:^|\n)\s*(?:Compiling|Finished|Running|Building) "
    rb"|(?:^|\n)(?:error|warning)(?:\[E\d+\])?: |(?:^|\n)(?:INFO|WARN|ERROR): "
)
_PIECE_BYTES = 4 << 20
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""How a file begins that is in a wide encoding, the longer marks first: one of them begins with another."""
_PROVENANCE_KEYS = ({"config_hash", "config_debug"}, {"git_sha"}, {"venue_id", "tick_size"})
_BY_NAME = (
    (re.compile(r"telemetry.*\.jsonl"), Role.TELEMETRY),
    (re.compile(r"market_rx_stats.*\.log"), Role.RX_STATS),
    (re.compile(r".*(?:run|live|std(?:out|err)).*(?:\.log|\.err|\.out)?"), Role.LOG),
)
_OWN_SCHEMAS = {
    "toolkit.run_meta": Role.RUN_META,
    "toolkit.command": Role.COMMANDS,
    "toolkit.event": Role.EVENTS,
    "toolkit.arrivals": Role.EVENTS,
}


def recognise(head: bytes, name: str) -> Role:
    """The role of a file whose content begins with `head`; the name decides only for an empty file."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if not text.strip(b"\x00\r\n\t "):
        plain = rotated_part(name).base
        return next((role for pattern, role in _BY_NAME if pattern.fullmatch(plain)), Role.ARTIFACT)
    if own := _own_schema(text):
        return own
    if _is_json(text):
        return _json_role(text)
    if _LOG.search(text):
        return Role.LOG
    if _RX.search(text):
        # A log may hold these lines, too; a file of their own holds hardly any other.
        return Role.RX_STATS if _is_rx(text) else Role.LOG
    return Role.TELEMETRY if _TELEMETRY.search(text) else Role.ARTIFACT


def may_be_log(head: bytes) -> bool:
    """Whether a file that begins so may be a log whose first lines are another program's: it is text, and no JSON."""
    return len(head) == HEAD_BYTES and b"\0" not in head and not head.lstrip().startswith(b"{")


def holds_log_line(head: bytes, rest: Readable) -> bool:
    """Whether the rest of a file, after its `head`, holds a line of the program or its connectors."""
    words = (*_OF_THE_PROGRAM, _RX_WORDS)
    longest = max(map(len, words))
    before = head[-longest:]
    while piece := rest.read(_PIECE_BYTES):
        seam = before + piece[:longest]
        # One word after the other: to look for all at once takes ten times as long.
        if any(word in piece or word in seam for word in words):
            return True
        before = piece[-longest:]
    return False


def log_named(first_line: bytes) -> str | None:
    """The log that a file of arrival times or events names in its first line; None where it is no such file."""
    try:
        said = json.loads(first_line)
    except (ValueError, RecursionError):
        return None
    return said.get("log") if isinstance(said, dict) and isinstance(said.get("log"), str) else None


def _own_schema(text: bytes) -> Role | None:
    match = re.match(rb'\{\s*"schema"\s*:\s*"(toolkit\.[a-z_]+)/', text)
    return _OWN_SCHEMAS.get(match[1].decode()) if match else None


def _is_rx(text: bytes) -> bool:
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
    if any(wanted <= keys for wanted in _PROVENANCE_KEYS):
        return Role.PROVENANCE
    # A small record of telemetry may hold no venue array at all; its tick is what makes it one.
    if re.match(rb'\s*\{.*"t"\s*:\s*\d', first) or re.match(rb'\s*\{"t"\s*:', first):
        return Role.TELEMETRY
    return Role.LOG if _LOG.search(text) or _RX.search(text) else Role.ARTIFACT


def refuse_wide(head: bytes, name: str, packed: bool) -> None:
    """Raise `InputError` where evidence is in an encoding of two or four bytes a character, which no reader splits."""
    encoding = next((encoding for mark, encoding in _WIDE if head.startswith(mark)), None)
    if encoding is None:
        return
    # Any other file may be in any encoding: it is listed, and nobody reads it.
    if recognise(head.decode(encoding, "ignore").encode("utf-8", "ignore"), PurePath(name).name) in EVIDENCE:
        unpack = "unpack it and " if packed else ""
        raise InputError(
            name,
            None,
            f"is in {encoding} (PowerShell's > writes it so), and a run is read as UTF-8;"
            f" {unpack}convert it with iconv -f {encoding} -t UTF-8",
        )
