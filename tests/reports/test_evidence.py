from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.elements import Cell, CellKind
from reports.evidence.answer import LIMIT, answer
from reports.evidence.context import Context
from reports.evidence.wording import marked_text
from reports.run_pages import summary
from tests.reports.made_pair import VENUES, after, before, blocked, figure, run_figures, run_info
from tests.reports.rendered import Page
from tests.reports.test_comparison_page import OUR_TAGS, hostile, with_settings
from tests.reports.test_escape import HOSTILE
from toolkit.comparison.rows import compare
from toolkit.evidence.assemble import assemble
from toolkit.evidence.document import (
    comparison_page,
    document_answer,
    evidence_comment,
    evidence_document,
)
from toolkit.model.closes import CloseGroup
from toolkit.model.evidence import (
    Answer,
    CheckedCitation,
    Citation,
    CommandRow,
    Direction,
    Evidence,
    Expectation,
    FindingChange,
    FindingState,
    Hypothesis,
    HypothesisAnswer,
    Observation,
    Specification,
    Validation,
    ValidationResult,
)
from toolkit.model.runs import Diagnosis, Episode, RunAnalysis
from toolkit.model.vocabulary import Ended

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("prb_before", "prb_after")
COMMAND = ("toolkit", "report", *NAMES, "-o", "evidence.md")
HEADINGS = ["Reconnects by reason", "Ages: time since the last applied book", "Ages: time since the venue's own stamp",
            "Publisher pressure", "Cap hits"]  # fmt: skip


def evidence(left: RunAnalysis, right: RunAnalysis, names: tuple[str, str] = NAMES, **other: Any) -> Evidence:
    return replace(assemble(compare(left, right), names, COMMAND), **other)


def document(left: RunAnalysis, right: RunAnalysis, names: tuple[str, str] = NAMES) -> str:
    return evidence_document(evidence(left, right, names))


def said(left: RunAnalysis, right: RunAnalysis, **other: Any) -> str:
    """Return the answer of the document as plain text, with ordinary spaces."""
    return " ".join(map(str, answer(Context(evidence(left, right, **other))))).replace("\u00a0", " ")


def stated() -> dict[str, Any]:
    """Return what people stated about the made-up pair, and its answers."""
    ping = Hypothesis(
        "H1", "Lighter sent no ping", (Expectation("lighter.reconnects", Direction.LOWER),),
        (Citation("ping branch", "src/lighter.rs", 706, 754), Citation("", "src/gone.rs", 1, 1)), ("U12",),
    )  # fmt: skip
    ends = Hypothesis("H3", "every end states a reason", (Expectation("run.socket_ends.silent", at_most=0),))
    fewer = Observation(ping.expects[0], Answer.SUPPORTED, "", "count", 10, 1, 0.006, 0.012, 0.002, 0.7, 0.15)
    silent = Observation(ends.expects[0], Answer.NOT_SUPPORTED, "2 is above 0", "count", 2, 2)
    answers = (
        HypothesisAnswer(ping, Answer.SUPPORTED, (fewer,)),
        HypothesisAnswer(ends, Answer.NOT_SUPPORTED, (silent,)),
    )
    check = CommandRow("U12", "cargo check -q", 1795508135417, 12_300, 0, None, "ab" * 32, "commands.jsonl")
    tests = Validation("unit tests", "U15")
    specification = Specification(
        "evidence.toml", "connectivity", "ws-uniformity", "b2e29e2", "29c19fd", "SHADOW only", (), (ping, ends),
        (tests,), ("REST fallback has no endpoint",), "The ping keeps the socket.\n\nNothing else changed.",
    )  # fmt: skip
    citations = (
        CheckedCitation(ping.implementation[0], None, ("let ping = …",), "cd" * 32),
        CheckedCitation(ping.implementation[1], "the file does not exist at 29c19fd"),
    )
    idle = before().findings[0]
    return {
        "specification": specification, "answers": answers, "citations": citations, "commands": (check,),
        "validations": (ValidationResult(tests, None, "not recorded"),),
        "findings": (FindingChange(FindingState.GONE, idle, None),),
    }  # fmt: skip


PAGES = {
    "evidence.md": lambda: document(before(), after()),
    "stated.md": lambda: evidence_document(evidence(before(), after(), **stated())),
    "comment.md": lambda: evidence_comment(evidence(before(), after(), **stated()), "toolkit-evidence:smoke"),
    "blocked.md": lambda: document(blocked(), after(), ("exdev_build", "prb_after")),
    "both_blocked.md": lambda: document(blocked(), replace(blocked(), run=replace(blocked().run, id="other"))),
    "compare.txt": lambda: comparison_page(compare(before(), after()), NAMES, "text"),
    "summary.txt": lambda: summary(before(), "prb_before", "text"),
    "summary.md": lambda: summary(after(), "prb_after", "markdown"),
    "blocked.txt": lambda: summary(blocked(), "exdev_build", "text"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_equals_its_golden_file(name: str) -> None:
    assert PAGES[name]() == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(".md")])
def test_every_row_of_a_rendered_table_has_as_many_cells_as_its_head(name: str) -> None:
    page = Page(PAGES[name]())
    assert len(page.tables) == PAGES[name]().count("\n\n| ")
    for table in page.tables:
        assert len(table) > 1 and {len(row) for row in table} == {len(table[0])}
    assert set(page.tags) <= OUR_TAGS | {"blockquote"}


def test_the_document_has_four_tables_before_and_after_with_ages_of_two_kinds() -> None:
    text = document(before(), after())
    marks = [f"### {title}" if f"### {title}" in text else f"<summary>{title}: " for title in HEADINGS]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


def test_a_table_in_which_nothing_moved_is_one_fold_with_its_title() -> None:
    text = document(before(), after())
    assert "### Cap hits" not in text and "<summary>Cap hits: 1 row reads the same</summary>" in text


def test_the_answer_names_the_change_the_gate_the_feed_and_the_lost_lines() -> None:
    text = said(before(), after())
    assert text == (
        "Improved: Lighter reconnects 10 → 1 (ratio 0.10, 95 % interval 0.002–0.70, corrected p = 0.047). "
        "Nothing tested got worse. "
        "Gate frontier: FAIL before and after, same cause: Extended book age p95 11.2 s, limit 10 s. "
        "SIMULATED venues. Lost: after 1 of 2 400 lines of telemetry.jsonl (torn_tail)."
    )


def test_the_answer_leads_with_the_hypotheses() -> None:
    text = said(before(), after(), **stated())
    assert text.startswith("H1 supported: Lighter reconnects 10 → 1 (95 % interval of the ratio 0.002–0.70; declared ")
    assert "H3 not supported." in text


def dead_after(venue: str) -> RunAnalysis:
    """Return the after run in which a venue never had a book."""
    name = f"{venue}.age_apply_unknown.share"
    return replace(after(), figures=tuple(
        replace(each, value=1) if each.figure == name else each for each in after().figures
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (blocked(), after(), "Blocked: the before run never ran: the build could not move a file across devices"),
        (before(), blocked(), "Blocked: the after run never ran: the build could not move a file across devices"),
        (before(), before(), "Both sides are the same run."),
        (with_settings(before(), {"A": "10000"}), with_settings(after(), {"A": "45000"}), "A setting differs: A 10000 → 45000."),
        (with_settings(before(), dict.fromkeys("ABC", "1")), with_settings(after(), dict.fromkeys("ABC", "2")),
         "Settings differ: A 1 → 2; B 1 → 2 and 1 more."),
    ],
)  # fmt: skip
def test_the_first_paragraph_says_what_limits_the_comparison(left: RunAnalysis, right: RunAnalysis, words: str) -> None:
    assert words in said(left, right)


@pytest.mark.parametrize("text", ["x" * 300, "a word " * 60])
def test_the_answer_has_at_most_600_characters(text: str) -> None:
    settings = [with_settings(run, {text: value}) for run, value in ((before(), "1"), (after(), "2"))]
    assert len(said(settings[0], settings[1], **stated())) <= LIMIT


def test_a_venue_without_a_book_is_no_improvement() -> None:
    page = Page(document(before(), dead_after("lighter")))
    (row,) = (row for row in page.tables[0] if row[0] == "lighter")
    assert row[-1] == "no book after"


def test_a_venue_with_a_verdict_comes_first_and_venues_that_read_the_same_show_one_value() -> None:
    rows = [[cell.replace("\u00a0", " ") for cell in row] for row in Page(document(before(), after())).tables[0]]
    assert rows[1] == ["lighter", "10 → 1", "< 0.25", "unknown", "improved"]
    assert [row[0] for row in rows[1:]] == ["lighter", "extended", "hyperliquid", "paradex", "aster"]
    assert rows[2][1:3] == ["5", "11.2"]


def test_a_counter_that_only_one_build_prints_is_not_compared_with_zero() -> None:
    tables = Page(document(before(), after()).replace("\u00a0", " ")).tables
    rows = {row[0]: row for table in tables if table[0][0] == "counter" for row in table[1:]}
    assert rows["try send full, pending latest replaced"][1:4] == ["not instrumented → 0", "–", "now counted"]


def test_no_row_of_the_main_text_is_called_descriptive() -> None:
    assert "descriptive" not in document(before(), after())


def test_rows_that_read_the_same_are_folded() -> None:
    text = document(before(), after())
    open_text = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    assert "| extended | read timeout |" in text and "| extended | read timeout |" not in open_text


@pytest.mark.parametrize("limit", [65_536, 20_000, 8_000, 6_000, 3_000])
def test_a_document_fits_its_limit_and_says_what_it_left_out(limit: int) -> None:
    pair = evidence(before(), after(), **stated())
    text, whole = evidence_document(pair, limit), evidence_document(pair, 10**9)
    assert len(text) <= limit
    assert ("**Left out**" in text or "**Cut here**" in text) == (text != whole)
    page = Page(text)
    assert page.tags["details"] == text.count("</details>")


@pytest.mark.parametrize("limit", [65_536, 7_000, 3_000])
def test_a_comment_begins_with_its_marker_and_the_answer(limit: int) -> None:
    text = evidence_comment(evidence(before(), after(), **stated()), "toolkit-evidence:smoke", limit)
    assert text.startswith("<!-- toolkit-evidence:smoke -->\n")
    assert len(text) <= limit
    assert "H1 supported" in text[:600] and "Nothing tested got worse." in text[:600]


def test_a_comment_folds_everything_but_the_first_screen() -> None:
    text = evidence_comment(evidence(before(), after()), "toolkit-evidence:smoke")
    assert text.index("<details>") < text.index("## Before and after")
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("marker", ["a -- b", "--><script>", "x\ny"])
def test_a_marker_cannot_end_its_comment(marker: str) -> None:
    first, *_ = evidence_comment(evidence(before(), after()), marker).splitlines()
    assert first.startswith("<!-- ") and first.endswith(" -->") and first.count("-->") == 1


def test_citations_that_vanished_are_listed() -> None:
    text = evidence_document(evidence(before(), after(), **stated()))
    assert "- **Citation not found: src/gone.rs:1-1**: the file does not exist at 29c19fd." in text


def test_a_run_that_died_is_named_with_its_diagnosis() -> None:
    info = replace(after().run, ended=Ended.KILLED, diagnosis=Diagnosis("x", "the log stops in mid-line", "run.log", 7))
    text = document(before(), replace(after(), run=info))
    assert "the rest of the run, which was cut short" in said(before(), replace(after(), run=info))
    assert Page(text).tables[0][1][-1] != "improved"


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [((-18, -17, -19), "fell by 17 to 19 ms together"), ((16, 16, 16), "rose by 16 ms together"),
     ((-18, 17, -19), None), ((0, 0, 0), None)],
)  # fmt: skip
def test_a_common_shift_of_all_venues_is_named_once(deltas: tuple[int, ...], expected: str | None) -> None:
    venues = VENUES[: len(deltas)]
    runs = []
    for number, moved in enumerate((deltas, [0] * len(deltas))):
        ages = [figure(f"{v}.age_event_ms.p50", 400 + d, "ms") for v, d in zip(venues, moved, strict=True)]
        runs.append(RunAnalysis(run_info(id=str(number), venues=venues), (), (*run_figures(), *ages)))
    text = document(runs[1], runs[0]).replace("\u00a0", " ")
    assert ("together: where the ticks fell" in text) == bool(expected)
    assert expected is None or text.count(expected) == 1


def test_the_answer_of_a_terminal_has_no_markup() -> None:
    assert "**" not in document_answer(evidence(before(), after()))


def test_the_same_input_gives_the_same_bytes() -> None:
    assert document(before(), after()) == document(before(), after())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_changes_the_structure_of_the_document(text: str) -> None:
    run = hostile(text)
    other = with_settings(run, {f"{text}!": text, text: f"{text}!"}, id="other")
    pair = replace(assemble(compare(run, other), (text, text), ("toolkit", "report", text)), **stated())
    plain = replace(
        assemble(
            compare(hostile("x"), with_settings(hostile("x"), {"x!": "x", "x": "x!"}, id="other")), ("x", "x"), ()
        ),
        **stated(),
    )
    page, expected = Page(evidence_document(pair, 10**9)), Page(evidence_document(plain, 10**9))
    assert page.headings[1:] == expected.headings[1:]
    assert [len(table[0]) for table in page.tables] == [len(table[0]) for table in expected.tables]
    assert all(len(row) == len(table[0]) for table in page.tables for row in table)
    assert set(page.tags) <= OUR_TAGS | {"blockquote"}
    assert not re.search(r"[@#]\w", page.prose)


@pytest.mark.parametrize(
    "text", ["wss://ada:s3cr3tV4lue@venue.example/ws", "api_key=s3cr3tV4lue", "/home/s3cr3tV4lue/soak"]
)
def test_no_secret_of_a_run_reaches_the_document(text: str) -> None:
    run = hostile(text)
    pair = assemble(compare(run, with_settings(run, {text: f"{text}!"}, id="other")), (text, text), COMMAND)
    for page in (evidence_document(pair), evidence_comment(pair, "x"), document_answer(pair)):
        assert "s3cr3tV4lue" not in page


def closed(run: RunAnalysis, *groups: CloseGroup) -> RunAnalysis:
    return replace(run, closes=groups)


IDLE = CloseGroup("lighter", 1000, "idle", 9, (("run.log", 66),), 60_000, 59_000, 61_000, 1_000, 9)


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ((IDLE,), (), "Lighter's “idle” closes are gone (9 → 0)."),
        ((), (IDLE,), "Lighter's “idle” closes are new (0 → 9)."),
        ((IDLE,), (replace(IDLE, count=1, regular=1),), ""),
        ((replace(IDLE, count=2, regular=2),), (), ""),
        ((replace(IDLE, regular=1),), (), ""),
        ((replace(IDLE, reason=None),), (), "Lighter's closes at one age are gone (9 → 0)."),
    ],
)
def test_closes_at_one_age_that_vanish_or_appear_are_named_as_a_mechanism(
    left: tuple[CloseGroup, ...], right: tuple[CloseGroup, ...], words: str
) -> None:
    text = said(closed(before(), *left), closed(after(), *right))
    assert words in text
    assert ("closes" in text) == bool(words)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ("plain",)),
        ("**H1.** shown by `run.log` twice", ("", Cell("H1.", strong=True), " shown by ", Cell("run.log", kind=CellKind.NAME), " twice")),
        ("a ** b <script> [x](y)", ("a ** b <script> [x](y)",)),
    ],
)  # fmt: skip
def test_the_interpretation_keeps_its_strong_text_and_its_code(text: str, parts: tuple[object, ...]) -> None:
    assert marked_text(text).parts == parts


def test_commands_that_were_only_stated_have_no_columns_for_what_was_not_recorded() -> None:
    only_stated = replace(stated()["commands"][0], file=None, started_ms=None, duration_ms=None, sha256=None)
    page = Page(evidence_document(evidence(before(), after(), **{**stated(), "commands": (only_stated,)})))
    (table,) = (table for table in page.tables if table[0][0] == "id")
    assert table == [["id", "command", "end"], ["U12", "cargo check -q", "exit 0"]]


def test_a_large_move_without_a_test_is_held_against_what_two_runs_of_one_build_read() -> None:
    left = replace(before(), figures=(*before().figures, figure("run.phase.total_us.p95", 1061, "us")))
    right = replace(after(), figures=(*after().figures, figure("run.phase.total_us.p95", 502, "us")))
    text = document(left, right).replace("\u00a0", " ")
    assert re.search(
        r"- \*\*tick time p95\*\* 1 061 µs → 502 µs \(two runs of one build: [\d.]+ µs and [\d.]+ µs\)\. Not", text
    )


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (({"A": "1", "cfg_hash": "x"}, {"A": "2", "cfg_hash": "y"}), "A setting differs: A 1 → 2."),
        (({"cfg_hash": "x"}, {"cfg_hash": "y"}), "A setting differs: cfg_hash x → y."),
    ],
)
def test_a_digest_over_the_settings_is_no_setting_of_its_own(
    settings: tuple[dict[str, str], dict[str, str]], named: str
) -> None:
    assert named in said(with_settings(before(), settings[0]), with_settings(after(), settings[1]))


def test_ages_that_were_not_compared_are_no_part_of_what_did_not_get_worse() -> None:
    shorter = replace(after(), run=replace(after().run, observed_ms=200_000))
    text = document(before(), shorter).replace("\u00a0", " ")
    assert "Ages were not compared: the runs last 9 min 59.5 s and 3 min 20.0 s." in text.split("\n\n")[1]
    assert "~, ages not compared |" in text


def test_more_than_ten_outages_of_a_venue_share_a_row() -> None:
    outages = tuple(Episode("lighter", "outage", 1_000 * at, 1_000 * at + 500, "dead", None, ()) for at in range(1, 14))
    text = document(before(), replace(after(), episodes=outages)).replace("\u00a0", " ")
    assert text.count("| lighter | after |") == 11
    assert "| lighter | after | later | 1.5 s | 3 more, the longest of 500 ms |" in text
