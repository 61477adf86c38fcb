"""The log's words: notes as lines of `run.log`, in the grammar that readers of the log know.

`SENTENCES` gives the lines of each kind of note, `ENDINGS` those of each reason a session ends by; a venue's own
sentence (`Venue.log_templates`) stands in place of the shared one. A sentence that begins with `WS_AUDIT` is written
only where audit is on. Kinds without a sentence are told in `events.jsonl` alone.

One event is never told twice in words that a reader counts: of an ending the audit line carries the reason and the
error line the detail; a resync is one line, audited or not. Texts that came from outside are made printable and cut,
and words that begin a record are broken in them, so that no frame can forge a line or a count.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.session.counters import is_logged
from connectors.session.events import Note
from connectors.text import duration, plain_decimal, printable
from connectors.venues.spec import Value, Venue
from toolkit.model.vocabulary import ReconnectReason

AUDIT = "WS_AUDIT "
WARN_FROM, ERROR_FROM = 5, 20
"""So many failures in a row make an error line a warning, an error."""

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
    "resync": ("{title} WS {words}; resyncing last={last} prev=Some({prev}) start={start} end={end} url={url}",),
    "healthy_reset": (
        "INFO: {title} WS session was healthy for {lasted}; resetting backoff and failure counter (was {failures})",
    ),
    "ping_sent": ("WS_AUDIT venue={venue} {venue}_ping_sent_count={count} interval_ms={interval_ms}",),
    "ping_send_fail": ("WS_AUDIT venue={venue} {venue}_ping_send_fail_count={count} err={detail}",),
    "parse_error": ("WARN: {title} public WS parse error: {detail} url={url} snippet={snippet}",),
    "decode_miss": ("WARN: {title} WS decode miss keys=[{keys}] snippet={snippet} (count={count}) url={url}",),
    "refusal": ("WARN: {title} public WS refusal: {text}",),
    "fatal_refusal": ("WARN: {title} subscribe error: {text}",),
    "stale_frame": ("INFO: {title} WS old book frame ignored seq={seq} held={held} (count={count})",),
    "quiet_look": ("INFO: {title} market quiet for {for}: book equal to REST, socket alive",),
    "frozen_book": ("WARN: {title} book frozen for {for}: the socket repeats it, REST shows another",),
    "rotated": ("INFO: {prefix} endpoint rotated: ws={ws}, rest={rest}, info={rest} (index {index})",),
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
ENDED = "WS_AUDIT venue={venue} reconnect_reason={reason} count={count}"
LOOKUP_FAILED = "{error}: {title} market discovery failed: {detail}"
SILENCE = "INFO: {title} public WS silence class={silence} topic={topic}"
LEVEL = "{level}: {title} public WS error (consecutive_failures={failures})"


def render(venue: Venue, note: Note) -> list[tuple[str, bool]]:
    """The lines of a note, each with whether it is one for audit only."""
    words = {"title": venue.title, "prefix": venue.prefix, **_words(note.fields), "venue": venue.name}
    lines = [sentence.format_map(words) for sentence in _sentences(venue, note, words)]
    return [(line, line.startswith(AUDIT)) for line in lines]


def _sentences(venue: Venue, note: Note, words: dict[str, str]) -> tuple[str, ...]:
    kind, fields = note.kind, note.fields
    if kind == "reconnect":
        return _ending(fields, words)
    if kind == "refusal" and fields.get("fatal"):
        kind = "fatal_refusal"
    elif kind in ("ping_sent", "pressure") and not _sampled(note):
        return ()
    elif kind == "resync":
        words["words"] = words["reason"].replace("_", " ")
    if kind in venue.log_templates:
        return (venue.log_templates[kind],)
    return TEMPLATES.get(kind, ())


def _sampled(note: Note) -> bool:
    """A line is written at the counts that readers of the log expect: 1, 2, 3, then each hundredth or thousandth."""
    if note.kind == "pressure":
        total = int(note.fields["total"] or 0)
        return total <= 3 or total % 1_000 == 0
    return is_logged(int(note.fields["count"] or 0))


def _ending(fields: Mapping[str, Value | float], words: dict[str, str]) -> tuple[str, ...]:
    failures = int(fields["failures"] or 0)
    words["level"] = "INFO" if failures < WARN_FROM else "WARN" if failures < ERROR_FROM else "ERROR"
    words["error"] = LEVEL.format_map(words)
    if fields["stage"] != "socket":
        return (LOOKUP_FAILED,)
    silence = (SILENCE,) if "silence" in fields else ()
    return (ENDED, *silence, *RECONNECT_TEMPLATES[ReconnectReason(words["reason"])])


def _words(fields: Mapping[str, Value | float]) -> dict[str, str]:
    """Every field as the log writes it; a time `x_ms` also as the duration `x`."""
    words: dict[str, str] = {}
    for name, value in fields.items():
        words[name] = _word(name, value)
        if name.endswith("_ms") and isinstance(value, int):
            words[name.removesuffix("_ms")] = duration(value)
    return words


def _word(name: str, value: Value | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return plain_decimal(value) if name.endswith(("_px", "_sz")) else printable(value)
    return "None" if value is None else str(value)


def panic_line(venue: str, count: int, detail: str) -> str:
    """A connector failed by a fault of this program and begins anew."""
    return (
        f"ERROR: Supervised task '{venue}_public_ws' panicked (restart #{count}): {printable(detail)}, restarting in 0s"
    )
