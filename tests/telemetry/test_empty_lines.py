"""Empty lines of telemetry are counted in stretches; each has the number and the place that it has alone."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.model.vocabulary import MAX_PLACES, SetAside
from toolkit.streams.blocks import Block
from toolkit.telemetry.block_reader import read_block

RECORD = b'{"t": 1}'
KINDS = {b"": SetAside.BLANK, b" ": SetAside.BLANK, b"x": SetAside.MALFORMED, RECORD: None, b"{}": SetAside.NO_TICK}
FIRST_LINE, FIRST_BYTE = 11, 1_000


@given(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=30))
@example([b""] * (MAX_PLACES + 5) + [b"x", b"", RECORD] + [b""] * 3)
@example([b"x"] + [b""] * (2 * MAX_PLACES))
def test_each_line_is_counted_and_placed_as_if_it_was_read_alone(lines: list[bytes]) -> None:
    batch = read_block(Block(b"".join(each + b"\n" for each in lines), FIRST_LINE, FIRST_BYTE))
    places, byte = list[tuple[int, int, SetAside]](), FIRST_BYTE
    for number, each in enumerate(lines, FIRST_LINE):
        if (reason := KINDS[each]) is not None:
            places.append((number, byte, reason))
        byte += len(each) + 1
    counts = Counter(reason for *_, reason in places)
    listed = [each for each in places if sum(e[2] == each[2] and e <= each for e in places) <= MAX_PLACES]
    assert batch.where.counts == counts
    assert [(each.line, each.byte, each.reason) for each in batch.where] == listed
    assert all(batch.where.at(number)[-1:] == [reason] for number, _, reason in (*places[:3], *places[-1:]))
    assert (batch.lines, batch.used) == (len(lines), lines.count(RECORD))
    assert batch.table.column("line").to_pylist() == [
        number for number, each in enumerate(lines, FIRST_LINE) if each == RECORD
    ]
