"""Faults of connections: how they end, how new ones are answered, and subscriptions that the venue rejects."""

from __future__ import annotations

from connectors.session.events import Silence
from connectors.simulator.faults.spec import ExpectedReaction, Fault, Need
from connectors.simulator.messages import ConnectPolicy, Content, Rejection
from toolkit.model.vocabulary import ReconnectReason as Reason

ENDED = (Reason.STREAM_ENDED,)
"""End of the connection that a fault resets before its own effect begins."""


def _http(kind: str, status: int, meaning: str, **values: int | str) -> Fault:
    return Fault(
        kind=kind,
        meaning=f"the connection is reset and new handshakes are answered by HTTP {status}{meaning}",
        expects=ExpectedReaction(Reason.CONNECT_ERROR, also=ENDED),
        lasts_s=8,
        values={"status": status, **values},
        disconnects=True,
        reset=True,
        connect_policy=ConnectPolicy.STATUS,
    )


def _rejected(kind: str, rejection: Rejection, meaning: str, *requires: Need) -> Fault:
    return Fault(
        kind=kind,
        meaning=f"the connection is reset and subscriptions are rejected {meaning}",
        expects=ExpectedReaction(Reason.SUBSCRIBE_ERROR, also=ENDED, notes=("refusal",)),
        lasts_s=5,
        requires=requires,
        disconnects=True,
        reset=True,
        rejects=rejection,
    )


CONNECTION_FAULTS = (
    Fault(
        kind="drop",
        meaning="the connection is reset",
        expects=ExpectedReaction(Reason.STREAM_ENDED),
        disconnects=True,
        reset=True,
    ),
    Fault(
        kind="close",
        meaning="the venue closes with a close frame; code 1006 is an end without one",
        expects=ExpectedReaction(Reason.SERVER_CLOSE),
        values={"code": 1012, "reason": "restart"},
        disconnects=True,
    ),
    Fault(
        kind="flapping",
        meaning="each connection is closed `after_ms` after its first book frame",
        expects=ExpectedReaction(Reason.SERVER_CLOSE),
        lasts_s=30,
        values={"code": 1001, "after_ms": 300},
        disconnects=True,
        flaps=True,
    ),
    Fault(
        kind="refuse",
        meaning="the connection is reset and new ones are refused",
        expects=ExpectedReaction(Reason.CONNECT_ERROR, also=ENDED),
        lasts_s=8,
        disconnects=True,
        reset=True,
        connect_policy=ConnectPolicy.REFUSE,
    ),
    Fault(
        kind="black_hole",
        meaning="the connection is reset and new handshakes are never answered",
        expects=ExpectedReaction(Reason.CONNECT_TIMEOUT, ("connect_ms",), also=ENDED),
        lasts_s=20,
        disconnects=True,
        reset=True,
        connect_policy=ConnectPolicy.BLACK_HOLE,
    ),
    _http("http_403", 403, " (forbidden)", retry_after_s=0),
    _http("http_429", 429, " and a Retry-After", retry_after_s=5),
    _http("http_500", 500, "", retry_after_s=0),
    _http("http_503", 503, " and a Retry-After", retry_after_s=3),
    _http("redirect", 307, " to `location`", location="/elsewhere"),
    _http("endpoint_moved", 410, " (gone)"),
    _rejected("subscribe_error", Rejection.CHANNEL, "in the venue's own words"),
    _rejected("unknown_market", Rejection.MARKET, "because the market is unknown", Need.MARKET_ERROR),
    _rejected("rate_limited", Rejection.RATE, "because there were too many", Need.RATE_ERROR),
    Fault(
        kind="subscription_lost",
        meaning="the connection is reset; the venue accepts the book's subscription again and forgets it",
        expects=ExpectedReaction(
            Reason.STALE_WATCHDOG,
            ("stale_ms",),
            Silence.ACKED_MUTE,
            also=ENDED,
            silence_without_ack=Silence.MUTE,
        ),
        lasts_s=15,
        disconnects=True,
        reset=True,
        withholds=Content.BOOK,
    ),
    Fault(
        kind="idle_close",
        meaning="a client that sends nothing for `after_s` is dropped",
        expects=ExpectedReaction(),
        lasts_s=80,
        values={"after_s": 35},
        idles=True,
    ),
    Fault(
        kind="ping_flood",
        meaning="`n` control pings each second",
        expects=ExpectedReaction(),
        lasts_s=5,
        values={"n": 200},
        floods=True,
    ),
    Fault(
        kind="compressed",
        meaning="the connection is reset; new ones are compressed (permessage-deflate)",
        expects=ExpectedReaction(Reason.STREAM_ENDED),
        lasts_s=10,
        disconnects=True,
        reset=True,
        compresses=True,
        on_sockets_only=True,
    ),
)
