"""What a record lists comes out as it was written; what is of another kind is unknown, never a wrong value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.ingest.columns import read
from toolkit.ingest.stream import Block

TEXT = st.none() | st.text(max_size=12)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
ORDER = st.fixed_dictionaries({"action": TEXT, "status": TEXT, "venue_id": TEXT})
EXIT = st.fixed_dictionaries({"edge_final": NUMBER})
RECORD = st.fixed_dictionaries(
    {
        "orders": st.none() | st.lists(ORDER, max_size=3),
        "exits": st.none() | st.lists(EXIT, max_size=3),
        "venue_funding_status": st.none() | st.lists(TEXT, max_size=3),
        "venue_funding_rate_8h": st.none() | st.lists(NUMBER, max_size=3),
        "kf_p": NUMBER,
    }
)


def columns(*records: dict[str, Any]) -> dict[str, list[Any]]:
    lines = b"".join(json.dumps({"t": t, **each}).encode() + b"\n" for t, each in enumerate(records))
    return read(Block(lines, 1, 0)).table.to_pydict()


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=4))
def test_lists_come_out_as_they_were_written(records: list[dict[str, Any]]) -> None:
    found = columns(*records)
    for name in records[0]:
        assert found[name] == [each[name] for each in records]


@settings(max_examples=40, deadline=None)
@given(RECORD)
def test_a_damaged_line_beside_a_record_changes_nothing_of_it(record: dict[str, Any]) -> None:
    line = json.dumps({"t": 0, **record}).encode()
    torn = read(Block(b'{"t":9,"orders":[{"act\n' + line + b"\n", 1, 0)).table.to_pydict()
    glued = read(Block(line + line + b"\n", 1, 0)).table.to_pydict()
    for name, value in record.items():
        assert torn[name] == [value]
        assert glued[name] == [value, value]


@pytest.mark.parametrize(
    ("field", "written", "read_as"),
    [
        ("orders", [{"action": 7, "status": "ack"}], [{"action": None, "status": "ack", "venue_id": None}]),
        ("orders", ["cancel", None, {}], [{"action": None, "status": None, "venue_id": None}]),
        ("orders", {"action": "place"}, None),
        ("exits", [{"edge_final": "0.5"}, {"edge_final": "much"}], [{"edge_final": 0.5}, {"edge_final": None}]),
        ("risk_events", [{"event_type": "\ud800"}], [{"event_type": None}]),
        ("venue_funding_age_ms", [100.0, 2.5, True, "7"], [100, None, None, 7]),
        ("kf_p", "0.25", 0.25),
        ("kf_p", True, None),
    ],
)
def test_a_value_of_another_kind_is_saved_where_it_can_be_and_unknown_otherwise(
    field: str, written: object, read_as: object
) -> None:
    assert columns({field: written})[field] == [read_as]
