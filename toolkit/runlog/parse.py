"""One physical line of a run log into the records it holds.

A line may carry a byte-order mark, terminal colours, or the names and time stamp that a CI system puts in front; two
writers may have glued their records together. Text that came from outside (payload snippets, error messages) is kept
whole and never searched: it can hold anything, also something that looks like a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from toolkit.runlog.families import Audit, Sentence, audits, sentences

OTHER = "other"
RX_STATS = "market_rx_stats"
AUDIT_OTHER = "audit_other"

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STAMP = re.compile(r"(?:[^\t]{1,200}\t[^\t]{1,200}\t)?\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z ")
_START = re.compile(
    r"WS_AUDIT |(?:INFO|WARN|ERROR): |market_rx_stats tick=|FIRST_[A-Z_]+ venue=|APPLIED_BOOK venue=|ASTER_SIZE_RAW "
    r"|VENUE_HEALTH_TRANSITION |paraphina_live \| |\[runner\] tick=|\[telemetry\] |thread '|error(?:\[E\d+\])?: "
)
_GLUED_AFTER = re.compile(r"[^\s\"'`=:,(\[{<>|/\\]")
"""What may stand right before a glued record. Text that merely quotes a record has a blank or a quote there."""

_RX = re.compile(r"market_rx_stats tick=[0-9]{1,18}(?: |$)")
_FREE_KEYS = ("err=", "error=", "last_error_message=", "snippet=", "last_err=")


@dataclass(frozen=True, slots=True)
class Found:
    """One record of a line. `fields` are its own keys; `column` is where it begins in the cleaned line."""

    family: str
    venue: str | None
    reason: str | None
    fields: Mapping[str, str]
    column: int
    sentence: Sentence | None = None
    audit: Audit | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line's records, and the time (epoch ms) that a CI system stamped on it."""

    found: tuple[Found, ...]
    stamped_ms: int | None


def parse(text: str) -> Line:
    """Read one line without its newline; a line that holds nothing known is one record of family `other`."""
    text, stamped_ms = cleaned(text)
    return Line(tuple(_records(text)) or (Found(OTHER, None, None, {}, 0),), stamped_ms)


def cleaned(text: str) -> tuple[str, int | None]:
    """The line without marks, colours, control characters and stamp, and the stamp's time."""
    if not text.isprintable():
        text = _CONTROL.sub("", _ANSI.sub("", text.lstrip("\ufeff")))
    stamp = _STAMP.match(text) if text[:1].isdigit() or "\t" in text[:200] else None
    if stamp is None:
        return text, None
    at = datetime.fromisoformat(stamp[1][:26] + "+00:00")
    return text[stamp.end() :].lstrip("\ufeff"), round(at.timestamp() * 1_000)


def _records(text: str) -> Iterator[Found]:
    starts = _starts(text)
    at = 0
    for number, start in enumerate(starts):
        if start < at:
            continue
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        record, free = _record(text[start:end], start)
        if free and end < len(text):
            record, _ = _record(text[start:], start)
            end = len(text)
        at = end
        if record is not None:
            yield record


def _starts(text: str) -> list[int]:
    """Where a record may begin: at the line's start, and wherever one is glued to something else."""
    glued = [m.start() for m in _START.finditer(text, 1) if _GLUED_AFTER.match(text[m.start() - 1])]
    return [0, *glued]


def _record(text: str, column: int) -> tuple[Found | None, bool]:
    if text.startswith("WS_AUDIT "):
        return _audit_record(text, column)
    if _RX.match(text):
        return Found(RX_STATS, None, None, dict(_pairs(text[16:])), column), False
    for sentence in _candidates(text):
        if match := sentence.pattern.match(text):
            fields = {key: value for key, value in match.groupdict().items() if value is not None}
            venue = (
                fields.pop("Venue", "").lower() or fields.pop("venue", None) or sentence.venue or _task_venue(fields)
            )
            return Found(sentence.name, venue, sentence.reason, fields, column, sentence=sentence), sentence.free
    return None, False


def _task_venue(fields: Mapping[str, str]) -> str | None:
    """The venue whose public socket a task serves."""
    venue, public, _ = fields.get("task", "").partition("_public_ws")
    return venue if public else None


def _audit_record(text: str, column: int) -> tuple[Found, bool]:
    fields = dict(_pairs(text[9:]))
    free = any(" " + key in text for key in _FREE_KEYS)
    audit = next((each for each in audits() if _fits(each, fields)), None)
    name = audit.name if audit else AUDIT_OTHER
    reason = (
        fields.get("reconnect_reason") or fields.get("reason") or fields.get("component") or fields.get("subsystem")
    )
    return Found(name, fields.get("venue"), reason, fields, column, audit=audit), free


def _fits(audit: Audit, fields: Mapping[str, str]) -> bool:
    for wanted in audit.has:
        key, _, value = wanted.partition("=")
        key = key.replace("<venue>", fields.get("venue", ""))
        if key not in fields or (value and fields[key] != value):
            return False
    return True


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`key=value` words; a free-text key takes the rest of the line, so that its text cannot pose as further keys."""
    at = 0
    seen: set[str] = set()
    for word in text.split(" "):
        key, equals, value = word.partition("=")
        if equals and key not in seen:
            seen.add(key)
            if key + "=" in _FREE_KEYS:
                yield key, text[at + len(key) + 1 :]
                return
            yield key, value.rstrip(",")
        at += len(word) + 1


_by_start: dict[str, tuple[Sentence, ...]] = {}


def _candidates(text: str) -> tuple[Sentence, ...]:
    """The families whose lines may begin as this one does, told by the first characters of their examples."""
    start = text[:4]
    if start not in _by_start:
        if len(_by_start) > 4_096:
            _by_start.clear()
        _by_start[start] = tuple(each for each in sentences() if _may_start(each, start))
    return _by_start[start]


def _may_start(sentence: Sentence, start: str) -> bool:
    named = sentence.pattern.pattern.split("(?P<Venue>")[0]
    begins_with_venue = "(?P<Venue>" in sentence.pattern.pattern and (not named or named.endswith("?"))
    if begins_with_venue and start[:1].isupper() and start not in ("INFO", "WARN", "ERRO"):
        return True
    return any(example.startswith(start) for example in sentence.examples) or (
        start[:1].isspace() and sentence.pattern.pattern.startswith(r"\s*")
    )
