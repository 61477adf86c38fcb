"""The field columns of a line group equal the fields that the parser reads in each line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import json

from toolkit.runlog.bulk import fields
from toolkit.runlog.bulk.groups import templates
from toolkit.runlog.bulk.groups.templates import TemplateGroup, TemplateMatcher
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import parse

RX = "market_rx_stats tick=7 raw_drained=3 raw_l2_delta=2 cap_hits=0"
EXAMPLES = [RX, *(example for family in (*message_families(), *audit_families()) for example in family.examples)]


@pytest.fixture(autouse=True, params=[0, 1_000], ids=["many", "few"])
def small_and_large_groups(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "MIN_LINES_TO_LEARN", 1)
        patch.setattr(fields, "_MIN_LINES_FOR_ARROW", request.param)
        yield


def line_groups(lines: list[str]) -> list[TemplateGroup]:
    return TemplateMatcher().sort(BlockLines("".join(f"{line}\n" for line in lines).encode())).groups


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_json_of_a_group_is_that_of_its_fields(example: str) -> None:
    lines = [example, example.replace("1", "90071"), example]
    for group in line_groups(lines):
        decoded = [json.decode(text) for text in fields.all_fields(group).to_pylist()]
        assert decoded == [dict(found.fields) for index in group.indexes for found in parse(lines[index]).records]


def test_integer_columns_equal_each_lines_numbers() -> None:
    ticks = [0, 7, 10**17, 999_999_999_999_999_999]
    (group,) = line_groups([RX.replace("7", str(tick)) for tick in ticks])
    assert {
        field: numbers.tolist() for field, numbers in fields.integer_columns(group, ["raw_drained", "tick"]).items()
    } == {
        "raw_drained": [3, 3, 3, 3],
        "tick": ticks,
    }
