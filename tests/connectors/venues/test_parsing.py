"""Numbers are parsed exactly or refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.venues.frames import FrameLevel, exact_levels, to_number
from connectors.venues.parsing import (
    BadNumberError,
    aggregate_orders,
    integer,
    level_price,
    levels,
    price,
    rate,
    rows,
    size,
    unix_ms,
)

BAD = ["NaN", "Infinity", "1e400", "-1", "+1", "", " 1", "1.", ".5", "0x10", "1_000", "9" * 40, "0." + "1" * 40, "١"]


@pytest.mark.parametrize("text", [*BAD, 1.5, 1, True, None, [], {}])
def test_a_value_that_is_not_a_plain_finite_amount_is_refused(text: object) -> None:
    with pytest.raises(BadNumberError):
        size(text)


@given(st.decimals(min_value=0, max_value=10**14, places=12, allow_nan=False))
def test_an_amount_keeps_every_digit(value: Decimal) -> None:
    assert size(format(value, "f")) == value


@pytest.mark.parametrize(("text", "value"), [("1e-7", "0.0000001"), ("2.5E+3", "2500"), ("0E-8", "0")])
def test_scientific_notation_of_a_sane_number_is_parsed(text: str, value: str) -> None:
    assert size(text) == Decimal(value)


def test_a_price_is_above_zero_and_a_rate_may_be_negative() -> None:
    assert rate("-0.0001") == Decimal("-0.0001")
    with pytest.raises(BadNumberError):
        price("0.0")


@pytest.mark.parametrize("value", ["1", 1.0, True, -1, 2**63, None])
def test_an_integer_outside_its_range_or_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(BadNumberError):
        integer(value)


@pytest.mark.parametrize("text", ["-0.00014969570582", "0." + "1" * 60, "-" + "9" * 15 + "." + "8" * 60, "-1e-9"])
def test_a_rate_keeps_any_number_of_digits(text: str) -> None:
    assert str(rate(text)) == str(Decimal(text))


@pytest.mark.parametrize("text", ["NaN", "--1", "-", "1e400", "9" * 16, 1, None])
def test_a_rate_that_is_no_number_is_refused(text: object) -> None:
    with pytest.raises(BadNumberError):
        rate(text)


def test_a_missing_or_zero_time_is_none() -> None:
    assert (unix_ms(None), unix_ms(0), unix_ms(7)) == (None, None, 7)


def test_orders_at_one_price_become_one_level_of_their_exact_sum_in_the_order_of_the_first() -> None:
    orders = [{"at": "100.1", "amount": "0.1"}, {"at": "100.2", "amount": "3"}, {"at": "100.1", "amount": "0.2"}]
    assert aggregate_orders(orders, "at", "amount") == levels([("100.1", "0.3"), ("100.2", "3")], 0, 1)
    assert aggregate_orders([], "at", "amount") == []


def test_a_list_that_is_null_has_no_rows() -> None:
    assert list(rows([1, 2], None, [3])) == [1, 2, 3]
    assert list(rows()) == []


@pytest.mark.parametrize("bad", [*BAD, "1,2", ",", "1\n", 1, None, []])
def test_one_bad_size_among_good_ones_refuses_the_levels(bad: object) -> None:
    with pytest.raises(BadNumberError):
        levels([("1", "2"), ("3", bad), ("4", "5")], 0, 1)


def test_scientific_sizes_among_plain_ones_are_exact() -> None:
    assert levels([("1", "2.50"), ("3", "1e-7")], 0, 1) == [FrameLevel(1, 2.5), FrameLevel(3, 1e-7)]


@given(st.decimals(min_value=0, max_value=10**14, places=12, allow_nan=False))
def test_a_size_of_a_level_is_exact_however_many_digits_it_has(value: Decimal) -> None:
    assert exact_levels(levels([("1", format(value, "f"))], 0, 1)) == ((1, value),)


@given(st.integers(1, 10**15 - 1), st.integers(0, 12))
def test_a_price_of_up_to_15_digits_is_exact(digits: int, decimals: int) -> None:
    value = Decimal(digits).scaleb(-decimals)
    assert exact_levels(levels([(format(value, "f"), "1")], 0, 1)) == ((value, 1),)


@pytest.mark.parametrize("text", ["1234567890.123456", "100000000000000.1"])
def test_a_price_of_more_than_15_digits_is_refused(text: str) -> None:
    with pytest.raises(BadNumberError, match="more than 15 digits"):
        levels([(text, "1")], 0, 1)


PLAIN = st.from_regex(r"[0-9]{1,15}(\.[0-9]{1,12})?", fullmatch=True)
SCIENTIFIC = st.from_regex(r"[0-9](\.[0-9]{1,12})?[eE][+-]?[0-9]{1,2}", fullmatch=True)
BOUNDS = st.sampled_from(["1e-12", "9.999999999999e-13", "1e15", "9.999999999999e14", "0e99"])


@given(PLAIN | SCIENTIFIC | BOUNDS, st.booleans(), st.booleans())
def test_a_level_has_the_numbers_of_its_texts_or_is_refused_with_them(text: str, zeros: bool, beside: bool) -> None:
    if zeros:  # Many of them, at both ends and inside.
        text = text.translate({ord(each): "0" for each in "12345"})
    others = [("1", "1e1")] if beside else []
    for column, one in ((0, lambda: level_price(price(text))), (1, lambda: to_number(size(text)))):
        row = ("1", text) if column else (text, "1")
        try:
            expected = one()
        except BadNumberError as error:
            with pytest.raises(BadNumberError, match=re.escape(str(error))):
                levels([row, *others], 0, 1)
        else:
            level = levels([row, *others], 0, 1)[0]
            assert (level.size if column else level.price) == expected
