"""Render notes as lines of `run.log`, in the format that log readers parse.

`TEMPLATES` has the lines of each kind of note, `RECONNECT_TEMPLATES` those of each reconnect reason. A template of the
venue (`Venue.log_templates`) replaces the shared one. Lines that begin with `WS_AUDIT` are written only if audit is on.
Notes of a kind without a template appear only in `events.jsonl`.

No event is written twice in a form that a reader counts: of a reconnect, the audit line has the reason and the error
line the detail; a resync is one line, with or without audit. Text is written by `connectors.text.quoted`, unless its
field is one of `OWN_FIELDS`, so that a frame can forge neither a line nor a count.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.session.counters import is_logged
from connectors.session.events import Note
from connectors.text import duration, plain_decimal, printable, quoted
from connectors.venues.spec import Value, Venue
from toolkit.model.vocabulary import ReconnectReason

AUDIT = "WS_AUDIT "
OWN_FIELDS = frozenset({"reason", "url", "ws", "rest", "name", "silence", "topic", "market"})
"""Fields whose text is a word of this program or a setting of the user, like the fields with names of settings."""
WARN_FROM, ERROR_FROM = 5, 20
"""Consecutive failures from which the level of an error line is WARN or ERROR; below it is INFO."""

TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "resolving": ("INFO: {title} resolving market id attempt url={url}",),
    "lookup": ("INFO: {title} market id resolved symbol={market} market_id={instrument} source_url={url}",),
    "connecting": ("INFO: {title} public WS connecting url={url}",),
    "connected": ("INFO: {title} public WS connected url={url}",),
    "limits": (),
    "subscribed": (),
    "first_message": ("INFO: {title} public WS first message received",),
    "first_top": ("FIRST_DECODED_TOP venue={venue} bid_px={bid_px} bid_sz={bid_sz} ask_px={ask_px} ask_sz={ask_sz}",),
    "first_book": ("INFO: {title} public WS first book update",),
    "snapshot_applied": ("INFO: {title} snapshot applied (snap_id={seq})",),
    "snapshot_failed": ("WARN: {title} snapshot fetch failed; url={url} err={detail}",),
    "resync": ("{title} WS {reason_text}; resyncing last={last} prev=Some({prev}) start={start} end={end} url={url}",),
    "healthy_reset": (
        "INFO: {title} WS session was healthy for {lasted}; resetting backoff and failure counter (was {failures})",
    ),
    "ping_sent": ("WS_AUDIT venue={venue} {venue}_ping_sent_count={count} interval_ms={interval_ms}",),
    "ping_send_fail": ("WS_AUDIT venue={venue} {venue}_ping_send_fail_count={count} err={detail}",),
    "parse_error": ("WARN: {title} public WS parse error: {detail} url={url} snippet={snippet}",),
    "decode_miss": ("WARN: {title} WS decode miss keys=[{keys}] snippet={snippet} (count={count}) url={url}",),
    "unrecognised": ("INFO: {title} WS message skipped: {detail} is unknown (count={count}) url={url}",),
    "refusal": ("WARN: {title} public WS refusal: {text}",),
    "fatal_refusal": ("WARN: {title} subscribe error: {text}",),
    "stale_frame": ("INFO: {title} WS old book frame ignored seq={seq} held={held} (count={count})",),
    "quiet_look": ("INFO: {title} market quiet for {for}: book equal to REST, socket alive",),
    "frozen_book": ("WARN: {title} book frozen for {for}: the socket repeats it, REST shows another",),
    "rotated": ("INFO: {prefix} endpoint rotated: ws={ws}, rest={rest}, info={rest} (index {index})",),
    "side_open": ("INFO: {title} side feed {topic} open url={url}",),
    "side_lost": (
        "WARN: {title} side feed {topic} lost reason={reason} count={count} lasted={lasted} retry_in={wait}: {detail}",
    ),
    "side_miss": ("WARN: {title} side feed {topic} frame not read why={why} (count={count}) snippet={snippet}",),
    "closing_soon": ("INFO: {title} public WS closes in {in}",),
    "funding_failed": ("{title} funding polling error: {detail}",),
    "pressure": ("WS_AUDIT component=market_publisher {name}={total}",),
}

RECONNECT_TEMPLATES: Mapping[ReconnectReason, tuple[str, ...]] = {
    ReconnectReason.SESSION_TIMEOUT: ("ERROR: {title} public WS session timeout ({detail}) — force reconnect",),
    ReconnectReason.STALE_WATCHDOG: ("{error}: {title} public WS stale: {detail}",),
    ReconnectReason.PING_SEND_FAIL: (
        "WARN: {title} public WS ping send failed: {detail} — reconnecting",
        "{error}: {title} public WS ping send failed",
    ),
    ReconnectReason.PING_TIMEOUT: ("{error}: {title} public WS ping timeout: {detail}",),
    ReconnectReason.READ_TIMEOUT: (
        "WARN: {title} public WS read timeout ({detail}) — no frame received, reconnecting",
        "{error}: {title} public WS read timeout ({detail})",
    ),
    ReconnectReason.SUBSCRIBE_ERROR: ("{error}: {title} subscribe failed: {detail}",),
    ReconnectReason.PARSE_ERROR: (
        "{title} public WS too many parse errors; reconnecting url={url}",
        "{error}: {title} public WS parse errors: {detail}",
    ),
    ReconnectReason.DECODE_FAIL_LOOP: ("{error}: {title}: {detail} — forcing reconnect for fresh snapshot",),
    ReconnectReason.SEQ_GAP: ("{error}: {title} book sequence gap: {detail}",),
    ReconnectReason.SEQ_MISMATCH: ("{error}: {title} book sequence mismatch: {detail}",),
    ReconnectReason.STREAM_ENDED: ("{error}: {title} public WS stream ended: {detail}",),
    ReconnectReason.SERVER_CLOSE: (
        "{title} WS closed; reconnecting url={url}",
        "{error}: {title} public WS closed by server code={code} {detail}",
    ),
    ReconnectReason.CONNECT_TIMEOUT: ("{error}: {title} public WS connect timeout ({detail})",),
    ReconnectReason.CONNECT_ERROR: ("{error}: {title} public WS connect error: {detail}",),
    ReconnectReason.TASK_PANIC: ("{error}: {title} public WS task failed: {detail}",),
    ReconnectReason.ENFORCER_RESTART: ("{error}: {title} public WS {detail}",),
    ReconnectReason.UNKNOWN: ("{error}: {title} public WS ended: {detail}",),
}
RECONNECT_AUDIT = "WS_AUDIT venue={venue} reconnect_reason={reason} count={count}"
LOOKUP_FAILED = "{error}: {title} market discovery failed: {detail}"
SILENCE_LINE = "INFO: {title} public WS silence class={silence} topic={topic}"
ERROR_PREFIX = "{level}: {title} public WS error (consecutive_failures={failures})"


def render(venue: Venue, note: Note) -> list[tuple[str, bool]]:
    """Return the lines of a note, each with a flag that is True for an audit line.

    Raises `KeyError` if the note lacks a field of its template.
    """
    values = {"title": venue.title, "prefix": venue.prefix, **_template_values(note.fields), "venue": venue.name}
    lines = [template.format_map(values) for template in _templates(venue, note, values)]
    return [(line, line.startswith(AUDIT)) for line in lines]


def _templates(venue: Venue, note: Note, values: dict[str, str]) -> tuple[str, ...]:
    kind, fields = note.kind, note.fields
    if kind == "reconnect":
        return _reconnect_templates(fields, values)
    if kind == "refusal" and fields.get("fatal"):
        kind = "fatal_refusal"
    elif kind in ("ping_sent", "pressure") and not _is_sampled(note):
        return ()
    elif kind == "resync":
        values["reason_text"] = values["reason"].replace("_", " ")
    if kind in venue.log_templates:
        return (venue.log_templates[kind],)
    return TEMPLATES.get(kind, ())


def _is_sampled(note: Note) -> bool:
    """Return whether a line is written at this count: 1, 2, 3, then every 100th, or every 1000th of `pressure`."""
    if note.kind == "pressure":
        total = int(note.fields["total"] or 0)
        return total <= 3 or total % 1_000 == 0
    return is_logged(int(note.fields["count"] or 0))


def _reconnect_templates(fields: Mapping[str, Value | float], values: dict[str, str]) -> tuple[str, ...]:
    failures = int(fields["failures"] or 0)
    values["level"] = "INFO" if failures < WARN_FROM else "WARN" if failures < ERROR_FROM else "ERROR"
    values["error"] = ERROR_PREFIX.format_map(values)
    if fields["stage"] != "socket":
        return (LOOKUP_FAILED,)
    silence = (SILENCE_LINE,) if "silence" in fields else ()
    return (RECONNECT_AUDIT, *silence, *RECONNECT_TEMPLATES[ReconnectReason(values["reason"])])


def _template_values(fields: Mapping[str, Value | float]) -> dict[str, str]:
    """Return every field as text; an integer field `x_ms` also as the duration `x`."""
    values: dict[str, str] = {}
    for name, value in fields.items():
        values[name] = _value_text(name, value)
        if name.endswith("_ms") and isinstance(value, int):
            values[name.removesuffix("_ms")] = duration(value)
    return values


def _value_text(name: str, value: Value | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if name.endswith(("_px", "_sz")):
            return plain_decimal(value)
        return printable(value) if name in OWN_FIELDS or name.isupper() else quoted(value)
    return "None" if value is None else str(value)


def panic_line(venue: str, count: int, detail: str) -> str:
    """Return the line of a connector that is restarted after an exception in this program; `count` is its restarts."""
    return f"ERROR: Supervised task '{venue}_public_ws' panicked (restart #{count}): {quoted(detail)}, restarting in 0s"


def left_out_line(venue: str, kind: str, count: int) -> str:
    """Return the line that says how many notes of a kind were left out, because they came too fast."""
    return f"toolkit smoke: {count} more notes of kind {kind} of {venue} came too fast and are left out"
