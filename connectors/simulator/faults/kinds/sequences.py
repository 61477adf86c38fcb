"""Faults of sequence numbers and REST snapshots: frames lost, repeated, or out of order; snapshots that do not fit."""

from __future__ import annotations

from connectors.simulator.faults.spec import ExpectedReaction, Fault, Need, RestAnswer
from toolkit.model.vocabulary import ReconnectReason as Reason


def _snapshot(kind: str, answer: RestAnswer, meaning: str, **values: int | str) -> Fault:
    return Fault(
        kind=kind,
        meaning=f"the connection is reset and REST {meaning}",
        expects=ExpectedReaction(Reason.STREAM_ENDED, notes=("snapshot_failed",)),
        lasts_s=4 if answer is not RestAnswer.NONE else 8,
        values=values,
        requires=(Need.BRIDGE,),
        disconnects=True,
        reset=True,
        rest_answer=answer,
    )


SEQUENCE_FAULTS = (
    Fault(
        kind="seq_gap",
        meaning="`n` book frames are lost on the way",
        expects=ExpectedReaction(Reason.SEQ_GAP, resyncs=True),
        values={"n": 1},
        requires=(Need.CHAIN,),
        loses=True,
    ),
    Fault(
        kind="seq_reset",
        meaning="the venue's counter begins again at `to` and goes on from there",
        expects=ExpectedReaction(Reason.SEQ_MISMATCH, resyncs=True),
        values={"to": 0},
        requires=(Need.NUMBERS,),
        renumbers=True,
    ),
    Fault(
        kind="seq_backwards",
        meaning="the last `n` book frames come again, the oldest first",
        expects=ExpectedReaction(),
        values={"n": 5},
        requires=(Need.NUMBERS,),
        replays=True,
    ),
    Fault(
        kind="seq_repeat",
        meaning="each of the next `n` book frames comes twice",
        expects=ExpectedReaction(),
        values={"n": 5},
        doubles=True,
    ),
    Fault(
        kind="duplicate",
        meaning="the last book frame comes again, `n` times",
        expects=ExpectedReaction(),
        values={"n": 3},
        repeats=True,
    ),
    Fault(
        kind="stale_snapshot",
        meaning="the connection is reset; REST books are `updates` old, older than the changes on the socket",
        expects=ExpectedReaction(Reason.STREAM_ENDED, notes=("snapshot_failed",)),
        lasts_s=4,
        values={"updates": 100},
        requires=(Need.BRIDGE,),
        disconnects=True,
        reset=True,
        rest_late=True,
    ),
    _snapshot("snapshot_http", RestAnswer.STATUS, "answers by an HTTP status", status=500, retry_after_s=0),
    _snapshot("snapshot_timeout", RestAnswer.NONE, "never answers"),
    _snapshot("snapshot_garbage", RestAnswer.GARBAGE, "answers with text that is no JSON"),
)
