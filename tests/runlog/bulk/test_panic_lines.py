"""Panics without lines of a message after them are read many at a time, with the result of reading them in order."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from tests.runlog.bulk.test_log_groups import stored
from toolkit.runlog.bulk import block
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.panic_messages import MAX_MESSAGE_LINES, PanicLines, panic_lines

QUOTED, COMPLETE = "thread 'main' panicked at 'cause {}", "thread 'main' panicked at 'cause', src/main.rs:{}:5"
UNQUOTED = "thread 'main' panicked at src/main.rs:{}:5:"
REPEATED = "ERROR: Supervised task 'aster_public_ws' panicked (restart #{}): cause"
RESTARTED = REPEATED + "., restarting in 1s"
END, RESTART = "end', src/main.rs:{}:5", "text {}., restarting in 1s"
LINES = (
    QUOTED, COMPLETE, UNQUOTED, REPEATED, RESTARTED, END, RESTART, "text {}", "", "stack backtrace:",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", "\x1b[31m" + QUOTED,
    "INFO: Aster public WS connected url=wss://h/{}", "paraphina_live | trade_mode=shadow | cfg_hash=0x{}",
    "WS_AUDIT venue=aster reconnect_reason=read_timeout count={}", COMPLETE + "x", "Error: cause {}",
)  # fmt: skip


def sorted_facts(path: Path, **sizes: int) -> dict[str, object]:
    """Return what is stored of a log; which family is met first does not matter."""
    result = stored(path, **sizes)
    facts = result["facts"]
    assert isinstance(facts, dict)
    return {**result, "facts": {key: dict(value) if isinstance(value, dict) else value for key, value in facts.items()}}


@pytest.mark.parametrize("seed", range(24))
def test_panics_are_read_as_they_would_be_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    chosen = chance.sample(LINES, chance.randrange(1, 7))
    weights = [chance.random() ** 3 for _ in chosen]
    lines = (text.format(number) for number, text in enumerate(chance.choices(chosen, weights, k=1_200)))
    path, sizes = tmp_path / "run.log", {"parallel_from": 1, "block_bytes": chance.choice((2_000, 20_000))}
    path.write_text("\n".join(lines) + "\n")
    together = sorted_facts(path)
    assert sorted_facts(path, **sizes) == together
    monkeypatch.setattr(
        block, "panic_lines", lambda each: PanicLines(np.ones(len(each), np.bool_), np.zeros(len(each), np.bool_))
    )
    assert sorted_facts(path) == together


FAR = ["text"] * MAX_MESSAGE_LINES


@pytest.mark.parametrize(
    ("lines", "is_alone"),
    [
        ([QUOTED, *FAR, "text", "text", "text"], True),
        ([QUOTED, *FAR, END, "text", "text"], False),
        ([QUOTED, *FAR, "text", "text", END], True),
        ([QUOTED, *FAR], False),
        ([QUOTED, *FAR, RESTART, "text", "text"], True),
        ([COMPLETE, END], True),
        ([COMPLETE + " ", END], False),
        ([QUOTED + ", restarting in 1s", END], False),
        ([REPEATED + "', src/main.rs:{}:5", RESTART], False),
        ([COMPLETE + " ", *FAR, "text", "text", "text"], True),
        ([REPEATED, *FAR, "text", "text", "text"], True),
        ([REPEATED, *FAR, RESTART, "text", "text"], False),
        ([RESTARTED, RESTART], True),
        ([UNQUOTED, *FAR, "text", "text", "text"], False),
        (["\x1b[31m" + COMPLETE, END], False),
        ([QUOTED + COMPLETE, END], False),
    ],
)
def test_a_panic_is_alone_if_no_line_can_be_the_end_of_its_message(lines: list[str], is_alone: bool) -> None:
    found = panic_lines(BlockLines(("\n".join(lines) + "\n").replace("{}", "1").encode()))
    assert found.alone[0] == is_alone
