"""Lines grouped by shape give the same records as the parser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.runlog.bulk.groups import templates
from toolkit.runlog.bulk.groups.templates import TemplateMatcher
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import OTHER, LogRecord, parse
from toolkit.runlog.sanitize import strip_decoration

EXAMPLES = [example for family in (*message_families(), *audit_families()) for example in family.examples]
RX = "market_rx_stats tick=7 raw_drained=3 raw_l2_delta=2 cap_hits=0"
CI_STAMPS = [
    "2026-02-14T04:00:01.1234567Z ",
    "2026-02-14T23:59:59Z ",
    "2026-02-14T04:00:11.5+01:00 ",
    "\ufeff2026-02-14T11:11:11.111111Z ",
    "test (3.11)\tRun it\t2026-12-11T01:01:01.1Z ",
    "2026-11-31T04:00:01Z ",
    "2026-11-11T24:11:01Z ",
]
FOREIGN = ["", "hello 5", "retry 3 of 7 at 10.0.0.1:443", "x" * 5_000, "a\tb 1"]

digits = st.text("0123456789", max_size=20)
stamped = [
    stamp + text for stamp in CI_STAMPS for text in (EXAMPLES[0], EXAMPLES[-1], RX, FOREIGN[1], CI_STAMPS[0] + RX)
]
lines = st.sampled_from([*EXAMPLES, RX, *FOREIGN, *stamped]).flatmap(
    lambda line: st.lists(digits, min_size=line.count("1"), max_size=line.count("1")).map(
        lambda numbers: "".join(a + b for a, b in zip(line.split("1"), [*numbers, ""], strict=True))
    )
)


@pytest.fixture(autouse=True, scope="module")
def learn_every_shape() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "MIN_LINES_TO_LEARN", 1)
        yield


def values_of(found: LogRecord) -> tuple[object, ...]:
    return found.family, found.venue, found.reason, found.column, dict(found.fields)


def group_results(texts: list[str]) -> dict[int, tuple[object, ...]]:
    """Return the record values from the groups by line index; the last value is the stamped time."""
    block = [text.encode() for text in texts]
    found_lines = TemplateMatcher().sort(BlockLines(b"".join(line + b"\n" for line in block)))
    results = {}
    for group in found_lines.groups:
        found = group.record
        varying = {field: group.texts(field) for field in group.varying}
        columns = {field: [value] * len(group.indexes) for field, value in found.fields.items()} | varying
        for place, index in enumerate(group.indexes.tolist()):
            fields = {field: values[place] for field, values in columns.items()}
            at_ms = None if group.stamped_ms is None else group.stamped_ms[place]
            results[index] = (found.family, found.venue, found.reason, found.column, fields, at_ms)
    assert sorted([*results, *found_lines.left]) == list(range(len(texts)))
    return results


@given(st.lists(lines, max_size=30))
def test_a_group_gives_the_parsers_result_for_each_line(texts: list[str]) -> None:
    for index, results in group_results(texts).items():
        line = parse(texts[index])
        assert [results] == [(*values_of(found), line.stamped_ms) for found in line.records]


stamps = st.builds(
    "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    st.integers(1_000, 2_200), st.integers(0, 13), st.integers(0, 32), st.integers(0, 25), st.integers(0, 61),
    st.integers(0, 61), st.one_of(st.just(""), st.integers(0, 10**30).map(".{}".format)),
    st.sampled_from(["Z", "Z", "Z", "+01:00", "-12:30", "+24:61"]),
)  # fmt: skip


@given(st.lists(stamps, max_size=12))
def test_stamps_parsed_together_equal_stamps_parsed_one_by_one(moments: list[str]) -> None:
    texts = [f"{each} {RX}" for each in moments]
    results = group_results(texts)
    assert {index: at_ms for index, (*_, at_ms) in results.items()} == {
        index: strip_decoration(texts[index])[1] for index in results
    }


def test_lines_with_a_ci_stamp_are_grouped() -> None:
    texts = [f"2026-02-14T04:{n // 60:02}:{n % 60:02}.{n}Z {RX.replace('7', str(n))}" for n in range(1_000)]
    results = group_results(texts)
    assert len(results) == 1_000
    assert results[77][-1] == strip_decoration(texts[77])[1] == 1_771_041_677_770


def test_lines_that_differ_in_a_counter_are_grouped() -> None:
    texts = [f"WS_AUDIT venue=lighter lighter_ping_sent_count={n} interval_ms=10000" for n in range(1_000)]
    assert len(group_results(texts)) == 1_000


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ("market_rx_stats tick=1 raw_l3_delta=1", "market_rx_stats tick=1 raw_l2_delta=1"),
        ("WS_AUDIT venue=aster reconnect_reason=gap count=", "WS_AUDIT venue=aster reconnect_reason=gap count=4"),
        ("WARN: Aster l1Book skipped", "WARN: Aster l2Book skipped"),
    ],
)
def test_a_line_with_another_fixed_number_is_parsed_singly(known: str, line: str) -> None:
    results = group_results([known, line])
    assert results.get(1) in (None, values_of(parse(line).records[0]))


def test_lines_that_differ_in_a_number_in_a_word_that_is_copied_are_grouped() -> None:
    texts = [f"INFO: Aster public WS connected url=ws://h{n}/ws" for n in range(3)]
    assert [results[4] for results in group_results(texts).values()] == [{"url": f"ws://h{n}/ws"} for n in range(3)]


def test_foreign_lines_are_grouped_by_shape() -> None:
    assert {results[0] for results in group_results(["job 1 of 2", "job 2 of 2"]).values()} == {OTHER}


def test_a_shape_that_few_lines_have_is_left_to_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MIN_LINES_TO_LEARN", 3)
    assert sorted(group_results(["job 1 of 2", "job 3 of 4", "run 5", "run 6", "run 7"])) == [2, 3, 4]
