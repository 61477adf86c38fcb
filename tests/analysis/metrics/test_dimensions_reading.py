"""Lists in records are read as written; a value of another type is unknown, never a wrong value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.metrics.sample_runs import analysed, figure, record
from toolkit.streams.blocks import Block
from toolkit.telemetry.block_reader import read_block

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
    return read_block(Block(lines, 1, 0)).table.to_pydict()


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=4))
def test_lists_are_read_as_written(records: list[dict[str, Any]]) -> None:
    found = columns(*records)
    for name in records[0]:
        assert found[name] == [each[name] for each in records]


@settings(max_examples=40, deadline=None)
@given(RECORD)
def test_a_damaged_line_does_not_change_the_records_around_it(record: dict[str, Any]) -> None:
    line = json.dumps({"t": 0, **record}).encode()
    torn = read_block(Block(b'{"t":9,"orders":[{"act\n' + line + b"\n", 1, 0)).table.to_pydict()
    glued = read_block(Block(line + line + b"\n", 1, 0)).table.to_pydict()
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
        ("venue_age_ms", [2**63 - 1, 2**53, 2**53 + 1, -(2**63), 250], [None, 2**53, None, None, 250]),
        ("would_send_orders_count", 2**31, None),
        ("would_send_orders_count", 2**31 - 1, 2**31 - 1),
        ("healthy_venues_used_count", -(2**31) - 1, None),
    ],
)
def test_a_value_of_another_type_is_converted_or_unknown(field: str, written: object, read_as: object) -> None:
    assert columns({field: written})[field] == [read_as]


@pytest.mark.parametrize(
    ("as_of_ms", "read_as"),
    [
        (253_402_300_799_999, 253_402_300_799_999),
        (253_402_300_800_000, None),
        (-62_135_596_800_000, -62_135_596_800_000),
        (-(2**63) + 1, None),
    ],
)
def test_a_time_is_known_in_the_years_1_to_9999(as_of_ms: int, read_as: int | None) -> None:
    assert columns({"treasury_guidance": {"as_of_ms": as_of_ms, "venues": []}})["at_ms"] == [read_as]


NUMBERS = {
    **dict.fromkeys(["healthy_venues_used_count", "would_send_orders_count"], 1),
    "tick_timing": dict.fromkeys(
        ["engine_us", "event_drain_us", "order_tx_pending", "reconcile_us", "submit_us", "total_us"], 1
    ),
    "market_rx_stats": dict.fromkeys(["cap_hits", "drained"], 1),
    "venue_funding_age_ms": [1, 1, 1],
    **dict.fromkeys(["fair_value", "kf_p", "kf_x_hat", "pnl_total", "sigma_eff", "fv_short_vol"], 1.0),
    **{name: [1.0] * 3 for name in ("venue_spread_usd", "venue_depth_near_mid_usd", "venue_funding_rate_8h")},
    "fv_available": True,
    "venue_status": ["Healthy"] * 3,
    "quote_levels": [{"venue_id": "aster", "size_final": 1.0, "edge_local": 1.0}],
}


def numeric(value: object, *place: str | int) -> Iterator[tuple[str | int, ...]]:
    """The places of the numbers within a record."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numeric(each, *place, key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place


def made(t: int, place: tuple[str | int, ...], value: int) -> str:
    """A record that has the value at a place, and ordinary ones everywhere else."""
    whole = container = json.loads(record(t, t / 4, [0, 250, 500], **NUMBERS))
    for key in place[:-1]:
        container = container[key]
    container[place[-1]] = value
    return json.dumps(whole) + "\n"


PLACES = list(numeric(json.loads(record(0, 0, [0, 0, 0], **NUMBERS))))
EDGES = [edge + step for edge in (-(2**63), -(2**53), -(2**31), 2**31, 2**53, 10**18, 2**63) for step in (-1, 0, 1)]


@pytest.mark.parametrize("values", [EDGES, [2**53], [2**63 - 1, -(2**63) + 1]], ids=["edges", "the most", "to and fro"])
def test_an_integer_of_any_size_in_any_field_does_not_stop_the_analysis(values: list[int], tmp_path: Path) -> None:
    changes = [(place, value) for place in PLACES for value in values]
    run = analysed(tmp_path, telemetry="".join(made(t, *change) for t, change in enumerate(changes)))
    assert figure(run, "run.ticks").value


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.integers(-(2**70), 2**70)), min_size=1, max_size=40))
def test_several_integers_of_any_size_do_not_stop_the_analysis(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[str | int, ...], int]]
) -> None:
    lines = "".join(made(t, *change) for t, change in enumerate(changes))
    analysed(tmp_path_factory.mktemp("run"), telemetry=record(0, 0, [0, 0, 0]) + lines)


def test_an_age_that_stands_for_never_is_unknown(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry="".join(record(t, t / 4, [0, 250, (2**63 - 1) * (t % 2)]) for t in range(8)))
    assert figure(run, "aster.age_apply_unknown.share").value == 0.5
    assert figure(run, "aster.age_apply_ms.max").value == 0


def test_the_mean_of_the_largest_ages_is_known(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry="".join(record(t, t / 4, [0, 0, 2**53]) for t in range(1_100)))
    assert figure(run, "aster.age_apply_ms.mean").value == 2**53


def test_records_between_extreme_times_get_interpolated_times(tmp_path: Path) -> None:
    first, last = -62_135_596_800, 253_402_300_799
    times = [first - 1_700_000_000, *[None] * 40_000, last - 1_700_000_000]
    lines = [
        record(t, at_s, [0, 0, 0]) if at_s is not None else json.dumps({"t": t}) + "\n" for t, at_s in enumerate(times)
    ]
    assert figure(analysed(tmp_path, telemetry="".join(lines)), "run.span_ms").value == (last - first) * 1_000


@pytest.mark.parametrize("number", ["9" * 18, str(2**63 - 1), "9" * 40])
def test_numbers_of_any_size_in_rare_log_lines_do_not_stop_the_analysis(number: str, tmp_path: Path) -> None:
    log = "".join(f"market_rx_stats tick={t} raw_drained={number} cap_hits={number}\n" for t in range(3))
    for fields in (
        f"venue=aster component=runner_apply reason=periodic interval_ms=1000 tick=1 now_ms={number}",
        f"subsystem=rest_monitor venue=aster rest_check_count=1 rest_inject_count=1 age_ms=1 threshold_ms={number}",
        "venue=lighter lighter_ts_fallback_count=1 context=x raw_ts=missing fallback_ts_ms=1700000000000",
    ):
        log += f"WS_AUDIT {fields}\n"
    telemetry = "".join(record(t, t / 4 + 40 * (t % 3), [0, 0, 0]) for t in range(40))
    assert figure(analysed(tmp_path, log, telemetry), "run.ticks").value == 40


def test_the_apply_age_of_a_mixed_run_covers_only_the_records_that_have_it(tmp_path: Path) -> None:
    old = [{**json.loads(record(t, t / 4, [9_000, 0, 0])), "venue_age_event_ms": None} for t in range(20)]
    new = [json.loads(record(t, t / 4, [0, -1, 5_000])) for t in range(20, 40)]
    run = analysed(tmp_path, telemetry="".join(json.dumps(each) + "\n" for each in old + new))
    shares = ("fresh.share", "fresh_by_socket.share", "stale.ms", "age_apply_unknown.share")
    expected = {"hyperliquid": [1, 1, 0, 0], "lighter": [0, 0, 5_000, 1], "aster": [0, None, 5_000, 0]}
    for venue, values in expected.items():
        found = [figure(run, f"{venue}.{name}") for name in shares]
        assert [each.value for each in found] == values
        assert {each.n for each in found} == {20}
        assert all("the other records have event ages only" in (each.note or "") for each in found)
