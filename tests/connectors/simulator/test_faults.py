"""Tests of the fault table and of the functions that damage frames and books."""

from __future__ import annotations

import pytest

from connectors.simulator.faults.damage import (
    binary_garbage,
    crossed_book,
    impossible_numbers,
    truncated,
    unknown_shape,
)
from connectors.simulator.faults.spec import Fault, Need
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.market import FullBook
from connectors.simulator.protocols import protocols
from connectors.venues import venues
from tests.simulation.fault_matrix import available_needs, missing_need
from tests.simulation.latin_square import KINDS

BRIDGED = {"stale_snapshot", "snapshot_http"}

NOT_APPLICABLE = {
    ("aster", ""): set(),
    ("extended", ""): {"acked_mute", "topic_mute"} | BRIDGED,
    ("extended", "1"): {"acked_mute", "topic_mute", "seq_gap"} | BRIDGED,
    ("hyperliquid", ""): {"seq_gap"} | BRIDGED,
    ("lighter", ""): {"acked_mute"} | BRIDGED,
    ("paradex", ""): {"seq_gap"} | BRIDGED,
    ("paradex", "orderbook"): {"seq_gap"} | BRIDGED,
    ("paradex", "deltas"): BRIDGED,
}
SETTINGS = {"paradex": "PARAPHINA_PARADEX_PUBLIC_FEED", "extended": "PARAPHINA_EXTENDED_WS_DEPTH_LEVELS"}


def test_the_table_has_every_kind_of_the_latin_square() -> None:
    assert FAULTS.keys() >= set(KINDS)


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
    assert truncated(good) == '{"price":"3000.5","size'[: len(good) // 2]
    assert impossible_numbers(good) == '{"price":"1e400","size":"1e400","side":"BUY"}'
    assert unknown_shape(good) == '{"unheard":{"of":44}}'
    with pytest.raises(UnicodeDecodeError):
        binary_garbage(good).decode()


def test_a_crossed_book_keeps_every_level_and_gains_one() -> None:
    book = FullBook({99: 1, 98: 2}, {101: 3})
    assert crossed_book(book) == FullBook({99: 1, 98: 2, 103: 777}, {101: 3})
    assert crossed_book(FullBook({}, {101: 3})) == FullBook({}, {101: 3})
