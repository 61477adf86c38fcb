"""The order book is exact and sorted, and names the flaws of its top."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.session.book import OrderBook
from connectors.session.events import BookFlaws
from connectors.venues.frames import Book, BookDelta, Level

prices = st.integers(1, 40).map(lambda n: Decimal(n) / 4)
sizes = st.integers(0, 5).map(lambda n: Decimal(n).scaleb(-4))
side = st.lists(st.tuples(prices, sizes), max_size=20).map(tuple)


def level(price: str, size: str = "1") -> Level:
    return Decimal(price), Decimal(size)


@given(side, side, st.lists(st.tuples(side, side), max_size=8))
def test_a_book_after_any_deltas_equals_plain_dictionaries(
    bids: tuple[Level, ...], asks: tuple[Level, ...], deltas: list[tuple[tuple[Level, ...], tuple[Level, ...]]]
) -> None:
    book, expected = OrderBook(), (dict(bids), dict(asks))
    book.replace(Book("b", bids, asks))
    for changed in deltas:
        book.apply(BookDelta("b", *changed))
        for known, levels in zip(expected, changed, strict=True):
            known.update(levels)
    rest = [{price: size for price, size in known.items() if size} for known in expected]
    assert book.depth() == (tuple(sorted(rest[0].items(), reverse=True)), tuple(sorted(rest[1].items())))
    assert book.top() == tuple(levels[0] if levels else None for levels in book.depth())


@pytest.mark.parametrize(
    ("bids", "asks", "flaws"),
    [
        ((level("10"),), (level("11"),), BookFlaws.NONE),
        ((level("11"),), (level("11"),), BookFlaws.LOCKED),
        ((level("12"),), (level("11"),), BookFlaws.CROSSED),
        ((level("12"),), (), BookFlaws.ONE_SIDED),
        ((), (level("12"),), BookFlaws.ONE_SIDED),
        ((), (), BookFlaws.EMPTY),
        ((level("12", "0"),), (), BookFlaws.EMPTY),
    ],
)
def test_the_flaws_of_the_top_are_named(bids: tuple[Level, ...], asks: tuple[Level, ...], flaws: BookFlaws) -> None:
    book = OrderBook()
    book.replace(Book("b", bids, asks))
    assert book.flaws() is flaws


def test_the_same_number_written_twice_is_one_level() -> None:
    book = OrderBook()
    book.replace(Book("b", (level("10.0"),), ()))
    book.apply(BookDelta("b", (level("10.00", "0.0000"),), ()))
    assert book.depth() == ((), ())
