"""Which of the lines after the first line of a panic are its message."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from toolkit.ingest.log_lines.held_lines import LinesAfterPanic, Message, MessageForm, PanicMessage
from toolkit.ingest.log_lines.pending import PendingLine
from toolkit.runlog.bulk.single_lines import parse_single
from toolkit.runlog.panic_messages import LIKELY_LINES, MAX_MESSAGE_LINES
from toolkit.runlog.parse import OTHER, parse

PANICS = (
    "thread 'main' panicked at 'called `Option`", "thread 'main' panicked at 'oops', src/main.rs:10:5",
    "thread 'main' panicked at src/main.rs:10:5:",
)  # fmt: skip
STARTS = ("paraphina_live | trade_mode=shadow | cfg_hash=0x1", "paraphina_live | trade_mode=shadow connectors=aster")
NOTES = (
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", "stack backtrace:",
)  # fmt: skip
SUPERVISED = "ERROR: Supervised task 'aster_public_ws' panicked (restart #1): boom"
LINES = (
    *PANICS, *STARTS, *NOTES, SUPERVISED, f"{SUPERVISED}., restarting in 1s", "more', src/x.rs:1:2", "boom", "",
    "text., restarting in 1s", "INFO: Aster public WS connected url=wss://h/ws",
    "WS_AUDIT venue=aster reconnect_reason=read_timeout count=1",
)  # fmt: skip
LAST_LINES = {
    MessageForm.QUOTED: ("more', src/x.rs:1:2", PANICS[1]),
    MessageForm.SUPERVISED: ("text., restarting in 1s", f"{SUPERVISED}., restarting in 1s"),
}


def pending(text: str, line: int) -> PendingLine:
    return PendingLine(parse_single(text.encode(), 0, 0), (1, line), False, (1,))


def message_line_by_line(form: MessageForm, texts: Sequence[str]) -> Message | None:
    """Return the message of a panic by the rule: read the lines one by one until one of them shows its end."""
    started = False
    for place, text in enumerate(texts):
        if form is MessageForm.AFTER_FIRST_LINE:
            if text in NOTES:
                return Message(place, is_certain=True)
            if place and text.startswith(SUPERVISED) and texts[0] == "boom":
                return Message(1 if text.endswith(" in 1s") else place, is_certain=True)
        if place > MAX_MESSAGE_LINES or (started and text in PANICS):
            return Message(likely_lines(form, texts[:place]), is_certain=False)
        if form is not MessageForm.AFTER_FIRST_LINE and text in LAST_LINES[form]:
            return Message(place + 1, is_certain=True)
        started |= text in STARTS
    return None


def likely_lines(form: MessageForm, texts: Sequence[str]) -> int:
    if form is not MessageForm.AFTER_FIRST_LINE or not texts:
        return 0
    of_text = [at for at, text in enumerate(texts[:LIKELY_LINES]) if text and parse(text).records[0].family == OTHER]
    return max(of_text, default=0) + 1


@pytest.mark.parametrize("form", MessageForm)
@pytest.mark.parametrize("seed", range(8))
def test_a_message_ends_at_the_first_line_that_shows_its_end(form: MessageForm, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        chosen = chance.sample(LINES, chance.randrange(2, 8))
        texts = chance.choices(chosen, [chance.random() ** 3 for _ in chosen], k=chance.choice((8, 70, 90)))
        held, panic = LinesAfterPanic(), PanicMessage((1, 1), 1, form)
        # What was held for an earlier panic is not looked at.
        for line in range(2, 2 + (skipped := chance.randrange(5))):
            held.add(pending(chance.choice(LINES), line))
        for _ in range(skipped):
            held.take()
        for line, text in enumerate(texts, 2):
            held.add(pending(text, line))
            seen = texts[: line - 1]
            expected = message_line_by_line(form, seen)
            assert panic.among(held, no_more=False) == expected, seen
            if expected is not None:
                break
        else:
            assert panic.among(held, no_more=True) == Message(likely_lines(form, texts), is_certain=False)


def test_a_line_after_a_gap_is_no_part_of_a_message() -> None:
    held, panic = LinesAfterPanic(), PanicMessage((1, 7), 1, MessageForm.QUOTED)
    assert [panic.directly_precedes((1, line), held) for line in (8, 9)] == [True, False]
    assert panic.directly_precedes((2, 1), held), "the next part of a log may go on with it"
    held.add(pending("boom", 8))
    assert [panic.directly_precedes(ref, held) for ref in ((1, 9), (1, 10), (2, 1))] == [True, False, False]
