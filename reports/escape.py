"""Text of a run on its way to a page: one line, without secrets, and unable to be anything but text.

Whatever a log, a path or a label holds, it can break no table, forge no heading, mention nobody, start no markup and
send no control sequence to a terminal.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

from reports.elements import Safe
from toolkit.model.redaction import redact

_GAPS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = re.compile(r"[\\`*\[\]<>&|~$#@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.")
_BLOCK = re.compile(r"^( *\d*)([-+=.)])(?=\s|$|[-=]+\s*$)")
"""What begins a list, a rule or the underline of a heading when it stands first on a line."""
_REFERENCE = re.compile(r"(&#(?:35|64);)")
_ZERO_WIDTH = "&#8203;"
_NAMED = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def plain(text: str) -> str:
    r"""The text on one line, secrets masked, line breaks as spaces, every other unprintable character spelled out.

    Control, direction-changing, zero-width and undecodable characters appear as `\x1b`, `\u202e` or `\udc80`.
    """
    return "".join(map(_seen, redact(_GAPS.sub(" ", text))))


def visible(text: str) -> str:
    """The text with every unprintable character but line breaks and tabs spelled out, and nothing masked."""
    return "".join(each if each in "\n\t" else _seen(each) for each in text)


def _seen(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def markdown(text: str) -> Safe:
    """The text for a paragraph or a table cell of GitHub-flavoured Markdown.

    Text that is already `Safe` stays as it is. An `@` or `#` is parted from what follows by a zero-width space, as
    GitHub looks for names and issue numbers in the rendered page, where no escape is left to stop it.
    """
    if isinstance(text, Safe):
        return text
    return Safe(_REFERENCE.sub(rf"\1{_ZERO_WIDTH}", _inert(plain(text))))


def code(text: str) -> Safe:
    """The text in fixed width, for Markdown: a name, a path, a log line.

    Backquotes where they hold it; an element with every mark spelled as a character reference where they do not.
    """
    line = plain(text)
    if line and not re.search(r"[`|]|^ | $", line):
        return Safe(f"`{line}`")
    return Safe(f"<code>{_inert(line)}</code>")


def _inert(line: str) -> str:
    spelled = _MARKS.sub(lambda found: _reference(found[0]), re.sub(" {2,}", " ", line))
    return _BLOCK.sub(lambda found: found[1] + _reference(found[2]), spelled)


def _reference(character: str) -> str:
    return _NAMED.get(character) or f"&#{ord(character)};"


def html(text: str) -> Safe:
    """The text for an element or an attribute of HTML; text that is already `Safe` stays as it is."""
    return text if isinstance(text, Safe) else Safe(escape(plain(text)))


def terminal(text: str) -> str:
    """The text for a terminal: `plain`, unless it is a part of our own that is `Safe` already."""
    return text if isinstance(text, Safe) else plain(text)
