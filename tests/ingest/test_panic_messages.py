"""Lines that may be the message of one panic or of the next one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.runlog.bulk.test_log_groups import stored
from toolkit.ingest.log_lines.pending import PanicMessage

SUPERVISED = "ERROR: Supervised task 'aster_public_ws' panicked (restart #1): boom"
LINES = (
    "thread 'main' panicked at 'called `Option`", "thread 'main' panicked at 'oops', src/main.rs:10:5",
    "thread 'main' panicked at src/main.rs:10:5:", SUPERVISED, f"{SUPERVISED}., restarting in 1s", "more', src/x.rs:1:2",
    "boom", "text., restarting in 1s", "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    "INFO: Aster public WS connected url=wss://h/ws", "paraphina_live | trade_mode=shadow | cfg_hash=0x1", "",
    "WS_AUDIT venue=aster reconnect_reason=read_timeout count=1", "stack backtrace:",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_a_panic_that_takes_over_held_lines_holds_what_it_would_hold_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    chosen = chance.sample(LINES, chance.randrange(2, 8))
    path = tmp_path / "run.log"
    path.write_text("\n".join(chance.choices(chosen, [chance.random() ** 3 for _ in chosen], k=300)) + "\n")
    taken_over = stored(path)
    monkeypatch.setattr(PanicMessage, "passes_to", lambda *_: False)
    assert stored(path) == taken_over
