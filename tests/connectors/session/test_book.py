"""The order book is exact and sorted, and names the flaws of its top."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.session.book import SCANNED_LEVELS, OrderBook
from connectors.session.events import BookFlaws
from connectors.venues.frames import Book, BookDelta, FrameLevel, exact_levels

prices = st.integers(1, 40).map(lambda n: n / 10)
sizes = st.integers(0, 5).map(lambda n: n / 10_000) | st.just(Decimal("1.00000000000000001"))
side = st.lists(st.builds(FrameLevel, prices, sizes), max_size=20)
Side = list[FrameLevel]


def level(price: str, size: str = "1") -> FrameLevel:
    return FrameLevel(float(price), float(size))


def as_dict(levels: Iterable[FrameLevel]) -> dict[Decimal, Decimal]:
    return dict(exact_levels(levels))


@given(side, side, st.lists(st.tuples(side, side), max_size=8))
def test_a_book_after_any_deltas_equals_plain_dictionaries(
    bids: Side, asks: Side, deltas: list[tuple[Side, Side]]
) -> None:
    book, expected = OrderBook(), (as_dict(bids), as_dict(asks))
    book.replace(Book("b", bids, asks))
    for changed in deltas:
        before = book.depth()
        has_changed = book.apply(BookDelta("b", *changed))
        assert has_changed or book.depth() == before
        for known, levels in zip(expected, changed, strict=True):
            known.update(as_dict(levels))
        assert book.top() == tuple(levels[0] if levels else None for levels in book.depth())
    rest = [{price: size for price, size in known.items() if size} for known in expected]
    assert book.depth() == (tuple(sorted(rest[0].items(), reverse=True)), tuple(sorted(rest[1].items())))


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_the_best_price_of_a_large_side_is_found_whatever_was_removed_and_added(random: Random, changes: int) -> None:
    """Levels come and go at random, most of them near the top, so that the side is at times large, small or empty."""
    book = OrderBook()
    for _ in range(30):
        known = sorted(price for price, _ in exact_levels(book.bids.levels()))
        removed = [FrameLevel(float(price), 0) for price in known[-random.randint(0, len(known)) :][:changes]]
        added = [
            FrameLevel(random.randint(1, 4 * SCANNED_LEVELS) / 8, 1) for _ in range(random.choice([1, 2 * changes]))
        ]
        delta = random.sample(removed + added, len(removed + added))
        book.apply(BookDelta("b", delta, delta))
        prices = [level.price for level in book.bids.levels()]
        assert prices == [level.price for level in reversed(book.asks.levels())]
        assert (book.bids.best_price, book.asks.best_price) == ((prices[0], prices[-1]) if prices else (None, None))


def test_a_delta_of_what_the_book_holds_already_changes_nothing() -> None:
    book = OrderBook()
    book.replace(Book("b", [level("10"), level("9")], [level("11")]))
    assert not book.apply(BookDelta("b", [level("9"), level("8", "0")], []))
    assert not book.replace(Book("b", [level("9"), level("10")], [level("11")]))
    assert book.apply(BookDelta("b", [], [level("11", "2")]))


@pytest.mark.parametrize(
    ("bids", "asks", "flaws"),
    [
        ([level("10")], [level("11")], BookFlaws.NONE),
        ([level("11")], [level("11")], BookFlaws.LOCKED),
        ([level("12")], [level("11")], BookFlaws.CROSSED),
        ([level("12")], [], BookFlaws.ONE_SIDED),
        ([], [level("12")], BookFlaws.ONE_SIDED),
        ([], [], BookFlaws.EMPTY),
        ([level("12", "0")], [], BookFlaws.EMPTY),
    ],
)
def test_the_flaws_of_the_top_are_named(bids: Side, asks: Side, flaws: BookFlaws) -> None:
    book = OrderBook()
    book.replace(Book("b", bids, asks))
    assert book.flaws() is flaws


def test_the_same_number_written_twice_is_one_level() -> None:
    book = OrderBook()
    book.replace(Book("b", [level("10.0")], []))
    book.apply(BookDelta("b", [level("10.00", "0.0000")], []))
    assert book.depth() == ((), ())
