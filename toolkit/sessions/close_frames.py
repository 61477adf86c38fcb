"""Close frames that a venue sent, from the text of the line that reports the session's end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from toolkit.runlog.rust_debug import DebugTextError, parse_debug

_CODES = {
    "Normal": 1000, "Away": 1001, "Protocol": 1002, "Unsupported": 1003, "Status": 1005, "Abnormal": 1006,
    "Invalid": 1007, "Policy": 1008, "Size": 1009, "Extension": 1010, "Error": 1011, "Restart": 1012, "Again": 1013,
    "Tls": 1015,
}  # fmt: skip
"""Names that the client's WebSocket library prints for the codes of RFC 6455, section 7.4."""
_NO_FRAME = 1006
"""Code of a connection that was lost without a close frame; it is never sent."""
_NUMBER = re.compile(r"\D*(\d{4})\D*")
_FRAME = "Some(CloseFrame {"
_BY_SERVER = re.compile(r"\bpublic WS closed by server code=(?P<code>\d{4})(?: (?P<reason>.*))?")
"""The same statement in the lines of our own connectors."""
MAX_REASON_CHARS = 123
"""Longest reason of a close frame: its UTF-8 text has at most 123 bytes."""


@dataclass(frozen=True, slots=True)
class CloseFrame:
    """Code and reason of a close frame. The reason may be empty; the code is None where its name is not known."""

    code: int | None
    reason: str


def close_frame(text: str) -> CloseFrame | None:
    """Return the close frame that the text of an ending line prints; None if it prints none."""
    if text.startswith(_FRAME):
        return _printed_frame(text)
    if stated := _BY_SERVER.search(text):
        return CloseFrame(int(stated["code"]), (stated["reason"] or "")[:MAX_REASON_CHARS])
    return None


def _printed_frame(text: str) -> CloseFrame | None:
    try:
        match parse_debug(text):
            case {"code": str(name), "reason": str(reason)}:
                number = _NUMBER.fullmatch(name)
                code = int(number[1]) if number else _CODES.get(name)
                return None if code == _NO_FRAME else CloseFrame(code, reason[:MAX_REASON_CHARS])
    except DebugTextError:
        pass
    return None
