"""`toolkit explain`: the steps give the figure again, and the lines are those that it counts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.explanation_page import explanation_page
from tests.reports.rendered import Page
from tests.sampling import some
from toolkit.analysis.pipeline import analyze
from toolkit.cli import main
from toolkit.evidence.explain.explanation import explain_figure
from toolkit.evidence.explain.sources import sources_of
from toolkit.evidence.explain.stored_run import StoredRun, stored_run
from toolkit.evidence.explain.texts import explain
from toolkit.model.explanations import ExplainedLine, Explanation, SearchedFile
from toolkit.model.figures import Figure
from toolkit.model.vocabulary import Better, Bound

pytestmark = pytest.mark.sampled
DATA = Path(__file__).parents[2] / "data"
RUNS = {
    "before": "sample:before",
    "after": "sample:after",
    "restarted": str(DATA / "runs" / "restart_head"),
    "without telemetry": str(DATA / "runs" / "prb_after"),
    "own": str(DATA / "own_run"),
    "blocked": str(DATA / "runs" / "exdev_build"),
}


LONG = ("before", "after", "restarted")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.untraced] if name in LONG else []) for name in some(RUNS, 2)],
)
def path(request: pytest.FixtureRequest) -> str:
    return RUNS[request.param]


@pytest.fixture(scope="module")
def run(path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredRun]:
    store = str(tmp_path_factory.mktemp("explain") / "store.duckdb")
    with stored_run(store, analyze([path], store).run.id) as opened:
        yield opened


def figures_to_check(run: StoredRun) -> list[Figure]:
    """Return one figure for each source that the run uses, of venues in turn, and all counts that are not 0."""
    chosen: dict[tuple[int, ...], list[Figure]] = {}
    for figure in run.figures.values():
        chosen.setdefault(tuple(id(source) for source, _ in sources_of(figure.figure)), []).append(figure)
    return [figures[number % len(figures)] for number, figures in enumerate(chosen.values())]


def test_the_steps_give_the_value_of_every_figure_again(run: StoredRun) -> None:
    different = []
    for figure in figures_to_check(run):
        explanation = explain_figure(run, figure.figure, 20)
        assert explanation.definition and (explanation.searched or not figure.value), figure.figure
        if figure.value is not None:
            again = explanation.recomputed
            if again is None or not math.isclose(again, figure.value, rel_tol=1e-9, abs_tol=1e-9):
                different.append((figure.figure, figure.value, again))
    assert different == []


COUNTS = (".reconnects", ".connects", ".socket_ends.audited", ".socket_ends.silent", ".read_timeouts_kept", ".plateau_10s.count",
          ".connect_failures", ".status_flips", "run.kill.ticks", ".rest_fallback.activations")  # fmt: skip


def test_as_many_events_are_listed_as_a_count_counts(run: StoredRun) -> None:
    counts = [each for each in run.figures.values() if each.figure.endswith(COUNTS) and each.value]
    assert counts or not run.figures.get("run.ticks") or run.figures["run.ticks"].value == 0
    for figure in counts:
        explanation = explain_figure(run, figure.figure, None)
        assert (explanation.events, len({line.event for line in explanation.lines})) == (figure.value, figure.value)
        assert explanation.more == 0


def test_the_record_of_a_percentile_holds_the_age_that_the_figure_states(tmp_path: Path) -> None:
    store = str(tmp_path / "store.duckdb")
    run = analyze(["sample:after"], store).run
    for number, venue in enumerate(run.venues):
        found = explain(store, run.id, f"{venue}.age_apply_ms.p99", ["sample:after"])
        ages = {json.loads((line.text or "").replace(",…", ""))["venue_age_ms"][number] for line in found.lines}
        assert found.figure is not None and found.figure.value is not None
        assert min(ages) <= found.figure.value <= max(ages)


def explained(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["explain", *argv])
    assert isinstance(ended.value.code, int)
    return ended.value.code, *capsys.readouterr()


def test_the_command_prints_value_definition_steps_and_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = str(tmp_path / "store.duckdb")
    code, text, _ = explained(capsys, "sample:before", "lighter.reconnects", "--db", store)
    assert code == 0
    assert "of them connected after the first one of a life: 10" in text
    assert 'run.log:66  Lighter public WS closed frame=Some(CloseFrame { code: Normal, reason: "idle" })' in text
    # The run is in the store now: it is found by content, by its id and by its label.
    main_run = json.loads(
        explained(capsys, "sample:before", "lighter.reconnects", "--db", store, "--format", "json")[1]
    )
    assert main_run["schema"] == "toolkit.explanation/1"
    assert (main_run["figure"]["value"], len(main_run["lines"]), main_run["more"]) == (10, 20, 0)
    code, text, _ = explained(capsys, main_run["run"][:6], "lighter.reconnects", "--db", store, "--lines", "3")
    assert code == 0 and "Lines (3; 17 more with --all)" in text and "the store holds no texts" in text


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("sample:after", "lighter.reconects"), 2, "nearest: lighter.reconnects"),
        (("no-such-run", "run.ticks"), 3, "no such file or directory, and no run in the store"),
        (("sample:after", "run.ticks", "--lines", "-1"), 2, ""),
    ],
)
def test_a_wrong_name_is_answered_with_what_to_write(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], code: int, message: str
) -> None:
    ended, _, errors = explained(capsys, *argv, "--db", ":memory:")
    assert ended == code and message in errors


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_pages_list_the_lines_and_escape_their_texts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, format: str
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.log").write_text(
        "INFO: Lighter public WS connecting url=wss://user:hunter2@host/stream\n"
        "INFO: Lighter public WS connected url=wss://host/stream\n"
        "Lighter public WS read error: <script>alert(1)</script> | @everyone\n"
        "INFO: Lighter public WS connecting url=wss://host/stream\nINFO: Lighter public WS connected url=wss://host/stream\n"
    )
    code, page, _ = explained(capsys, str(folder), "lighter.reconnects", "--db", ":memory:", "--format", format)
    assert code == 0 and "hunter2" not in page and "<script>" not in page and "alert(1)" in page
    if format == "html":
        assert Page(page).figures


def test_a_zero_names_the_files_that_were_searched_and_the_line_that_proves_it(tmp_path: Path) -> None:
    store = str(tmp_path / "store.duckdb")
    run = analyze(["sample:after"], store).run.id
    absent = explain(store, run, "run.publisher.try_send_full", ["sample:after"])
    assert [(each.file, each.lines) for each in absent.searched] == [("run.log", 191)]
    assert [(line.file, line.line) for line in absent.lines] == [("run.log", 41)]
    never = explain(store, run, "run.supervisor.panics", ["sample:after"])
    assert (never.lines, never.steps[1]) == ((), "of them of a task that panicked: 0")


def test_a_family_is_explained_by_its_parts(tmp_path: Path) -> None:
    store = str(tmp_path / "store.duckdb")
    run = analyze(["sample:before"], store).run.id
    family = explain(store, run, "extended.plateau_10s", ["sample:before"], None)
    assert family.figure is None
    assert [each.figure.rpartition(".")[2] for each in family.parts] == ["count", "longest_ms", "total_ms"]
    assert {line.about.partition(":")[0] for line in family.lines} == {each.figure for each in family.parts}


HOSTILE = "\x1b[2J<b>@everyone|x\u202e"


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_no_text_of_a_run_acts_on_a_terminal_or_a_page(format: str) -> None:
    figure = Figure(f"lighter.reconnects.{HOSTILE}", 1, "count", 1, Bound.EXACT, 1, 1, HOSTILE, Better.LOWER)
    explanation = Explanation(
        "id", figure.figure, figure, "t", "d", "s", (figure,), (SearchedFile(HOSTILE, 1),), (HOSTILE,),
        (ExplainedLine(HOSTILE, 1, HOSTILE, HOSTILE, 1),), 0, 1, unread=HOSTILE,
    )  # fmt: skip
    page = explanation_page(explanation, format)
    assert "\x1b" not in page and "\u202e" not in page
    assert format == "text" or ("<b>@" not in page and "everyone" in page)
