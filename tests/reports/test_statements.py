"""Statements that the document of the recorded pair, and of pairs made from it, must make and must not make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import zstandard

from reports.evidence.answer import answer
from reports.evidence.context import Context
from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare
from toolkit.evidence.assemble import assemble
from toolkit.evidence.document import evidence_document
from toolkit.model.evidence import Evidence
from toolkit.model.runs import RunAnalysis

SAMPLES = Path(__file__).parents[2] / "toolkit" / "samples"
OPTIONS = Options(age_series=True, mid_series=True)


@cache
def sample(name: str) -> RunAnalysis:
    return analyze([f"sample:{name}"], options=OPTIONS)


def evidence(before: RunAnalysis, after: RunAnalysis) -> Evidence:
    return assemble(compare(before, after), ("before", "after"), ("toolkit", "report", "before", "after"))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@cache
def document() -> str:
    return plain(evidence_document(evidence(sample("before"), sample("after"))))


def first_paragraph(before: RunAnalysis, after: RunAnalysis) -> str:
    return plain(" ".join(map(str, answer(Context(evidence(before, after))))))


def first_screen(before: RunAnalysis, after: RunAnalysis) -> str:
    return plain(evidence_document(evidence(before, after))).partition("\n## ")[0]


def open_text(text: str) -> Iterator[str]:
    """Yield the lines of a document outside its folds."""
    depth = 0
    for line in text.splitlines():
        depth += line.count("<details>") - line.count("</details>")
        if depth == 0:
            yield line


def records() -> list[bytes]:
    with (SAMPLES / "after" / "telemetry.jsonl.zst").open("rb") as stream:
        return zstandard.ZstdDecompressor().stream_reader(stream).read().splitlines(keepends=True)


def copied(tmp_path: Path, **changed: bytes) -> str:
    """Return a copy of the after sample with other contents of `run_log` and `telemetry_jsonl`."""
    shutil.copytree(SAMPLES / "after", tmp_path / "changed")
    if "telemetry_jsonl" in changed:
        (tmp_path / "changed" / "telemetry.jsonl.zst").unlink()
    for name, content in changed.items():
        (tmp_path / "changed" / name.replace("_", ".")).write_bytes(content)
    return str(tmp_path / "changed")


def test_1_a_setting_that_the_log_prints_differently_is_in_the_first_paragraph(tmp_path: Path) -> None:
    log = (SAMPLES / "after" / "run.log").read_bytes().replace(b"timeout_ms=10000", b"timeout_ms=45000")
    changed = analyze([copied(tmp_path, run_log=log)], options=OPTIONS)
    assert "extended_read_timeout_ms 10000 → 45000." in first_paragraph(sample("after"), changed)


def test_2_the_market_of_runs_at_the_same_time_is_matched_tick_by_tick() -> None:
    assert (
        "Same market: the prices of 5 venues, matched tick by tick (2 399 ticks or more), correlate with r ≥ 0.99"
        in document()
    )
    assert "what the market did" not in document()


def test_3_an_early_end_is_in_the_first_sentence_and_nothing_improves_beside_it(tmp_path: Path) -> None:
    short = analyze([copied(tmp_path, telemetry_jsonl=b"".join(records()[:336]))], options=OPTIONS)
    text = first_paragraph(sample("before"), short)
    assert text.startswith("After: ended early after 1 min 23.")
    assert "Improved" not in text and "| **improved** |" not in first_screen(sample("before"), short)


def test_4_and_10_closes_at_one_age_are_a_mechanism_with_the_reason_that_the_log_states() -> None:
    text = first_paragraph(sample("before"), sample("after"))
    assert text.startswith("Lighter's “idle” closes are gone (9 → 0).")
    assert text.index("are gone") < text.index("p = ")
    cited = "(`run.log` 66, 94, 122, 142, 169, 207, 237, 250, 280)"
    assert cited in document() and '(code 1000, reason "idle")' in document() and "9 of 9 such closes" in document()


def test_5_a_large_move_is_held_against_two_runs_of_one_build() -> None:
    assert (
        "- **tick time p95** 1 061 µs → 502 µs (two runs of one build: 578 µs and 555.3 µs), **p99** 2 022"
        in document()
    )


def test_6_findings_are_gone_new_or_the_same() -> None:
    assert "**Why lighter:** before, closed by the venue" in document()
    assert "- **Gone, lighter:** see “Why lighter” above." in document()
    assert "- **Same, hyperliquid:** the socket brought no book for" in document()


def test_7_books_that_were_crossed_while_fresh_are_on_the_first_screen(tmp_path: Path) -> None:
    def crossed(line: bytes) -> bytes:
        record = json.loads(line)
        if 400 <= record["t"] < 640:
            record["venue_spread_usd"][2] = -5.18
        return json.dumps(record).encode() + b"\n"

    changed = analyze([copied(tmp_path, telemetry_jsonl=b"".join(map(crossed, records())))], options=OPTIONS)
    text = first_screen(sample("after"), changed)
    assert "**Books that could not be trusted although fresh:** aster crossed after for **1 min 0.0 s**" in text
    assert "No book was crossed" in first_screen(sample("before"), sample("after"))


def test_8_runs_at_the_same_time_are_called_so_and_share_a_processor() -> None:
    assert (
        "Same time: both from 2026-11-24 08:15:35 UTC, 11 ms apart. Two runs at once share the processor." in document()
    )
    assert "one after the other" not in document().lower()


def test_9_a_counter_without_a_line_is_no_proven_zero() -> None:
    (line,) = (
        line for line in document().splitlines() if line.startswith("| try send full, pending latest replaced, ")
    )
    assert "not instrumented → 0" in line and "no line seen; this build prints them" in line


def test_11_a_tick_that_only_the_receive_statistics_reach_is_lost() -> None:
    text = first_paragraph(sample("before"), sample("after"))
    assert "Lost on both sides: 1 tick after the last record." in text
    assert "No line or tick lost" not in text


@pytest.mark.parametrize("words", ["descriptive", "736 ms to 48.7 s", "nan", "None", "(60.0 → 6.0 per h)"])
def test_the_main_text_has_none_of_the_words_that_say_nothing(words: str) -> None:
    assert words not in "\n".join(open_text(document()))


def test_the_document_fits_four_screens_and_its_tables_are_narrow() -> None:
    assert len(document()) <= 20_000
    columns = [line.count(" | ") + 1 for line in open_text(document()) if line.startswith("| ---")]
    assert columns and max(columns) <= 6


def test_a_longer_stall_is_in_the_first_paragraph_though_no_test_can_show_it(tmp_path: Path) -> None:
    def stalled(line: bytes) -> bytes:
        record = json.loads(line)
        if 400 <= record["t"] < 640:
            record["venue_age_ms"][4] = 250 * (record["t"] - 399)
        return json.dumps(record).encode() + b"\n"

    changed = analyze([copied(tmp_path, telemetry_jsonl=b"".join(map(stalled, records())))], options=OPTIONS)
    assert "Longer stall: Paradex oldest book 0.75 → 60.0 s (not tested)." in first_paragraph(sample("after"), changed)
    assert "Longer stall" not in first_paragraph(sample("before"), sample("after"))
