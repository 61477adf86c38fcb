"""Fault table: every kind of fault of a simulated venue, with the reaction expected of a connector.

Each entry states the mechanisms that the fault uses (`connectors.simulator.faults.spec`) and the expected reaction. A
new kind made of these mechanisms needs no other edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.session.events import Silence
from connectors.simulator.faults.damage import (
    binary_garbage,
    crossed_book,
    empty_book,
    impossible_numbers,
    one_sided_book,
    truncated,
    unknown_shape,
)
from connectors.simulator.faults.spec import Expectation, Fault, Need
from connectors.simulator.messages import ConnectPolicy, Content
from toolkit.model.vocabulary import ReconnectReason as Reason

_ENDED, _STALE = (Reason.STREAM_ENDED,), ("stale_ms",)

_TABLE = (
    Fault(
        kind="drop",
        meaning="the connection is reset",
        expects=Expectation(Reason.STREAM_ENDED),
        disconnects=True,
        reset=True,
    ),
    Fault(
        kind="close",
        meaning="the venue closes with a close frame; code 1006 is an end without one",
        expects=Expectation(Reason.SERVER_CLOSE),
        values={"code": 1012, "reason": "restart"},
        disconnects=True,
    ),
    Fault(
        kind="refuse",
        meaning="the connection is reset and new ones are refused",
        expects=Expectation(Reason.CONNECT_ERROR, also=_ENDED),
        lasts_s=8,
        disconnects=True,
        reset=True,
        connect_policy=ConnectPolicy.REFUSE,
    ),
    Fault(
        kind="black_hole",
        meaning="the connection is reset and new handshakes are never answered",
        expects=Expectation(Reason.CONNECT_TIMEOUT, ("connect_ms",), also=_ENDED),
        lasts_s=20,
        disconnects=True,
        reset=True,
        connect_policy=ConnectPolicy.BLACK_HOLE,
    ),
    Fault(
        kind="http_429",
        meaning="the connection is reset and new handshakes are answered by an HTTP status",
        expects=Expectation(Reason.CONNECT_ERROR, also=_ENDED),
        lasts_s=8,
        values={"status": 429, "retry_after_s": 5},
        disconnects=True,
        reset=True,
        connect_policy=ConnectPolicy.STATUS,
    ),
    Fault(
        kind="half_open",
        meaning="nothing leaves the venue any more, not even the answer to a ping; the socket stays",
        expects=Expectation(Reason.STALE_WATCHDOG, _STALE, Silence.HALF_OPEN),
        lasts_s=14,
        withholds=Content.ALL,
    ),
    Fault(
        kind="mute",
        meaning="no data frame leaves the venue, neither answers nor data; control pings are answered",
        expects=Expectation(Reason.STALE_WATCHDOG, _STALE, Silence.MUTE),
        lasts_s=14,
        withholds=Content.TEXT | Content.PING,
    ),
    Fault(
        kind="acked_mute",
        meaning="the connection is reset; new subscriptions are acknowledged and then nothing comes",
        expects=Expectation(Reason.STALE_WATCHDOG, _STALE, Silence.ACKED_MUTE, also=_ENDED),
        lasts_s=15,
        requires=(Need.ACK,),
        disconnects=True,
        reset=True,
        withholds=Content.DATA | Content.PING,
    ),
    Fault(
        kind="heartbeat_only",
        meaning="life signs each second, no data",
        expects=Expectation(Reason.STALE_WATCHDOG, _STALE, Silence.HEARTBEAT_ONLY),
        lasts_s=14,
        withholds=Content.DATA | Content.ACK | Content.GREETING,
        heartbeats=True,
    ),
    Fault(
        kind="topic_mute",
        meaning="the book's stream is silent while the others flow",
        expects=Expectation(Reason.STALE_WATCHDOG, _STALE, Silence.TOPIC_MUTE),
        lasts_s=14,
        requires=(Need.TOPICS,),
        withholds=Content.BOOK,
    ),
    Fault(
        kind="frozen_book",
        meaning="the same book again and again on the socket, while REST shows the market moving",
        expects=Expectation(Reason.STALE_WATCHDOG, ("frozen_ms",), Silence.FROZEN_BOOK, notes=("frozen_book",)),
        lasts_s=42,
        frozen=True,
    ),
    Fault(
        kind="no_pong",
        meaning="pings are not answered, data flows",
        expects=Expectation(Reason.PING_TIMEOUT, ("ping_interval_ms", "pong_ms")),
        lasts_s=45,
        withholds=Content.PONG | Content.HEARTBEAT,
    ),
    Fault(
        kind="idle_close",
        meaning="a client that sends nothing for `after_s` is dropped",
        expects=Expectation(),
        lasts_s=80,
        values={"after_s": 35},
        idles=True,
    ),
    Fault(
        kind="subscribe_error",
        meaning="the connection is reset and subscriptions are refused in the venue's own words",
        expects=Expectation(Reason.SUBSCRIBE_ERROR, also=_ENDED, notes=("refusal",)),
        lasts_s=5,
        disconnects=True,
        reset=True,
        refuses=True,
    ),
    Fault(
        kind="seq_gap",
        meaning="`n` book frames are lost on the way",
        expects=Expectation(Reason.SEQ_GAP, resyncs=True),
        values={"n": 1},
        requires=(Need.CHAIN,),
        loses=True,
    ),
    Fault(
        kind="duplicate",
        meaning="the last book frame comes again, `n` times",
        expects=Expectation(),
        values={"n": 3},
        repeats=True,
    ),
    Fault(
        kind="stale_snapshot",
        meaning="the connection is reset; REST books are `updates` old, older than the changes on the socket",
        expects=Expectation(Reason.STREAM_ENDED, notes=("snapshot_failed",)),
        lasts_s=4,
        values={"updates": 100},
        requires=(Need.BRIDGE,),
        disconnects=True,
        reset=True,
        rest_late=True,
    ),
    Fault(
        kind="snapshot_http",
        meaning="the connection is reset and REST answers by an HTTP status",
        expects=Expectation(Reason.STREAM_ENDED, notes=("snapshot_failed",)),
        lasts_s=4,
        values={"status": 500, "retry_after_s": 0},
        requires=(Need.BRIDGE,),
        disconnects=True,
        reset=True,
        rest_fails=True,
    ),
    Fault(
        kind="malformed_json",
        meaning="`n` frames that end in the middle",
        expects=Expectation(Reason.PARSE_ERROR, notes=("parse_error",)),
        values={"n": 40},
        damage=truncated,
    ),
    Fault(
        kind="binary_garbage",
        meaning="`n` binary frames that are neither text nor JSON",
        expects=Expectation(Reason.PARSE_ERROR, notes=("parse_error",)),
        values={"n": 40},
        damage=binary_garbage,
    ),
    Fault(
        kind="wrong_shape",
        meaning="`n` frames of valid JSON that nobody described",
        expects=Expectation(Reason.DECODE_FAIL_LOOP, notes=("decode_miss",)),
        values={"n": 20},
        damage=unknown_shape,
    ),
    Fault(
        kind="bad_numbers",
        meaning="`n` frames with numbers that no market can have",
        expects=Expectation(Reason.DECODE_FAIL_LOOP, notes=("decode_miss",)),
        values={"n": 20},
        damage=impossible_numbers,
    ),
    Fault(
        kind="slow",
        meaning="no two book frames within `ms`",
        expects=Expectation(),
        lasts_s=20,
        values={"ms": 1500},
        slows=True,
    ),
    Fault(
        kind="burst",
        meaning="`n` updates at once",
        expects=Expectation(),
        values={"n": 600},
        bursts=True,
    ),
    Fault(
        kind="crossed_book",
        meaning="the best bid above the best ask",
        expects=Expectation(),
        lasts_s=4,
        alter_book=crossed_book,
    ),
    Fault(kind="one_sided_book", meaning="no asks", expects=Expectation(), lasts_s=4, alter_book=one_sided_book),
    Fault(kind="empty_book", meaning="no bids and no asks", expects=Expectation(), lasts_s=4, alter_book=empty_book),
    Fault(
        kind="quiet_market",
        meaning="nothing happens on the market; the venue is well",
        expects=Expectation(),
        lasts_s=120,
        quiet=True,
    ),
)

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.kind: fault for fault in _TABLE})
"""Every kind of fault by name."""
