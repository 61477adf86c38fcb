"""Fit Markdown into the limits of comments and job summaries, and take the effect out of text from elsewhere."""

from __future__ import annotations

import re

COMMENT_LIMIT = 65_536
"""Largest number of characters of a comment."""
SUMMARY_LIMIT = 524_288
"""Largest number of bytes of a summary: half of the 1 MiB above which the runner drops a whole summary."""

_DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_MARKER = re.compile(r"\A<!-- [^\n]* -->\n")


def marker(name: str) -> str:
    """Return the hidden line by which a workflow finds its comment. `name` cannot end it."""
    return f"<!-- toolkit-evidence:{re.sub(r'[^A-Za-z0-9 ._/]+', '-', name)} -->"


def without_marker(text: str) -> str:
    """Return the text of a comment without its hidden first line."""
    return _MARKER.sub("", text)


def harmless(text: str) -> str:
    """Return Markdown without mentions, hidden text, or characters that change the direction of text."""
    text = _UNPRINTABLE.sub("", text.replace("\r\n", "\n"))
    return text.replace("<!--", "&lt;!--").replace("@", "@\u200b")


def cut_to_characters(text: str, limit: int) -> str:
    """Return the text, cut after a line so that it has at most `limit` characters and says that it was cut."""
    return _cut(text, limit, f"{limit} characters", "utf-32-le", 4)


def cut_to_bytes(text: str, limit: int) -> str:
    """Return the text, cut after a line so that it has at most `limit` bytes of UTF-8 and says that it was cut."""
    return _cut(text, limit, f"{limit} bytes", "utf-8", 1)


def _cut(text: str, limit: int, size: str, encoding: str, unit: int) -> str:
    if len(text.encode(encoding)) <= limit * unit:
        return text
    note = f"\n\n**Cut here**: more than {size}. The artifact of the run has the whole document.\n"
    room = limit - len(note) - len("\n</details>") * _largest_depth(text)
    fitting = text.encode(encoding)[: max(0, room) * unit].decode(encoding, errors="ignore")
    fitting = fitting.rpartition("\n")[0] or fitting
    return fitting + "\n</details>" * _open_details(fitting) + note


def _open_details(text: str) -> int:
    closed = [bool(each) for each in _DETAILS.findall(text)]
    return max(0, closed.count(False) - closed.count(True))


def _largest_depth(text: str) -> int:
    depth = largest = 0
    for slash in _DETAILS.findall(text):
        depth = max(0, depth + (-1 if slash else 1))
        largest = max(largest, depth)
    return largest
