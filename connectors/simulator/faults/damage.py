"""Functions of faults that alter a book or damage the text of a frame."""

from __future__ import annotations

from connectors.simulator.market import FullBook


def crossed_book(book: FullBook) -> FullBook:
    """Return the book with its best bid above its best ask; a book without two sides is unchanged."""
    if not (book.bids and book.asks):
        return book
    bid, ask = max(book.bids), min(book.asks)
    return FullBook({**book.bids, ask + (ask - bid): 777}, book.asks)


def one_sided_book(book: FullBook) -> FullBook:
    """Return the book without asks."""
    return FullBook(book.bids, {})


def empty_book(_book: FullBook) -> FullBook:
    """Return a book without levels."""
    return FullBook({}, {})


def truncated(frame: str) -> str:
    """Return the first half of a frame."""
    return frame[: len(frame) // 2]


def binary_garbage(frame: str) -> bytes:
    """Return bytes that are neither UTF-8 text nor JSON."""
    return b"\xff\xfe" + frame.encode()[:64][::-1]


def unknown_shape(frame: str) -> str:
    """Return valid JSON of a shape that no venue documents."""
    return '{"unheard":{"of":' + str(len(frame)) + "}}"


def impossible_numbers(frame: str) -> str:
    """Return a frame in which every quoted number is replaced by 1e400, which no market can have."""
    head, *rest = frame.split('"')
    return '"'.join([head, *("1e400" if part[:1].isdigit() else part for part in rest)])
