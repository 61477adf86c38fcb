"""Binary messages (SBE): each layout is read as it was written, and a damaged message is refused with the missing part."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.venues.paradex_messages import BBO, BOOK, FUNDING, NEWEST_VERSION, PUBLIC, SCHEMA_ID, TRADE
from connectors.venues.sbe import NULL_INT64, FieldBlock, FieldType, MessageLayout, SbeError

LAYOUTS = PUBLIC.layouts
VERSIONS = range(NEWEST_VERSION + 1)
LIMITS = {"q": 2**63 - 1, "h": 2**15 - 1, "B": 2**8 - 1}


def field_values(kind: FieldType) -> st.SearchStrategy[Any]:
    most = LIMITS[kind.code]
    integers = st.integers(0 if kind.code == "B" else -most, most)
    if kind.exponent is None:
        return integers
    return st.none() | integers.map(lambda mantissa: Decimal(mantissa).scaleb(kind.exponent))


def block_values(block: FieldBlock) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*map(field_values, block.types))


@st.composite
def messages(draw: st.DrawFn) -> tuple[MessageLayout, int, dict[str, Any]]:
    """Draw a layout, a version and the values of a message, without those that the version lacks."""
    layout, version = draw(st.sampled_from(list(LAYOUTS.values()))), draw(st.sampled_from(VERSIONS))
    values = dict(zip(layout.block.names, draw(block_values(layout.block)), strict=True))
    values |= {name: draw(st.lists(block_values(entry), max_size=4)) for name, entry in layout.groups.items()}
    values |= {name: draw(st.text(max_size=60)) for name in layout.strings}
    absent = {name for name, since in layout.since.items() if since > version}
    return layout, version, {name: None if name in absent else value for name, value in values.items()}


@given(messages())
def test_a_message_is_read_as_it_was_written(message: tuple[MessageLayout, int, dict[str, Any]]) -> None:
    layout, version, values = message
    read = PUBLIC.read(PUBLIC.write(layout.name, values, version))
    assert read == {**values, "template": layout.name, "schema": SCHEMA_ID, "version": version}


@given(messages(), st.binary(max_size=20), st.binary(max_size=5))
def test_what_a_later_version_appends_is_skipped(
    message: tuple[MessageLayout, int, dict[str, Any]], in_block: bytes, at_end: bytes
) -> None:
    layout, _, values = message
    values = {name: "" if value is None and name in layout.strings else value for name, value in values.items()}
    data = PUBLIC.write(layout.name, values, NEWEST_VERSION)
    length, end = layout.block.size, 8 + layout.block.size
    longer = (length + len(in_block)).to_bytes(2, "little") + data[2:end] + in_block + data[end:] + at_end
    assert PUBLIC.read(longer) == PUBLIC.read(data)


@settings(max_examples=40)
@given(messages())
def test_a_message_cut_at_any_byte_is_refused_or_lacks_only_what_may_be_missing(
    message: tuple[MessageLayout, int, dict[str, Any]],
) -> None:
    layout, version, values = message
    data = PUBLIC.write(layout.name, values, version)
    for end in range(len(data)):
        try:
            read = PUBLIC.read(data[:end])
        except SbeError as error:
            assert str(error).startswith(("header:", f"{layout.name}."))
        else:
            assert {name for name in values if read[name] != values[name]} <= set(layout.since)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(SbeError):
        assert "template" in PUBLIC.read(data)


def book(levels: int = 2) -> bytes:
    rows = [(Decimal(3000 - number), Decimal("0.5")) for number in range(levels)]
    return PUBLIC.write(BOOK, {"ts": 1, "seq": 2, "pkgType": 0, "bids": rows, "asks": rows, "market": "M"}, 1)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "header: 0 of 8 bytes"),
        (book()[:40], "BookEvent.block: 32 of 89 bytes"),
        (book()[:98], "BookEvent.bids: 1 of 4 bytes"),
        (book()[:110], "BookEvent.bids: 9 of 32 bytes"),
        (book()[:-2], "BookEvent.market: 0 of 1 bytes"),
        (book()[:-1] + b"\xff", "BookEvent.market: not UTF-8"),
        (book()[:97] + b"\x00\x00\xff\xff" + book()[97:], "BookEvent.bids: more than 10000 entries"),
        (b"\x40\x00\x4d\x00\x01\x00\x01\x00", "77.block: 0 of 64 bytes"),
    ],
)
def test_the_error_of_a_damaged_message_names_the_part(data: bytes, what: str) -> None:
    with pytest.raises(SbeError, match=what):
        PUBLIC.read(data)


def test_entries_longer_than_known_are_read_and_shorter_ones_lack_their_last_fields() -> None:
    rows = [(Decimal(1), Decimal(2)), (Decimal(3), None)]
    data = PUBLIC.write(BOOK, {"ts": 1, "seq": 2, "pkgType": 1, "bids": rows, "asks": [], "market": "M"}, 1)
    begin = 8 + 89
    entries = data[begin + 4 : begin + 36]
    longer = b"\x18\x00\x02\x00" + entries[:16] + b"more    " + entries[16:] + b"more    "
    assert PUBLIC.read(data[:begin] + longer + data[begin + 36 :])["bids"] == rows
    none = b"\x00\x00\x02\x00"
    assert PUBLIC.read(data[:begin] + none + data[begin + 36 :])["bids"] == [(None, None), (None, None)]
    shorter = b"\x0a\x00\x02\x00" + entries[:10] + entries[16:26]
    assert PUBLIC.read(data[:begin] + shorter + data[begin + 36 :])["bids"] == [(1, None), (3, None)]


def test_a_block_shorter_than_known_lacks_its_last_fields() -> None:
    data = PUBLIC.write(FUNDING, {"ts": 5, "seq": 6, "fundingPeriodHours": 8, "market": "M", "createdAt": 7}, 0)
    read = PUBLIC.read(data)
    assert (read["fundingPeriodHours"], read["impactPremiumRate"], read["market"]) == (8, None, "M")
    cut = PUBLIC.read(b"\x10\x00" + data[2:24] + data[-2:])
    assert (cut["ts"], cut["seq"], cut["createdAt"], cut["market"]) == (5, 6, None, "M")


def test_an_unknown_template_and_another_schema_are_read_as_headers() -> None:
    assert PUBLIC.read(b"\x00\x00\x4d\x00\x01\x00\x03\x00rest") == {"template": 77, "schema": 1, "version": 3}
    assert PUBLIC.read(b"\x00\x00\x01\x00\x09\x00\x00\x00") == {"template": 1, "schema": 9, "version": 0}


def test_a_null_is_the_least_int64_and_a_missing_value_writes_it() -> None:
    data = PUBLIC.write(BBO, {"ts": 1, "seq": 2, "bidPrice": "3000.5", "bidSize": "1", "market": "M"}, 1)
    assert NULL_INT64.to_bytes(8, "little", signed=True) in data
    read = PUBLIC.read(data)
    assert (read["bidPrice"], read["askPrice"], read["askSize"]) == (Decimal("3000.5"), None, None)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"price": "0.000000001", "size": "1", "side": 1}, "price: more than 8 decimals"),
        ({"price": "1e12", "size": "1", "side": 1}, "does not fit"),
        ({"price": "1", "size": "1", "side": None}, "does not fit"),
    ],
)
def test_a_value_that_its_field_cannot_hold_is_not_written(values: dict[str, Any], why: str) -> None:
    rest = {"ts": 1, "seq": 1, "tradeId": 1, "createdAt": 1, "tradeType": 1, "market": "M", "tradeIdStr": "1"}
    with pytest.raises(ValueError, match=why):
        PUBLIC.write(TRADE, rest | values, 2)
