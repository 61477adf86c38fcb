"""Numbers that no program prints: of thousands of digits, negative, or no numbers at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import toolkit
from tests.sampling import sampled
from toolkit.model.runs import RunAnalysis
from toolkit.runlog.grammar import audit_families, message_families

START = "paraphina_live | trade_mode=shadow | network=hyperliquid:mainnet | venues=extended,aster | cfg=v1"
SESSION = (
    "INFO: Aster public WS connecting url=wss://host/ws",
    "INFO: Aster public WS connected url=wss://host/ws",
    "WARN: Aster public WS read timeout after 10s",
)
ABSURD = ["9" * 5_000, "9" * 400, "9" * 19, "0" * 5_000, "-5", "1e999", "nan", "abc", ""]
NUMBERS_OF_LINE = 4


def analysed(folder: Path, lines: list[str]) -> RunAnalysis:
    path = folder / "run.log"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    run = toolkit.analyze(path, db=":memory:").analysis
    (ledger,) = run.ledger
    assert ledger.lines == len(lines) == ledger.used + ledger.other + sum(ledger.set_aside.values())
    return run


def lines_with(number: str) -> Iterator[str]:
    """Yield the example lines of all families with another number in place of each of their first ones."""
    for family in (*message_families(), *audit_families()):
        for example in family.examples:
            for digits in list(re.finditer(r"\d+", example))[:NUMBERS_OF_LINE]:
                yield example[: digits.start()] + number + example[digits.end() :]


@pytest.mark.untraced
@sampled("number", ABSURD, 2, ids=lambda number: f"{number[:5]}_{len(number)}")
def test_any_number_of_any_line_may_be_absurd(number: str, tmp_path: Path) -> None:
    run = analysed(tmp_path, [START, *lines_with(number)])
    assert all(each.value is None or abs(each.value) < 1e300 for each in run.figures)


@pytest.mark.parametrize(
    "count", ["9" * 4_000, "9" * 19, "-1", "٣"], ids=["long", "beyond_64_bits", "negative", "arabic"]
)
def test_a_reconnect_with_an_absurd_count_is_counted_by_its_line(count: str, tmp_path: Path) -> None:
    reconnect = "WS_AUDIT venue=aster reconnect_reason=read_timeout count="
    run = analysed(tmp_path, [START, *SESSION, f"{reconnect}{count}", *SESSION, f"{reconnect}2", *SESSION[:2]])
    assert run.run.lives == 1
    assert {each.figure: each.value for each in run.figures}["aster.reconnects.read_timeout"] == 2


@sampled(
    "stamp",
    [pytest.param("9" * 5_000, id="long"), pytest.param("9" * 18, id="18_digits"),
     pytest.param("-1780000000123456", id="negative"), pytest.param("-" + "9" * 5_000, id="negative_long"),
     pytest.param("", id="empty"), pytest.param("٣" * 16, id="arabic")],
    2,
)  # fmt: skip
def test_an_absurd_time_of_a_journal_line_costs_no_line(stamp: str, tmp_path: Path) -> None:
    texts = [START, *SESSION * 20]
    stamps = [f"{1_780_000_000_000_000 + 1_000_000 * number}" for number in range(len(texts))]
    stamps[10] = stamp
    lines = [
        json.dumps({"MESSAGE": text, "__REALTIME_TIMESTAMP": at, "_SYSTEMD_UNIT": "bot.service"})
        for text, at in zip(texts, stamps, strict=True)
    ]
    run = analysed(tmp_path, lines)
    assert run.ledger[0].used == len(lines)
    assert {each.figure: each.value for each in run.figures}["aster.reconnects.read_timeout"] == 19
