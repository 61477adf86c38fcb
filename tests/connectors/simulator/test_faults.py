"""Tests of the fault table and of the functions that damage frames and books."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.simulator.faults import damage
from connectors.simulator.faults.damage import crossed_book
from connectors.simulator.faults.spec import Fault, Need
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.market import FullBook
from connectors.simulator.messages import Content
from connectors.simulator.protocols import protocols
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta, DecodeMiss, Frame
from tests.connectors.simulator.listener import Listener
from tests.simulation.fault_matrix import available_needs, missing_need
from tests.simulation.fault_rows import ROWS

BRIDGED = {"stale_snapshot", "snapshot_http", "snapshot_timeout", "snapshot_garbage"}
UNNUMBERED = {"seq_backwards", "seq_reset"}
CLOSED_FOR_ITS_RATE = {"rate_limited"}
BINARY = {"text_numbers"}

NOT_APPLICABLE = {
    ("aster", ""): {"unknown_market"} | CLOSED_FOR_ITS_RATE,
    ("extended", ""): {"acked_mute", "topic_mute"} | BRIDGED | CLOSED_FOR_ITS_RATE,
    ("extended", "1"): {"acked_mute", "topic_mute", "seq_gap"} | BRIDGED | CLOSED_FOR_ITS_RATE | UNNUMBERED,
    ("hyperliquid", ""): {"seq_gap"} | BRIDGED | UNNUMBERED,
    ("lighter", ""): {"acked_mute"} | BRIDGED,
    ("paradex", ""): {"seq_gap"} | BRIDGED | CLOSED_FOR_ITS_RATE | BINARY,
    ("paradex", "orderbook"): {"seq_gap"} | BRIDGED | CLOSED_FOR_ITS_RATE | BINARY,
    ("paradex", "deltas"): BRIDGED | CLOSED_FOR_ITS_RATE | BINARY,
}
SETTINGS = {"paradex": "PARAPHINA_PARADEX_PUBLIC_FEED", "extended": "PARAPHINA_EXTENDED_WS_DEPTH_LEVELS"}


def test_the_matrix_has_every_kind_of_the_table() -> None:
    assert {row.kind for row in ROWS} == {kind for kind, fault in FAULTS.items() if not fault.on_sockets_only}


@pytest.mark.parametrize(("feed", "expected"), NOT_APPLICABLE.items(), ids="-".join)
def test_only_these_faults_are_not_applicable_to_a_feed(feed: tuple[str, str], expected: set[str]) -> None:
    name, setting = feed
    has = available_needs(venues()[name], protocols()[name], {SETTINGS[name]: setting} if setting else {})
    assert {kind for kind, fault in FAULTS.items() if missing_need(fault, has)} == expected


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_entry_has_a_meaning_and_a_mechanism(fault: Fault) -> None:
    assert fault.meaning
    mechanisms = {
        name
        for name in Fault.__slots__
        if getattr(fault, name) != getattr(Fault(kind="", meaning="", expects=fault.expects), name)
    }
    assert mechanisms - {"kind", "meaning", "expects", "lasts_s", "values", "requires", "reset"}


def test_every_need_states_its_reason() -> None:
    assert all(len(need) > 20 for need in Need)


def test_each_damage_function_damages_a_frame_as_documented() -> None:
    good = '{"price":"3000.5","size":"0.1","side":"BUY"}'
    assert damage.truncated(good, {}) == '{"price":"3000.5","size'[: len(good) // 2]
    assert damage.impossible_numbers(good, {"number": "NaN"}) == '{"price":"NaN","size":"NaN","side":"BUY"}'
    assert damage.unknown_shape(good, {}) == '{"unheard":{"of":44}}'
    assert damage.empty_frame(good, {}) == ""
    assert damage.quoted_integers('{"seq":12,"price":"3.5","more":[1]}', {}) == '{"seq":"12","price":"3.5","more":[1]}'
    assert len(damage.huge(good, {"bytes": 1_000})) == 1_000
    assert json.loads(damage.huge(good, {"bytes": 1_000})).keys() == {"padding"}
    for function in (damage.binary_garbage, damage.invalid_utf8):
        with pytest.raises(UnicodeDecodeError):
            function(good, {}).decode()


def decoded(listener: Listener, data: str | bytes) -> list[Frame]:
    received = Received(data, binary=isinstance(data, bytes))
    return decode(listener.venue, listener.target, received, parse(listener.venue, received))


@pytest.mark.parametrize("feed", ["bbo", "orderbook", "deltas"])
def test_a_binary_frame_is_damaged_as_a_text_is(feed: str) -> None:
    listener = Listener("paradex", environ={"PARAPHINA_PARADEX_PUBLIC_FEED": feed})
    listener.connect()
    listener.listen(2_000)
    frame = listener.frames(Content.BOOK)[-1].data
    assert isinstance(frame, bytes)
    for function in (damage.truncated, damage.binary_garbage, damage.empty_frame):
        with pytest.raises(ValueError, match="bytes"):
            decoded(listener, function(frame, {}))
    for function in (damage.impossible_numbers, damage.unknown_shape):
        assert [type(each) for each in decoded(listener, function(frame, {"number": "1e400"}))] == [DecodeMiss]
    (book,) = decoded(listener, frame)
    assert isinstance(book, Book | BookDelta)
    assert decoded(listener, damage.without_times(frame)) == [replace(book, exchange_ms=None)]


@pytest.mark.parametrize("name", sorted(protocols()))
def test_a_frame_of_another_market_is_decoded_as_one_that_was_not_subscribed(name: str) -> None:
    listener = Listener(name)
    listener.connect()
    listener.listen(2_000)
    frame = listener.frames(Content.BOOK)[-1].data
    topics = {topic.key for topic in venues()[name].topics(listener.target)}
    (before, after) = (
        {each.topic for each in decoded(listener, data) if isinstance(each, Book | BookDelta)}
        for data in (frame, damage.other_market(frame, {}))
    )
    assert before <= topics and before
    assert after and not after & topics


def test_a_frame_without_times_keeps_everything_else() -> None:
    frame = '{"ts":17,"data":{"m":"ETH","E":5,"b":[["1","2"]]},"seq":4}'
    assert damage.without_times(frame) == '{"data":{"m":"ETH","b":[["1","2"]]},"seq":4}'
    assert damage.without_times("pong") == "pong"


def test_a_locked_book_has_one_price_on_both_sides() -> None:
    assert damage.locked_book(FullBook({99: 1}, {101: 3})) == FullBook({99: 1, 101: 777}, {101: 3})
    assert damage.locked_book(FullBook({}, {101: 3})) == FullBook({}, {101: 3})


def test_a_crossed_book_keeps_every_level_and_gains_one() -> None:
    book = FullBook({99: 1, 98: 2}, {101: 3})
    assert crossed_book(book) == FullBook({99: 1, 98: 2, 103: 777}, {101: 3})
    assert crossed_book(FullBook({}, {101: 3})) == FullBook({}, {101: 3})
