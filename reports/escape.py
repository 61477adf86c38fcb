"""Escape text of a run for a page: one line, secrets redacted, and no effect beyond being text.

Text of a log, a path or a label cannot break a table, make a heading, mention a user, start markup or send a control
sequence to a terminal.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

from reports.elements import Safe
from toolkit.model.redaction import redact

_WHITESPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKDOWN_SYNTAX = re.compile(r"[\\`*\[\]<>&|~$#@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.")
_BLOCK_START = re.compile(r"^( *\d*)([-+=.)])(?=\s|$|[-=]+\s*$)")
"""Characters at the start of a line that begin a list, a rule or the underline of a heading."""
_REFERENCE = re.compile(r"(&#(?:35|64);)")
_ISSUE = re.compile(r"(?i)(?<![a-z0-9_])(gh-)(?=\d)")
"""Beginning of an issue's number as GitHub also writes and links it: GH-123."""
_ZERO_WIDTH_SPACE = "&#8203;"
_NAMED_REFERENCES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def plain(text: str) -> str:
    r"""Return the text on one line with secrets redacted and unprintable characters as escape sequences.

    Line breaks and tabs become spaces. Control, direction-changing, zero-width and undecodable characters appear as
    `\x1b`, `\u202e` or `\udc80`.
    """
    return "".join(map(_printable, redact(_WHITESPACE.sub(" ", text))))


def visible(text: str) -> str:
    """Return the text with unprintable characters, except line breaks and tabs, as escape sequences. No redaction."""
    return "".join(each if each in "\n\t" else _printable(each) for each in text)


def _printable(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def markdown(text: str) -> Safe:
    """Escape text for a paragraph or a table cell of GitHub-flavoured Markdown. `Safe` text is returned as it is.

    A zero-width space follows each `@` and `#`, and the `GH-` of an issue: GitHub links names and issue numbers in the
    rendered page, where character references are already resolved.
    """
    if isinstance(text, Safe):
        return text
    return _unlinked(_escape_markdown(plain(text)))


def markdown_inside(text: str) -> Safe:
    """Escape text that stands within a line of Markdown, where nothing can begin a list, a rule or a heading."""
    return text if isinstance(text, Safe) else _unlinked(_escape_inside(plain(text)))


def _unlinked(escaped: str) -> Safe:
    return Safe(_ISSUE.sub(rf"\1{_ZERO_WIDTH_SPACE}", _REFERENCE.sub(rf"\1{_ZERO_WIDTH_SPACE}", escaped)))


def code(text: str) -> Safe:
    """Return the text as fixed-width Markdown: a name, a path, a log line.

    Text that backquotes cannot hold becomes a `<code>` element with character references.
    """
    line = plain(text)
    if line and not re.search(r"[`|]|^ | $", line):
        return Safe(f"`{line}`")
    return Safe(f"<code>{_escape_markdown(line)}</code>")


def _escape_markdown(line: str) -> str:
    return _BLOCK_START.sub(lambda match: match[1] + _reference(match[2]), _escape_inside(line))


def _escape_inside(line: str) -> str:
    return _MARKDOWN_SYNTAX.sub(lambda match: _reference(match[0]), re.sub(" {2,}", " ", line))


def _reference(character: str) -> str:
    return _NAMED_REFERENCES.get(character) or f"&#{ord(character)};"


def html(text: str) -> Safe:
    """Escape text for an element or an attribute of HTML. `Safe` text is returned as it is."""
    return text if isinstance(text, Safe) else Safe(escape(plain(text)))


def terminal(text: str) -> str:
    """Escape text for a terminal, as `plain` does. `Safe` text is returned as it is."""
    return text if isinstance(text, Safe) else plain(text)
