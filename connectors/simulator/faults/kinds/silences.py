"""Faults that silence a venue or slow it: nothing comes, not what was subscribed, or the same again and again."""

from __future__ import annotations

from connectors.session.events import Silence
from connectors.simulator.faults.kinds.connections import ENDED
from connectors.simulator.faults.spec import ExpectedReaction, Fault, Need
from connectors.simulator.messages import Content
from toolkit.model.vocabulary import ReconnectReason as Reason

_STALE = ("stale_ms",)

SILENCE_FAULTS = (
    Fault(
        kind="half_open",
        meaning="nothing leaves the venue any more, not even the answer to a ping; the socket stays",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, _STALE, Silence.HALF_OPEN),
        lasts_s=14,
        withholds=Content.ALL,
    ),
    Fault(
        kind="mute",
        meaning="no data frame leaves the venue, neither answers nor data; control pings are answered",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, _STALE, Silence.MUTE),
        lasts_s=14,
        withholds=Content.TEXT | Content.PING,
    ),
    Fault(
        kind="acked_mute",
        meaning="the connection is reset; new subscriptions are acknowledged and then nothing comes",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, _STALE, Silence.ACKED_MUTE, also=ENDED),
        lasts_s=15,
        requires=(Need.ACK,),
        disconnects=True,
        reset=True,
        withholds=Content.DATA | Content.PING,
    ),
    Fault(
        kind="heartbeat_only",
        meaning="life signs each second, no data",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, _STALE, Silence.HEARTBEAT_ONLY),
        lasts_s=14,
        withholds=Content.DATA | Content.ACK | Content.GREETING,
        heartbeats=True,
    ),
    Fault(
        kind="topic_mute",
        meaning="the book's stream is silent while the others flow",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, _STALE, Silence.TOPIC_MUTE),
        lasts_s=14,
        requires=(Need.TOPICS,),
        withholds=Content.BOOK,
    ),
    Fault(
        kind="frozen_book",
        meaning="the same book again and again on the socket, while REST shows the market moving",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, ("frozen_ms",), Silence.FROZEN_BOOK, notes=("frozen_book",)),
        lasts_s=42,
        frozen=True,
    ),
    Fault(
        kind="no_pong",
        meaning="pings are not answered, data flows",
        expects=ExpectedReaction(Reason.PING_TIMEOUT, ("ping_interval_ms", "pong_ms")),
        lasts_s=45,
        withholds=Content.PONG | Content.HEARTBEAT,
    ),
    Fault(
        kind="slow",
        meaning="no two book frames within `ms`",
        expects=ExpectedReaction(),
        lasts_s=20,
        values={"ms": 1500},
        slows=True,
    ),
    Fault(
        kind="quiet_market",
        meaning="nothing happens on the market; the venue is well",
        expects=ExpectedReaction(),
        lasts_s=120,
        quiet=True,
    ),
)
