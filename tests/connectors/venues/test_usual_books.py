"""The reader of usual book frames and the venue's `decode` agree: on frames as sent, and on frames with any damage."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recording.tape import frame_json
from connectors.session.decoding import decode, parse, read_book
from connectors.session.events import Received
from connectors.settings import resolve, target, venue_settings
from connectors.venues import venues
from connectors.venues.bounded_json import LARGE_BYTES, MAX_CONTAINERS
from connectors.venues.frames import Book, BookDelta, DecodeMiss
from connectors.venues.paradex_messages import BOOK, PUBLIC

Rows = list[tuple[Any, Any]]


def named(price: str, size: str, **more: Any) -> Callable[[Rows], list[dict[str, Any]]]:
    return lambda rows: [{**more, price: at, size: amount} for at, amount in rows]


def extended(bids: Rows, asks: Rows) -> Any:
    rows = named("p", "c", q="-0.5")
    return {"type": "DELTA", "data": {"m": "ETH-USD", "b": rows(bids), "a": rows(asks)}, "ts": 1790000000000, "seq": 7}


def hyperliquid(bids: Rows, asks: Rows) -> Any:
    rows = named("px", "sz")
    return {"channel": "l2Book", "data": {"coin": "ETH", "time": 1790000000000, "levels": [rows(bids), rows(asks)]}}


def aster(bids: Rows, asks: Rows) -> Any:
    numbers = {"E": 1790000000000, "T": 1790000000001, "U": 5, "u": 9, "pu": 4}
    return {"e": "depthUpdate", "s": "ETHUSDT", **numbers, "b": bids, "a": asks}


def lighter(bids: Rows, asks: Rows) -> Any:
    rows = named("price", "size")
    book = {"code": 0, "asks": rows(asks), "bids": rows(bids), "offset": 3, "nonce": 9, "begin_nonce": 8}
    head = {"channel": "order_book:0", "type": "update/order_book", "timestamp": 1790000000000}
    return {**head, "order_book": book}


MESSAGES = {each.__name__: each for each in (extended, hyperliquid, aster, lighter)}
every_venue = pytest.mark.parametrize("name", MESSAGES)

digits = st.text("0123456789", min_size=1, max_size=6)
usual = st.integers(1, 9_999_999).map(str) | st.builds("{}.{}".format, st.integers(1, 99_999), digits)
"""Numbers that the reader takes: above zero, below ten million, up to 8 digits after the point."""

BAD = ["NaN", "inf", "1e400", "1e-400", "-1", "-0", "+1", "", " 1", "1.", ".5", "0x10", "1_000", "007", "1e-7", "2E3"]
BAD += ["9" * 40, "0." + "1" * 40, "1.123456789", "99999999", "123456789012.1234", "1234567890.1234567", "0", "0.000"]
odd = st.sampled_from([*BAD, "١", "null", "true", 84077, 1.5, 0, None, True, [], {}, ["1"]])
numbers = usual | odd


def text(message: Any, separators: tuple[str, str] = (",", ":")) -> bytes:
    return json.dumps(message, separators=separators, ensure_ascii=False).encode()


def agreed(name: str, data: bytes, *, binary: bool = False) -> dict[str, Any] | None:
    """Return what the reader makes of a frame, after the check that `decode` makes the same of it."""
    venue = venues()[name]
    market = target(venue, resolve(venue_settings(venue), {"PARAPHINA_PARADEX_PUBLIC_FEED": "orderbook"}), base="ETH")
    received = Received(data, binary=binary)
    frame = read_book(venue, market, received)
    if frame is None:
        return None
    read = frame_json(frame)
    assert [frame_json(each) for each in decode(venue, market, received, parse(venue, received))] == [read]
    return read


@every_venue
@given(bids=st.lists(st.tuples(usual, usual), max_size=8), asks=st.lists(st.tuples(usual, usual), max_size=8))
def test_a_usual_frame_is_read_as_it_is_decoded(name: str, bids: Rows, asks: Rows) -> None:
    read = agreed(name, text(MESSAGES[name](bids, asks)))
    assert read is not None
    assert [Decimal(price) for price, _ in read["bids"]] == [Decimal(price) for price, _ in bids]
    assert [Decimal(size) for _, size in read["asks"]] == [Decimal(size) for _, size in asks]


@every_venue
@given(side=st.lists(st.tuples(numbers, numbers), max_size=3), spaced=st.booleans())
def test_a_frame_with_odd_numbers_is_read_as_it_is_decoded_or_left_to_decode(
    name: str, side: Rows, spaced: bool
) -> None:
    agreed(name, text(MESSAGES[name](side, [("2", "1")]), (", ", ": ") if spaced else (",", ":")))


@every_venue
@pytest.mark.parametrize("bad", [*BAD[:-2], 84077, 1.5, None, True], ids=repr)
@pytest.mark.parametrize("at", [0, 1], ids=["price", "size"])
def test_a_number_that_is_not_as_usual_is_left_to_decode(name: str, bad: object, at: int) -> None:
    row: Any = ("3000.5", bad) if at else (bad, "1.25")
    assert agreed(name, text(MESSAGES[name]([("3000", "1"), row], [("3001", "1")]))) is None


@every_venue
@pytest.mark.parametrize(("bids", "asks", "read"), [(8_000, 8_000, True), (10_000, 1, True), (10_001, 1, False)])
def test_a_large_frame_is_read_up_to_the_limit_of_levels_a_side(name: str, bids: int, asks: int, read: bool) -> None:
    frame = text(MESSAGES[name]([(str(at), "1") for at in range(1, bids + 1)], asks * [("20000", "1")]))
    assert len(frame) > LARGE_BYTES
    assert (agreed(name, frame) is not None) is read
    venue = venues()[name]
    market = target(venue, resolve(venue_settings(venue), {}), base="ETH")
    (decoded,) = decode(venue, market, Received(frame), parse(venue, Received(frame)))
    assert isinstance(decoded, DecodeMiss) is not read


@every_venue
def test_a_book_beside_too_many_containers_is_left_to_decode_which_refuses_it(name: str) -> None:
    message = {"more": (MAX_CONTAINERS + 1) * [[]], **MESSAGES[name]([("3000", "1")], [("3001", "1")])}
    assert agreed(name, text(message | {"more": []})) is not None
    venue = venues()[name]
    market = target(venue, resolve(venue_settings(venue), {}), base="ETH")
    assert read_book(venue, market, Received(text(message))) is None
    with pytest.raises(ValueError, match="arrays and objects"):
        parse(venue, Received(text(message)))


@every_venue
@pytest.mark.parametrize("at", [0, 1], ids=["price", "size"])
def test_a_number_of_too_many_digits_is_left_to_decode_though_another_level_replaces_the_text(
    name: str, at: int
) -> None:
    """The number is outside of text; an unknown field brings the text of one level more."""
    row = ["3000.5", "1.25"]
    row[at] = "3000.12345678901234567"
    message = MESSAGES[name]([tuple(row)], [("3001", "1")])
    rows = MESSAGES[name]([("1", "1")], [])
    frame = text({**message, "other": rows}).replace(b'"3000.12345678901234567"', b"3000.12345678901234567")
    assert agreed(name, frame) is None


@every_venue
@given(data=st.data())
def test_a_damaged_frame_is_read_as_it_is_decoded_or_left_to_decode(name: str, data: st.DataObject) -> None:
    frame = text(MESSAGES[name]([("3000.5", "1"), ("3000.4", "0")], [("3001", "0.25")]))
    at = data.draw(st.integers(0, len(frame) - 1))
    octets = data.draw(
        st.binary(max_size=3) | st.sampled_from([b'"', b"0", b"9", b"-", b"e", b" ", b"\\u0031", b",", b"\xff"])
    )
    cut = data.draw(st.integers(0, 3))
    agreed(name, frame[:at] + octets + frame[at + cut :])


mantissas = st.integers(1, 10**15 - 1)
odd_mantissas = st.integers(-(2**63) + 1, 2**63 - 1) | st.none() | st.just(0)


def binary_book(bids: Rows, asks: Rows, kind: int) -> bytes:
    sides = ([[None if n is None else Decimal(n).scaleb(-8) for n in row] for row in side] for side in (bids, asks))
    values = {"ts": 1790000000000000, "seq": 5, "pkgType": kind, "market": "ETH-USD-PERP"}
    return PUBLIC.write(BOOK, values | dict(zip(("bids", "asks"), sides, strict=True)), 1)


@given(st.lists(st.tuples(mantissas, mantissas), max_size=8), st.integers(0, 1))
def test_a_usual_binary_frame_is_read_as_it_is_decoded(side: Rows, kind: int) -> None:
    read = agreed("paradex", binary_book(side, side, kind), binary=True)
    assert read is not None and read["is"] == (BookDelta if kind else Book).__name__
    assert [Decimal(price) for price, _ in read["bids"]] == [Decimal(price).scaleb(-8) for price, _ in side]


@given(st.tuples(mantissas | odd_mantissas, mantissas | odd_mantissas), st.integers(0, 2))
def test_a_binary_frame_with_odd_numbers_is_read_as_it_is_decoded_or_left_to_decode(row: Any, kind: int) -> None:
    agreed("paradex", binary_book([row], [], kind), binary=True)


@given(st.integers(0, 200), st.binary(max_size=8), st.integers(0, 8))
def test_a_damaged_binary_frame_is_read_as_it_is_decoded_or_left_to_decode(at: int, octets: bytes, cut: int) -> None:
    frame = binary_book([(300_000_000_000, 5), (299_900_000_000, 0)], [(300_100_000_000, 7)], 0)
    agreed("paradex", frame[:at] + octets + frame[at + cut :], binary=True)
