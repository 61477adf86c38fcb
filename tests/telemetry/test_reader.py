"""Tests of the record reader: plain lines, and the records recovered from damaged ones."""

from __future__ import annotations

import json

import pytest

from toolkit.model.vocabulary import SetAside
from toolkit.telemetry.reader import RecordReader, RecoveredLine
from toolkit.telemetry.record import TelemetryRecord

WHOLE = json.dumps({"a": [{"b": 1}, {"c": "x"}], "t": 5, "venue_age_ms": [0, 250]}, separators=(",", ":")).encode()
read_line = RecordReader(TelemetryRecord).read


def ticks(line: bytes) -> tuple[list[int], SetAside | None]:
    result = read_line(line)
    return (
        ([record.t for record in result.records], result.reason)
        if isinstance(result, RecoveredLine)
        else ([result.t], None)
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(WHOLE, ([5], None), id="a plain record"),
        pytest.param(WHOLE + b"\r", ([5], None), id="a carriage return"),
        pytest.param(WHOLE + WHOLE, ([5, 5], None), id="two records glued"),
        pytest.param(WHOLE[:20] + WHOLE, ([5], SetAside.TORN_INSIDE), id="a torn fragment before a whole record"),
        pytest.param(WHOLE + WHOLE[:20], ([5], SetAside.TORN_INSIDE), id="a torn fragment after a whole record"),
        pytest.param(b"\x00" * 9 + WHOLE, ([5], None), id="a run of NULs before a record"),
        pytest.param(WHOLE[:-9], ([], SetAside.MALFORMED), id="a torn record"),
        pytest.param(b"", ([], SetAside.BLANK), id="an empty line"),
        pytest.param(b"\x00\x00 ", ([], SetAside.BLANK), id="nothing but NULs"),
        pytest.param(b"[1,2]", ([], SetAside.NOT_AN_OBJECT), id="a list"),
        pytest.param(b'"text"', ([], SetAside.NOT_AN_OBJECT), id="a string"),
        pytest.param(b"thread 'main' panicked", ([], SetAside.MALFORMED), id="a foreign log line"),
        pytest.param(b'{"venue_age_ms":[1]}', ([], SetAside.NO_TICK), id="no tick"),
        pytest.param(b'{"t":1e400}', ([], SetAside.NO_TICK), id="an infinite tick"),
        pytest.param(b'{"t":true}', ([], SetAside.NO_TICK), id="a boolean tick"),
        pytest.param(b'{"t":99999999999999999999}', ([], SetAside.NO_TICK), id="a tick beyond 64 bits"),
        pytest.param(b'{"t":9223372036854775807}', ([], SetAside.NO_TICK), id="a tick beyond 53 bits"),
        pytest.param(b'{"t":9007199254740992}', ([2**53], None), id="the largest tick"),
        pytest.param(b'{"t":"7"}', ([7], None), id="a tick as text"),
        pytest.param(b'{"t":7.0}', ([7], None), id="a tick as a float"),
        pytest.param(b'{"t":1,"t":7}', ([7], None), id="duplicate keys: the last counts"),
        pytest.param(b'{"t":7,"unused":NaN}', ([7], None), id="NaN in a field that is not read"),
        pytest.param(b'{"t":7,"note":"\xff\xfe"}', ([7], None), id="invalid UTF-8 in a field that is not read"),
        pytest.param(b"[" * 100_000, ([], SetAside.MALFORMED), id="a nesting bomb"),
        pytest.param(b'{"t":7,"x":' + b"[" * 100_000, ([], SetAside.MALFORMED), id="a nesting bomb within a record"),
    ],
)
def test_a_line_has_records_or_a_reason_to_be_set_aside(line: bytes, expected) -> None:
    assert ticks(line) == expected


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ("[0,250]", [0, 250]),
        ("[-1,null]", [-1, None]),
        ('["250",250.0]', [250, 250]),
        ("[2.6,NaN]", [None, None]),
        ("[1e400,true]", [None, None]),
        ("[]", []),
        ("null", None),
        ("7", None),
    ],
)
def test_an_age_that_is_no_integer_is_unknown_and_not_rounded(ages: str, expected: list[int | None] | None) -> None:
    result = read_line(b'{"t":1,"venue_age_ms":%s}' % ages.encode())
    record = result.records[0] if isinstance(result, RecoveredLine) else result
    assert record.venue_age_ms == expected
