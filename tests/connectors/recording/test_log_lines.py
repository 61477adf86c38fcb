"""Notes become log lines as in recorded runs, once per event; text of a frame cannot forge a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from connectors.recording.log_lines import RECONNECT_TEMPLATES, render
from connectors.session.events import ConnectFailed, Note, Opened, Received, SendFailed, SocketClosed, Started, Stop
from connectors.text import duration, plain_decimal, printable
from connectors.venues import venues
from connectors.venues.spec import Venue
from tests.connectors.harness import Harness, diff, full, limits, venue
from toolkit.model.runs import Session
from toolkit.model.vocabulary import ReconnectReason as Reason
from toolkit.runlog.parse import parse
from toolkit.runlog.session_lines import SessionLine
from toolkit.sessions.by_life import Sessions
from toolkit.sessions.machine import SessionIncident
from toolkit.upstream.log_counts import SIGNATURES, signature

WS = "ws://127.0.0.1:23080/ws"
RECONNECT: dict[str, Any] = {"stage": "socket", "connected": True, "count": 1, "failures": 1, "lasted_ms": 0, "url": WS}
RECORDED: list[tuple[str, str, Mapping[str, Any], list[str]]] = [
    ("hyperliquid", "connecting", {"url": WS, "connect_timeout_ms": 15_000},
     [f"INFO: Hyperliquid public WS connecting url={WS} connect_timeout=15s"]),
    ("lighter", "connecting", {"url": WS, "connect_timeout_ms": 15_000, "PARAPHINA_LIGHTER_WS_READONLY": True},
     [f"INFO: Lighter public WS connecting readonly=true url={WS}"]),
    ("paradex", "connecting", {"url": WS, "connect_timeout_ms": 15_000},
     [f"INFO: Paradex public WS connecting url={WS}"]),
    ("aster", "connected", {"url": WS}, [f"INFO: Aster public WS connected url={WS}"]),
    ("extended", "limits", {"read_ms": 10_000, "stale_ms": 10_000},
     ["WS_AUDIT venue=extended extended_read_timeout_ms=10000"]),
    ("lighter", "limits", {"read_ms": 30_000, "stale_ms": 10_000}, []),
    ("hyperliquid", "subscribed", {"market": "ETH", "HL_L2_SIGFIGS": 5, "HL_L2_LEVELS": 20, "HL_L2_FAST": True},
     ["INFO: Hyperliquid public WS subscribed coin=ETH nSigFigs=5 nLevels=20 fast=true"]),
    ("paradex", "subscribed", {"topic": "bbo.ETH-USD-PERP"}, ["INFO: Paradex subscribed channel=bbo.ETH-USD-PERP"]),
    ("lighter", "subscribed", {"market": "ETH", "instrument": "0"},
     ["INFO: Lighter subscribe ok channel=order_book/0 symbol=ETH market_id=0"]),
    ("lighter", "lookup", {"market": "ETH", "instrument": "0", "url": "http://127.0.0.1:23081/api/v1/orderBooks"},
     ["INFO: Lighter market id resolved symbol=ETH market_id=0 source_url=http://127.0.0.1:23081/api/v1/orderBooks"]),
    ("lighter", "resolving", {"market": "ETH", "url": "http://127.0.0.1:23081/api/v1/orderBooks"},
     ["INFO: Lighter resolving market id attempt url=http://127.0.0.1:23081/api/v1/orderBooks"]),
    ("paradex", "first_message", {"snippet": "{"}, ["INFO: Paradex public WS first message received"]),
    ("extended", "first_book", {"after_ms": 3, "seq": 1}, ["INFO: Extended public WS first book update"]),
    ("extended", "first_top", {"bid_px": "1976.70", "bid_sz": "16.00430", "ask_px": "1993.0", "ask_sz": "7.1007"},
     ["FIRST_DECODED_TOP venue=extended bid_px=1976.7 bid_sz=16.0043 ask_px=1993 ask_sz=7.1007"]),
    ("aster", "snapshot_applied", {"seq": 150004629700, "waiting": 0},
     ["INFO: Aster snapshot applied (snap_id=150004629700), waiting for bridge delta on WS"]),
    ("aster", "bridged", {"snapshot_seq": 150004629700, "seq": 150004629702, "deltas": 1},
     ["INFO: Aster bridge delta found after snapshot; snap_id=150004629700 delta_end=150004629702"]),
    ("aster", "resync", {"reason": "seq_gap", "count": 1, "last": 150005943134, "prev": 150005943141,
                         "start": 150005943142, "end": 150005943143, "url": "ws://127.0.0.1:23083/ws"},
     ["Aster WS seq gap; resyncing last=150005943134 prev=Some(150005943141) start=150005943142 end=150005943143 "
      "url=ws://127.0.0.1:23083/ws"]),
    ("paradex", "ping_sent", {"count": 2, "interval_ms": 30_000},
     ["WS_AUDIT venue=paradex paradex_ping_sent_count=2 interval_ms=30000"]),
    ("lighter", "ping_sent", {"count": 4, "interval_ms": 10_000}, []),
    ("lighter", "ping_sent", {"count": 100, "interval_ms": 10_000},
     ["WS_AUDIT venue=lighter lighter_ping_sent_count=100 interval_ms=10000"]),
    ("lighter", "pressure", {"name": "mp_lossless_wait_count", "total": 1_000, "count": 40},
     ["WS_AUDIT component=market_publisher mp_lossless_wait_count=1000"]),
    ("lighter", "pressure", {"name": "mp_lossless_wait_count", "total": 999, "count": 40}, []),
    ("hyperliquid", "healthy_reset", {"lasted_ms": 98_604, "failures": 2},
     ["INFO: Hyperliquid WS session was healthy for 98.604s; resetting backoff and failure counter (was 2)"]),
    ("hyperliquid", "parse_error", {"detail": "EOF while parsing a string at line 1 column 931", "url": WS,
                                    "snippet": '{"channel":"l2Book"', "count": 1},
     [f'WARN: Hyperliquid public WS parse error: EOF while parsing a string at line 1 column 931 url={WS} '
      'snippet={"channel":"l2Book"']),
    ("paradex", "decode_miss", {"keys": "a,b", "snippet": "{}", "count": 1, "url": WS, "why": "unknown shape"},
     [f"WARN: Paradex WS decode miss keys=[a,b] snippet={{}} (count=1) url={WS}"]),
    ("paradex", "refusal", {"text": "invalid channel", "fatal": True, "code": -32600, "topic": None},
     ["WARN: Paradex subscribe error: invalid channel"]),
    ("extended", "reconnect", {**RECONNECT, "reason": "stale_watchdog", "detail": "freshness exceeded 10000ms"},
     ["WS_AUDIT venue=extended reconnect_reason=stale_watchdog count=1",
      "INFO: Extended public WS error (consecutive_failures=1): Extended public WS stale: freshness exceeded 10000ms"]),
    ("extended", "reconnect", {**RECONNECT, "reason": "server_close", "detail": "", "code": 1001, "failures": 6},
     ["WS_AUDIT venue=extended reconnect_reason=server_close count=1",
      f"Extended WS closed; reconnecting url={WS}",
      "WARN: Extended public WS error (consecutive_failures=6): Extended public WS closed by server code=1001 "]),
    ("paradex", "reconnect", {**RECONNECT, "reason": "read_timeout", "detail": "30s", "failures": 20},
     ["WS_AUDIT venue=paradex reconnect_reason=read_timeout count=1",
      "WARN: Paradex public WS read timeout (30s) — no frame received, reconnecting",
      "ERROR: Paradex public WS error (consecutive_failures=20): Paradex public WS read timeout (30s)"]),
    ("lighter", "reconnect", {**RECONNECT, "reason": "connect_error", "detail": "no market ETH", "stage": "lookup"},
     ["INFO: Lighter public WS error (consecutive_failures=1): Lighter market discovery failed: no market ETH"]),
    ("lighter", "funding_failed", {"detail": "HTTP 500", "count": 1}, ["Lighter funding polling error: HTTP 500"]),
    ("lighter", "waiting", {"wait_ms": 10, "attempts": 1}, []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "fields", "lines"), RECORDED, ids=lambda value: str(value)[:40])
def test_a_note_has_the_log_lines_of_recorded_runs(
    name: str, kind: str, fields: Mapping[str, Any], lines: list[str]
) -> None:
    rendered = render(venues()[name], Note(kind, fields))
    assert [text for text, _ in rendered] == lines
    assert [audit for _, audit in rendered] == [line.startswith("WS_AUDIT ") for line in lines]


def test_every_reconnect_reason_has_templates() -> None:
    assert set(RECONNECT_TEMPLATES) == set(Reason)


# --- readers of the log -------------------------------------------------------------------------------------------------

LIVE = [Opened(), Received(full(1))]
ENDS: list[tuple[Reason, list[Any], int]] = [
    (Reason.STALE_WATCHDOG, LIVE, 13_000),
    (Reason.SESSION_TIMEOUT, LIVE, 13_000),
    (Reason.READ_TIMEOUT, LIVE, 13_000),
    (Reason.STREAM_ENDED, [*LIVE, SocketClosed(None, "reset")], 0),
    (Reason.SERVER_CLOSE, [*LIVE, SocketClosed(1008, "read timeout; watchdog reconnect")], 0),
    (Reason.PING_SEND_FAIL, [*LIVE, SendFailed("Broken pipe", ping=True)], 0),
    (Reason.SUBSCRIBE_ERROR, [Opened(), Received('{"refusal": "seq gap, read timeout, reconnect"}')], 0),
    (Reason.PARSE_ERROR, [*LIVE, *[Received("{")] * 30], 0),
    (Reason.DECODE_FAIL_LOOP, [*LIVE, *[Received("[]")] * 10], 0),
    (Reason.SEQ_GAP, [*LIVE, *[Received(text) for n in range(5) for text in (diff(90 + n, 80 + n), full(1))]], 0),
    (Reason.CONNECT_TIMEOUT, [ConnectFailed("", timeout=True)], 0),
    (Reason.CONNECT_ERROR, [ConnectFailed("HTTP 503", status=503)], 0),
    (Reason.ENFORCER_RESTART, [*LIVE, Stop(Reason.ENFORCER_RESTART, restart=True)], 0),
    (Reason.TASK_PANIC, [*LIVE, Stop(Reason.TASK_PANIC, restart=True)], 0),
]
SHORT_LIMITS = {Reason.SESSION_TIMEOUT: {"session_ms": 5_000}, Reason.READ_TIMEOUT: {"read_ms": 5_000}}


def log_of_session(reason: Reason, inputs: list[Any], wait_ms: int, *, audit: bool) -> list[str]:
    """Return the log lines of a session that ends for this reason, up to the next connection attempt."""
    harness = Harness(venue(), limits(**SHORT_LIMITS.get(reason, {}))).step(Started(), *inputs).wait(wait_ms)
    while len(harness.notes("connecting")) < 2:
        harness.wait(1_000)
    notes = [act for _, act in harness.log if isinstance(act, Note)]
    return [line for note in notes for line, is_audit in render(venue(), note) if audit or not is_audit]


def analysed_sessions(lines: list[str]) -> tuple[list[Session], list[SessionIncident]]:
    """Return the sessions and the incidents outside them, as the analysis of the log finds them."""
    sessions = Sessions()
    for number, line in enumerate(lines, 1):
        for found in parse(line).records:
            message_family = found.message_family
            sessions.feed(
                0,
                SessionLine(
                    family=found.family,
                    venue=found.venue or "",
                    reason=found.reason,
                    ref=(1, number),
                    ends=message_family is not None and message_family.ends_session,
                    resync=message_family is not None and message_family.resync,
                    error=found.fields.get("error", ""),
                ),
            )
    ended, incidents = sessions.close()
    return list(ended), list(incidents)


def first_reasons(lines: list[str]) -> list[str | None]:
    """Return the reason of the first session of the venue, as a list of at most one."""
    return [session.reason for session in analysed_sessions(lines)[0] if session.venue == "fjord"][:1]


@pytest.mark.parametrize(("reason", "inputs", "wait_ms"), ENDS, ids=lambda value: str(value)[:20])
def test_the_analysis_of_the_log_finds_the_reason_of_the_session(
    reason: Reason, inputs: list[Any], wait_ms: int
) -> None:
    assert first_reasons(log_of_session(reason, inputs, wait_ms, audit=True)) == [reason.value]


def count_by_signature(lines: list[str]) -> Counter[str]:
    """Count the lines of each reason, as a reader does that searches for fixed words."""
    return Counter(filter(None, (signature(line.lower()) for line in lines)))


ENDS_WITHOUT_FOREIGN_TEXT = [
    *(end for end in ENDS if end[0] not in (Reason.SERVER_CLOSE, Reason.SUBSCRIBE_ERROR)),
    (Reason.SERVER_CLOSE, [*LIVE, SocketClosed(1001, "bye")], 0),
    (Reason.SUBSCRIBE_ERROR, [Opened(), Received('{"refusal": "no such market"}')], 0),
]
"""Session ends in which no text from outside contains words of a log signature."""


@pytest.mark.parametrize(("reason", "inputs", "wait_ms"), ENDS_WITHOUT_FOREIGN_TEXT, ids=lambda value: str(value)[:20])
def test_a_reader_that_counts_signatures_counts_each_end_at_most_once(
    reason: Reason, inputs: list[Any], wait_ms: int
) -> None:
    signature_name = {Reason.SERVER_CLOSE: "ws_closed"}.get(reason, reason.value)
    resyncs = 3 if reason is Reason.SEQ_GAP else 0
    has_signature = any(signature_name == name for _, name in SIGNATURES)
    assert count_by_signature(log_of_session(reason, inputs, wait_ms, audit=True)) == (
        {signature_name: 1 + resyncs} if has_signature else {}
    )


@pytest.mark.parametrize("audit", [True, False], ids=["audit on", "audit off"])
@pytest.mark.parametrize("name", ["aster", "lighter", "paradex"])
@pytest.mark.parametrize("reason", [Reason.SEQ_GAP, Reason.SEQ_MISMATCH])
def test_signature_counts_and_the_analysis_both_count_a_resync_once(reason: Reason, name: str, audit: bool) -> None:
    lines, incidents = log_of_resyncs(venues()[name], reason, audit=audit)
    assert count_by_signature(lines) == {reason.value: 3}
    assert [(each.kind, each.reason) for each in incidents] == [("resync", reason.value)] * 3


def log_of_resyncs(log_venue: Venue, reason: Reason, *, audit: bool) -> tuple[list[str], list[SessionIncident]]:
    """Return the log lines of a session with three resyncs, and the incidents that the analysis finds in them."""
    out_of_sequence = {Reason.SEQ_GAP: diff(30, 29), Reason.SEQ_MISMATCH: diff(30, 5)}[reason]
    options = {setting.name: setting.default for setting in log_venue.settings}
    harness = Harness(venue(), options=options).go_live()
    for _ in range(3):
        harness.receive(out_of_sequence, full(10))
    notes = [act for _, act in harness.log if isinstance(act, Note)]
    lines = [line for note in notes for line, is_audit in render(log_venue, note) if audit or not is_audit]
    return lines, analysed_sessions(lines)[1]


def test_text_is_shortened_and_numbers_and_durations_have_the_log_s_format() -> None:
    assert len(printable("x" * 100_000)) <= 240
    assert printable("é — ok") == "é — ok"
    assert [plain_decimal(number) for number in ("1993.0", "0.00010", "100", "1E+2", "0.0")] == [
        "1993", "0.0001", "100", "100", "0",
    ]  # fmt: skip
    assert [duration(ms) for ms in (250, 1_500, 30_000, 98_604, 60_000)] == ["250ms", "1.5s", "30s", "98.604s", "60s"]


def test_every_note_of_a_session_can_be_rendered_and_encoded_as_json() -> None:
    for _, inputs, wait_ms in ENDS:
        harness = Harness(venue()).step(Started(), *inputs).wait(wait_ms)
        for note in harness.all(Note):
            render(venue(), note)
            assert json.loads(json.dumps(dict(note.fields))) == dict(note.fields)
