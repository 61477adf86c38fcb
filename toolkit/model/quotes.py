"""Texts of a run where they are quoted: of limited length, without secrets and acting characters."""

from __future__ import annotations

import re
from typing import Any

from toolkit.model.redaction import redact, redact_all
from toolkit.model.units import thousands

QUOTE_CHARACTERS = 300
"""Largest number of characters of one quote."""
_READ_CHARACTERS = 20 * QUOTE_CHARACTERS
"""Characters of a text in which secrets are masked. It is more than are shown: a secret must not be cut before."""

_ACTING = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters that control a terminal, reverse text or take no room; JSON itself escapes those below U+0020."""


def quoted(text: str, limit: int = QUOTE_CHARACTERS) -> str:
    """Return a text of at most `limit` characters as it is, else its beginning and the number of those left out."""
    if len(text) <= limit:
        return text
    return f"{redact(text[:_READ_CHARACTERS])[:limit]}… ({thousands(len(text) - limit)} characters left out)"


def recorded_label(label: str) -> str:
    """Return the label of a run as it is stored and shown: with secrets masked, and of limited length."""
    return quoted(redact(label))


def json_text(document: Any, indent: int = 2) -> str:
    """Encode a document as JSON with secrets masked in its texts, as on the pages."""
    import msgspec

    masked = msgspec.json.encode(redact_all(msgspec.to_builtins(document)))
    return harmless_json(msgspec.json.format(masked, indent=indent).decode())


def harmless_json(text: str) -> str:
    r"""Return JSON with control, direction-changing and zero-width characters as `\u202e`; its content is the same."""
    return _ACTING.sub(lambda character: _escaped(character[0]), text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
