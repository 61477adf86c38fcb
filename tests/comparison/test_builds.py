"""Equal, different and unknown builds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.reports.made_pair import run_info
from toolkit.analysis.pipeline import analyze
from toolkit.comparison.conditions.builds import build_rows
from toolkit.comparison.rows import compare
from toolkit.model.comparisons import BuildRow
from toolkit.model.recorded.run_meta import Binary, Checkout, RunMeta
from toolkit.model.runs import BuildFact
from toolkit.model.vocabulary import BuildState

SAMPLES = Path(__file__).parent.parent.parent / "toolkit" / "samples"
TICK = b'{"t":%d,"treasury_guidance":{"as_of_ms":%d},"venue_status":["Healthy"],"venue_age_ms":[0]}\n'


def one(before: BuildFact | None, after: BuildFact | None, name: str) -> BuildRow:
    runs = (run_info(build=() if fact is None else (fact,)) for fact in (before, after))
    return next(row for row in build_rows(*runs) if row.name == name)


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (BuildFact("commit", "29c19fd", "x"), BuildFact("commit", "29c19fd0a1b2", "x"), BuildState.EQUAL),
        (BuildFact("commit", "29c19fd", "x"), BuildFact("commit", "b2e29e2", "x"), BuildState.DIFFERENT),
        (BuildFact("commit", "29c19fd", "x", dirty=True), BuildFact("commit", "29c19fd", "x"), BuildState.NOT_KNOWN),
        (BuildFact("commit", "29c19fd", "x", dirty=True), BuildFact("commit", "b2e29e2", "x"), BuildState.DIFFERENT),
        (BuildFact("commit", "29c19fd", "x"), None, BuildState.NOT_KNOWN),
        (None, None, BuildState.NOT_KNOWN),
    ],
)
def test_two_commits_are_equal_different_or_not_known(
    before: BuildFact | None, after: BuildFact | None, state: BuildState
) -> None:
    assert one(before, after, "commit").state is state


def test_the_builds_of_the_sample_are_not_known() -> None:
    found = compare(analyze(["sample:before"]), analyze(["sample:after"])).builds
    assert [(row.name, row.before, row.after, row.state) for row in found] == [
        (name, None, None, BuildState.NOT_KNOWN) for name in ("build id", "commit", "digest of the executable")
    ]


def test_builds_are_read_from_the_log_the_build_file_and_the_metadata_with_their_sources(tmp_path: Path) -> None:
    runs = []
    for side, digest in (("before", "a" * 64), ("after", "b" * 64)):
        folder = tmp_path / side
        folder.mkdir()
        log = (SAMPLES / side / "run.log").read_bytes()
        (folder / "run.log").write_bytes(log.replace(b"build_id=unknown", b"build_id=v7"))
        (folder / "telemetry.jsonl").write_bytes(b"".join(TICK % (t, 1_795_508_135_417 + 250 * t) for t in range(9)))
        (folder / "build_info.json").write_text('{\n  "git_sha": "29c19fd",\n  "dirty": false\n}')
        meta = RunMeta(source=Checkout("c" * 40, dirty=True), binaries=(Binary("~/bin/paraphina_live", 9, digest),))
        (folder / "run_meta.json").write_bytes(msgspec.json.encode(meta))
        runs.append(analyze([str(folder)]))
    found = {row.name: row for row in compare(*runs).builds}
    line = next(
        n for n, text in enumerate((SAMPLES / "before" / "run.log").read_text().splitlines(), 1) if "build_id=" in text
    )
    assert (found["build id"].before, found["build id"].before_source) == ("v7", ("run.log", line))
    assert (found["commit"].state, found["commit"].after_source) == (BuildState.EQUAL, ("build_info.json", 2))
    assert found["commit of the checkout"].before == "c" * 40 + " (dirty)"
    assert found["commit of the checkout"].state is BuildState.NOT_KNOWN
    digest = found["digest of paraphina_live"]
    assert (digest.state, digest.before, digest.after_source) == (
        BuildState.DIFFERENT,
        "a" * 64,
        ("run_meta.json", None),
    )
