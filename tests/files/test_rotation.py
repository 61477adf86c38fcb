"""Rotated parts are ordered by name, and a line cut in two is distinguished from two lines."""

from __future__ import annotations

from itertools import product

import pytest

from toolkit.files.rotation import is_continuation, missing_parts, rotated_part
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import UNKNOWN, parse

EXAMPLES = [
    example
    for family in (*message_families(), *audit_families())
    for example in family.examples
    if parse(example).records[0].family not in UNKNOWN
]
STARTUP_LINES = [each for each in EXAMPLES if parse(each).records[0].family in ("startup", "build_step")]
EMPTY_LAST_FIELD = "last_error_message="
"""End of the only known line that looks as if another record could be quoted after it."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_known_line_cut_at_any_byte_is_one_record(example: str) -> None:
    line = example.encode()
    not_joined = [
        at for at in range(1, len(line) + 1) if line[:at].strip() and not is_continuation(line[:at], line[at:])
    ]
    # A shell message begins with a path, and the rest of a path is a path, so the rest is a complete record.
    (whole,) = parse(example).records
    rests = [parse(example[at:]).records[0] for at in not_joined]
    assert [(rest.family, rest.fields) for rest in rests] == [(whole.family, whole.fields)] * len(rests)


@pytest.mark.untraced
def test_a_complete_line_is_never_joined_to_a_known_line_after_it() -> None:
    lines = [each for each in EXAMPLES if not each.endswith(EMPTY_LAST_FIELD)]
    joined = [pair for pair in product(lines, EXAMPLES) if is_continuation(pair[0].encode(), pair[1].encode())]
    assert joined == []


QUOTING = [
    'WARN: Extended public WS parse error: EOF url=ws://127.0.0.1:1/v1 snippet={"type":"',
    "INFO: Lighter public WS error (consecutive_failures=1): refused, said ",
    "WS_AUDIT subsystem=aster stage=parse_error count=1 err=",
]


@pytest.mark.parametrize("head", QUOTING)
def test_a_record_quoted_by_a_payload_is_part_of_it_when_the_cut_is_before_the_record(head: str) -> None:
    forged = "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=999"
    assert is_continuation(head.encode(), forged.encode())
    assert not any(is_continuation(head.encode(), each.encode()) for each in STARTUP_LINES)


@pytest.mark.parametrize(
    ("head", "rest", "is_one_line"),
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
def test_two_halves_are_joined_only_if_they_form_a_known_record(head: bytes, rest: bytes, is_one_line: bool) -> None:
    assert is_continuation(head, rest) is is_one_line


def test_the_cut_message_of_a_panic_is_joined_because_the_line_before_announces_it() -> None:
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
def test_a_gap_in_the_part_numbers_is_a_missing_part(names: list[str], missing: list[tuple[str, str]]) -> None:
    assert list(missing_parts(sorted(names, key=rotated_part))) == missing
