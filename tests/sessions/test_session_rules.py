"""Each rule of the session machine, tested on a few lines."""

from __future__ import annotations

from collections import Counter

import pytest

from toolkit.runlog.parse import parse
from toolkit.runlog.session_lines import session_line
from toolkit.sessions.by_life import replay

OPEN = (
    "INFO: {V} public WS connecting url=ws://h/ws",
    "INFO: {V} public WS connected url=ws://h/ws",
    "INFO: {V} public WS first message received",
    "INFO: {V} public WS first book update",
)
RESET = "INFO: {V} public WS error (consecutive_failures=1): WebSocket protocol error: Connection reset without closing handshake"
STALE = "INFO: {V} public WS error (consecutive_failures=1): {V} public WS stale: freshness exceeded 10000ms"
REFUSED = (
    "INFO: {V} public WS error (consecutive_failures=2): {V} public WS connect error: IO error: Connection refused"
)
LOOK_UP = "WARN: {V} public WS error (consecutive_failures=2): Lighter orderBooks discovery failed"
GAP = "Aster WS seq gap; resyncing last=1 prev=Some(2) start=3 end=4 url=ws://h/ws"
FAILED_THRICE = "WARN: {V} subscribe failed 3 times; backing off"
AUDIT = "WS_AUDIT venue={v} reconnect_reason=%s count=1"
REFUSAL = 'WARN: {V} public WS non-book message after subscribe channel=error count=1 snippet={{"channel":"error","data":"%s"}}'
FIRST_ERROR = 'INFO: {V} WS first msg keys=[error,id] snippet={{"error":{{"code":2,"msg":"Invalid request"}},"id":1}}'
FIRST_NULL = 'INFO: {V} WS first msg keys=[error,id,result] snippet={{"error":null,"id":1,"result":null}}'
DETAIL = "WS_AUDIT venue={v} reconnect_reason=seq_gap last_nonce=1 begin_nonce=3 nonce=4"
CONTINUITY = "INFO: {V} public WS error (consecutive_failures=1): {V} order_book continuity gap last_nonce=Some(1) begin_nonce=Some(3)"


def replayed(venue: str, *lines: str) -> tuple[list[tuple[str, str | None]], Counter[tuple[str, str]]]:
    lines_of_lives = []
    for number, line in enumerate(lines, 1):
        text = line.format(V=venue.capitalize(), v=venue) if "{v}" in line or "{V}" in line else line
        for found in parse(text).records:
            if (event := session_line(found, (0, number))) is not None:
                lines_of_lives.append((0, event))
    sessions, incidents = replay(lines_of_lives)
    return [(session.reached, session.reason) for session in sessions], Counter((i.kind, i.reason) for i in incidents)


BOOK = "first_book"


@pytest.mark.parametrize(
    ("venue", "lines", "sessions", "incidents"),
    [
        ("paradex", OPEN, [(BOOK, None)], {}),
        ("paradex", (*OPEN, RESET), [(BOOK, "stream_ended")], {}),
        ("paradex", (*OPEN, RESET, *OPEN), [(BOOK, "stream_ended"), (BOOK, None)], {}),
        ("paradex", (*OPEN, *OPEN), [(BOOK, "unknown"), (BOOK, None)], {}),
        ("paradex", (*OPEN, AUDIT % "seq_mismatch", RESET), [(BOOK, "seq_mismatch")], {}),
        ("paradex", (*OPEN, AUDIT % "novel_reason", *OPEN), [(BOOK, "novel_reason"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN, AUDIT % "stale_watchdog", "WARN: {V} public WS watchdog: x — reconnecting", STALE, *OPEN),
         [(BOOK, "stale_watchdog"), (BOOK, None)], {}),
        ("lighter", (*OPEN, AUDIT % "subscribe_error", AUDIT % "subscribe_error", *OPEN), [(BOOK, "subscribe_error"), (BOOK, None)], {}),
        ("lighter", (*OPEN, "{V} public WS closed frame=Some(CloseFrame)", LOOK_UP, *OPEN),
         [(BOOK, "server_close"), (BOOK, None)], {("connect_failure", "discovery"): 1}),
        ("paradex", (OPEN[0], REFUSED.replace("INFO", "ERROR")), [("connecting", "connect_error")], {}),
        ("lighter", (*OPEN, "WARN: {V} public WS read error: reset"), [(BOOK, "stream_ended")], {}),
        ("paradex", (OPEN[0], REFUSED, OPEN[0], REFUSED), [("connecting", "connect_error")] * 2, {}),
        ("paradex", (REFUSED,), [], {("connect_failure", "connect_error"): 1}),
        ("paradex", (AUDIT % "read_timeout", *OPEN), [("connected", "read_timeout"), (BOOK, None)], {}),
        ("paradex", (AUDIT % "connect_error", *OPEN), [(BOOK, None)], {("connect_failure", "connect_error"): 1}),
        ("paradex", (RESET, *OPEN, RESET, RESET), [("connected", "stream_ended"), (BOOK, "stream_ended")],
         {("connect_failure", "stream_ended"): 1}),
        ("lighter", ("WARN: {V} public WS read error: reset", *OPEN), [("connected", "stream_ended"), (BOOK, None)], {}),
        ("aster", (AUDIT % "stale_watchdog", STALE, *OPEN), [("connected", "stale_watchdog"), (BOOK, None)], {}),
        ("extended", (AUDIT % "read_timeout", RESET, *OPEN), [("first_message", "stream_ended"), (BOOK, None)],
         {("kept", "read_timeout"): 1}),
        ("hyperliquid", (OPEN[3], "INFO: {V} public WS error (consecutive_failures=1): odd", *OPEN), [(BOOK, "unknown"), (BOOK, None)], {}),
        ("hyperliquid", (OPEN[2], *OPEN), [("first_message", "unknown"), (BOOK, None)], {}),
        ("extended", (AUDIT % "degraded_stream_rebootstrap_gap", *OPEN),
         [("connected", "degraded_stream_rebootstrap_gap"), (BOOK, None)], {}),
        ("aster", (*OPEN, STALE, AUDIT % "stale_watchdog", *OPEN), [(BOOK, "stale_watchdog"), (BOOK, None)], {}),
        ("extended", (*OPEN, "WARN: {V} public WS read timeout (10s) — no frame received, reconnecting", AUDIT % "read_timeout", *OPEN),
         [(BOOK, "read_timeout"), (BOOK, None)], {}),
        ("aster", (*OPEN, AUDIT % "seq_gap"), [(BOOK, None)], {("resync", "seq_gap"): 1}),
        ("aster", (*OPEN, AUDIT % "stale_watchdog", "WARN: Aster WS stale; resyncing url=ws://h stale_ms=2229"),
         [(BOOK, None)], {("resync", "stale_watchdog"): 1}),
        ("aster", (*OPEN, GAP, AUDIT % "seq_gap"), [(BOOK, None)], {("resync", "seq_gap"): 1}),
        ("aster", (*OPEN, AUDIT % "seq_gap", GAP, GAP, AUDIT % "seq_gap"), [(BOOK, None)], {("resync", "seq_gap"): 2}),
        ("aster", (*OPEN, GAP, AUDIT % "stale_watchdog", GAP), [(BOOK, None)],
         {("resync", "seq_gap"): 2, ("resync", "stale_watchdog"): 1}),
        ("aster", (*OPEN, AUDIT % "stale_watchdog", STALE), [(BOOK, "stale_watchdog")], {}),
        ("extended", (*OPEN, AUDIT % "read_timeout", AUDIT % "read_timeout"), [(BOOK, None)], {("kept", "read_timeout"): 2}),
        ("extended", (*OPEN, AUDIT % "read_timeout", RESET), [(BOOK, "stream_ended")], {("kept", "read_timeout"): 1}),
        ("extended", (*OPEN, AUDIT % "read_timeout", "WARN: {V} public WS read timeout (10s) — no frame received, reconnecting"),
         [(BOOK, "read_timeout")], {}),
        ("extended", (*OPEN[:2], AUDIT % "read_timeout", "WARN: {V} WS received no messages after 10s url=ws://h", *OPEN),
         [("connected", "read_timeout"), (BOOK, None)], {}),
        ("aster", (*OPEN, "ERROR: Supervised task 'aster_public_ws' panicked (restart #1): boom, restarting in 1s", *OPEN),
         [(BOOK, "task_panic"), (BOOK, None)], {}),
        ("aster", (*OPEN, "WARN: VenueHealthEnforcer force-restarting 'aster_public_ws' (venue_index=2, age_ms=90250, threshold=90000)", *OPEN),
         [(BOOK, "enforcer_restart"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN[:3], REFUSAL % "Invalid subscription", AUDIT % "stale_watchdog", STALE, *OPEN),
         [("first_message", "subscribe_error"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN[:3], REFUSAL % "Invalid subscription", *OPEN), [("first_message", "subscribe_error"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN[:3], REFUSAL % "Already subscribed", STALE, *OPEN), [("first_message", "stale_watchdog"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN, REFUSAL % "Invalid subscription", STALE, *OPEN), [(BOOK, "stale_watchdog"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN[:3], REFUSAL % "Invalid subscription", OPEN[3], STALE), [(BOOK, "stale_watchdog")], {}),
        ("hyperliquid", (*OPEN[:3], REFUSAL % "Invalid subscription"), [("first_message", None)], {}),
        ("aster", (*OPEN[:3], FIRST_ERROR, STALE, *OPEN), [("first_message", "subscribe_error"), (BOOK, None)], {}),
        ("aster", (*OPEN[:3], FIRST_NULL, STALE, *OPEN), [("first_message", "stale_watchdog"), (BOOK, None)], {}),
        ("aster", (*OPEN, "{V} public WS error: Connection reset by peer", *OPEN), [(BOOK, "stream_ended"), (BOOK, None)], {}),
        ("lighter", (*OPEN[:3], FAILED_THRICE, *OPEN), [("first_message", "subscribe_error"), (BOOK, None)], {}),
        ("lighter", (*OPEN, *OPEN[:2], *OPEN[:3], OPEN[0], *OPEN[:2], FAILED_THRICE, *OPEN), [(BOOK, "unknown"), ("connected", "subscribe_error"), ("first_message", "subscribe_error"), ("connecting", "unknown"), ("connected", "subscribe_error"), (BOOK, None)], {}),
        ("lighter", (*OPEN[:2], *OPEN[:2], *OPEN[:2], *OPEN[:2], FAILED_THRICE), [("connected", "unknown")] + 3 * [("connected", "subscribe_error")], {}),
        ("lighter", (*OPEN[:2], *OPEN[:2], "{V} public WS stream ended", *OPEN[:2], FAILED_THRICE), [("connected", "unknown"), ("connected", "stream_ended"), ("connected", "subscribe_error")], {}),
        ("lighter", (*OPEN, AUDIT % "seq_gap", DETAIL, CONTINUITY, *OPEN), [(BOOK, "seq_gap"), (BOOK, None)], {}),
        ("lighter", (*OPEN, DETAIL, *OPEN), [(BOOK, "seq_gap"), (BOOK, None)], {}),
        ("lighter", (*OPEN, CONTINUITY, *OPEN), [(BOOK, "seq_gap"), (BOOK, None)], {}),
        ("hyperliquid", (*OPEN, "WARN: Hyperliquid private WS read timeout (30s) — reconnecting"), [(BOOK, None)], {}),
        ("extended", ("FIRST_DECODED_TOP venue=extended bid_px=1 bid_sz=1 ask_px=2 ask_sz=1", OPEN[0]), [("connecting", None)], {}),
        ("extended", (*OPEN, "INFO: {V} public WS connecting url=ws://h/ws socket_role=hedge"), [(BOOK, None)], {}),
    ],
)  # fmt: skip
def test_lines_tell_their_sessions(
    venue: str, lines: tuple[str, ...], sessions: list[tuple[str, str | None]], incidents: dict[tuple[str, str], int]
) -> None:
    assert replayed(venue, *lines) == (sessions, Counter(incidents))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("IO error: Connection reset by peer (os error 104)", "stream_ended"),
        ("IO error: Connection timed out (os error 110)", "stream_ended"),
        ("IO error: Software caused connection abort (os error 103)", "stream_ended"),
        ("IO error: Broken pipe (os error 32)", "stream_ended"),
        ("IO error: peer closed connection without sending TLS close_notify: https://docs.rs/rustls", "stream_ended"),
        ("IO error: unexpected end of file", "stream_ended"),
        ("Trying to work with closed connection", "stream_ended"),
        ("connection closed: code=1006 reason=abnormal closure", "stream_ended"),
        ('close frame Some(CloseFrame {{ code: Abnormal, reason: "" }})', "stream_ended"),
        ("close frame received code=1001 reason=restart", "server_close"),
        ("Connection closed normally", "server_close"),
        ("{V} public WS closed by server code=1012 restart", "server_close"),
        ("received 1001 (going away); then sent 1001 (going away)", "server_close"),
        ("WS closed by venue", "server_close"),
        ("no close frame received or sent", "stream_ended"),
        ("connection lost without receiving a close frame", "stream_ended"),
        ("Connection closed by peer", "stream_ended"),
        ("connection closed before message completed url=wss://h:4200/ws", "stream_ended"),
        ("sent 1011 (internal error) ping timeout; no close frame received", "ping_timeout"),
        ("{V} public WS connect error: connection closed before message completed", "connect_error"),
        ("market channel closed", "unknown"),
        ("publish queue closed", "unknown"),
        ("{V} public WS connect error: IO error: Connection timed out (os error 110)", "connect_error"),
        ("{V} public WS ping send failed: Broken pipe (os error 32)", "ping_send_fail"),
        ("{V} public WS seq gap last=1006 start=1009", "seq_gap"),
        ("Invalid subscription", "subscribe_error"),
        ("Paradex subscribe failed: the stream ended, ping timeout", "subscribe_error"),
        ('HTTP error: 400, body={{"code":1,"msg":"stream ended"}}', "unknown"),
        ("HTTP error: 502 Bad Gateway <html><body>read timeout</body></html>", "unknown"),
        ('close frame Some(CloseFrame {{ code: Normal, reason: "ping timeout, 1006" }})', "server_close"),
        ("closed by server code=1001 no close frame, seq gap", "server_close"),
        ("received 1001 (going away) read timeout; then sent 1001 (going away)", "server_close"),
        ("the venue said: stream ended", "unknown"),
        ("'stream ended' can't be read, seq gap", "seq_gap"),
        ('unknown answer "\\" ping timeout": stream ended', "stream_ended"),
    ],
)
def test_an_error_of_a_connected_socket_tells_its_reason(error: str, reason: str) -> None:
    sessions, _ = replayed("paradex", *OPEN, "INFO: {V} public WS error (consecutive_failures=1): " + error, *OPEN)
    assert sessions == [(BOOK, reason), (BOOK, None)]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ('Some(CloseFrame {{ code: Away, reason: "restart" }})', "server_close"),
        ('Some(CloseFrame {{ code: Normal, reason: "1006" }})', "server_close"),
        ("None", "server_close"),
        ('Some(CloseFrame {{ code: Abnormal, reason: "" }})', "stream_ended"),
        ('Some(CloseFrame {{ code: Bad(1006), reason: "" }})', "stream_ended"),
    ],
)
def test_a_close_code_1006_is_a_lost_connection_and_every_other_close_frame_is_the_venues(
    frame: str, reason: str
) -> None:
    sessions, _ = replayed("lighter", *OPEN, "{V} public WS closed frame=" + frame, *OPEN)
    assert sessions == [(BOOK, reason), (BOOK, None)]
