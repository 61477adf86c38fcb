"""How faults damage what a venue says: the look of a book, the text of a frame."""

from __future__ import annotations

from connectors.simulator.market import FullBook


def crossed(book: FullBook) -> FullBook:
    """The book with its best bid above its best ask."""
    if not (book.bids and book.asks):
        return book
    bid, ask = max(book.bids), min(book.asks)
    return FullBook({**book.bids, ask + (ask - bid): 777}, book.asks)


def one_sided(book: FullBook) -> FullBook:
    """The book without asks."""
    return FullBook(book.bids, {})


def empty(_book: FullBook) -> FullBook:
    """No book at all."""
    return FullBook({}, {})


def cut(frame: str) -> str:
    """A frame that ends in the middle."""
    return frame[: len(frame) // 2]


def garbage(frame: str) -> bytes:
    """Bytes that are neither text nor JSON."""
    return b"\xff\xfe" + frame.encode()[:64][::-1]


def strange(frame: str) -> str:
    """Valid JSON that nobody described."""
    return '{"unheard":{"of":' + str(len(frame)) + "}}"


def absurd(frame: str) -> str:
    """A frame in which every number written as text is none that a market can have."""
    head, *rest = frame.split('"')
    return '"'.join([head, *("1e400" if part[:1].isdigit() else part for part in rest)])
