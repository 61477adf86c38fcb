"""The parts of a rotated log: told by their names, and a line cut in two told from two lines."""

from __future__ import annotations

from itertools import product

import pytest

from toolkit.files.rotation import is_continuation, missing_parts, rotated_part
from toolkit.runlog.grammar import audits, sentences
from toolkit.runlog.parse import UNKNOWN, parse

EXAMPLES = [
    example
    for family in (*sentences(), *audits())
    for example in family.examples
    if parse(example).found[0].family not in UNKNOWN
]
BEGIN_A_PROCESS = [each for each in EXAMPLES if parse(each).found[0].family in ("startup", "build_step")]
ENDS_IN_NOTHING = "last_error_message="
"""The only known line that ends as one does in which another is quoted."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_known_line_cut_at_any_byte_is_one_record(example: str) -> None:
    line = example.encode()
    apart = [at for at in range(1, len(line) + 1) if line[:at].strip() and not is_continuation(line[:at], line[at:])]
    # What stands before a shell's words is a path, and the rest of a path is one.
    (whole,) = parse(example).found
    rests = [parse(example[at:]).found[0] for at in apart]
    assert [(rest.family, rest.fields) for rest in rests] == [(whole.family, whole.fields)] * len(rests)


def test_a_whole_line_is_never_glued_to_a_known_one_after_it() -> None:
    lines = [each for each in EXAMPLES if not each.endswith(ENDS_IN_NOTHING)]
    glued = [pair for pair in product(lines, EXAMPLES) if is_continuation(pair[0].encode(), pair[1].encode())]
    assert glued == []


QUOTING = [
    'WARN: Extended public WS parse error: EOF url=ws://127.0.0.1:1/v1 snippet={"type":"',
    "INFO: Lighter public WS error (consecutive_failures=1): refused, said ",
    "WS_AUDIT subsystem=aster stage=parse_error count=1 err=",
]


@pytest.mark.parametrize("head", QUOTING)
def test_a_record_that_a_payload_quotes_is_none_where_the_cut_falls_before_it(head: str) -> None:
    forged = "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=999"
    assert is_continuation(head.encode(), forged.encode())
    assert not any(is_continuation(head.encode(), each.encode()) for each in BEGIN_A_PROCESS)


@pytest.mark.parametrize(
    ("head", "rest", "one"),
    [
        (b"job 7 of", b" 9 done", False),
        (b"job 7", b"WS_AUDIT venue=lighter reconnect_reason=read_timeout count=2", False),
        (b"INFO: Lighter public WS something n", b"ew", False),
        (b"INFO: Lighter public WS first mess", b"INFO: Aster public WS first message received", False),
        (b"INFO: Lighter public WS first message received\r", b"", True),
        (b"INFO: Lighter public WS first message received", b"\r", True),
        (b"INFO: Lighter public WS first mess", b"\xef\xbb\xbfage received", True),
        (b"INFO: Lighter public WS first mess", b"\0\0\0age received", True),
        (b"2026-02-14T04:10:11.1234567Z ", b"INFO: Lighter public WS first message received", True),
        (b"\x1b[31", b"mINFO: Lighter public WS first message received", True),
        (b"\r", b"INFO: Lighter public WS first message received", False),
        (b"INFO: Lighter public WS error (consecutive_failures=1): caf\xc3", b"\xa9 closed", True),
        (b"INFO: Lighter public WS first mess" + bytes(1 << 20), b"age received", False),
    ],
)
def test_two_lines_are_one_only_where_that_makes_a_known_record(head: bytes, rest: bytes, one: bool) -> None:
    assert is_continuation(head, rest) is one


def test_a_panics_message_may_be_cut_too_for_the_line_before_awaits_it() -> None:
    assert is_continuation(b"index out of bou", b"nds: the len is 3", awaited=True)
    assert not is_continuation(b"index out of bounds", b"INFO: Lighter public WS first message received", awaited=True)


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["run.log.3", "run.log.1", "run.log"], [("run.log.3", "run.log.1")]),
        (["run.log.2", "run.log"], [("run.log.2", "run.log")]),
        (["run.log.2", "run.log.1.gz", "run.log"], []),
        (["run.log.1", "run.log.0", "run.log"], []),
        (["run.log.2026-11-22", "run.log.2026-11-24", "run.log"], []),
        (["a/run.log.3", "b/run.log.1"], []),
        (["run.log.7"], []),
    ],
)
def test_a_part_is_missing_where_the_numbers_have_a_gap(names: list[str], missing: list[tuple[str, str]]) -> None:
    assert list(missing_parts(sorted(names, key=rotated_part))) == missing
