"""A run with rotated files has the same analysis as the run with whole files."""

from __future__ import annotations

import gzip
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from toolkit.analysis.pipeline import analyze
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.files.rotation import WholeLog, rotated_part
from toolkit.ingest import log
from toolkit.model.runs import RunAnalysis
from toolkit.timeline.book_gaps import rest_fallback_ranges

DATA = Path(__file__).parent.parent / "data"


def decompressed(path: Path) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(path.read_bytes()) as stream:
        return stream.read()


def rotated(folder: Path, run: str, cuts: dict[str, tuple[float, ...]]) -> Path:
    """Copy a run with each named file cut at these shares of its lines; the middle of three parts is compressed."""
    folder.mkdir()
    for path in sorted((DATA / "runs" / run).iterdir()):
        name, lines = path.name.removesuffix(".zst"), decompressed(path).splitlines(keepends=True)
        edges = [0, *(round(share * len(lines)) for share in cuts.get(name, ())), len(lines)]
        parts = [b"".join(lines[a:b]) for a, b in pairwise(edges)]
        for age, part in enumerate(reversed(parts)):
            if age == 1 and len(parts) > 2:
                (folder / f"{name}.{age}.gz").write_bytes(gzip.compress(part))
            else:
                (folder / (f"{name}.{age}" if age else name)).write_bytes(part)
    return folder


def figures_of(analysis: RunAnalysis) -> dict[str, object]:
    return {each.figure: (each.value, each.n, each.bound, each.low, each.high) for each in analysis.figures}


@cache
def whole_run(run: str) -> RunAnalysis:
    return analyze([str(DATA / "runs" / run)])


ALL = ("run.log", "telemetry.jsonl", "market_rx_stats.log")


@pytest.mark.parametrize(
    ("run", "share"),
    [("killed_head", 0.1), ("faulty_head", 0.6), ("capped_head", 0.1), ("panic_task_run", 0.6), ("restart_head", 0.1),
     ("restart_head", 0.6), ("ci_prefixed", 0.6)],
)  # fmt: skip
def test_a_log_cut_in_two_has_the_figures_of_the_whole(tmp_path: Path, run: str, share: float) -> None:
    cut = analyze([str(rotated(tmp_path / "run", run, dict.fromkeys(ALL, (share,))))])
    assert figures_of(cut) == figures_of(whole_run(run))
    assert cut.run.lives == whole_run(run).run.lives
    assert [each.code for each in cut.findings] == [each.code for each in whole_run(run).findings]


def test_three_parts_are_ordered_by_age_whatever_the_order_of_the_arguments(tmp_path: Path) -> None:
    folder = rotated(tmp_path / "run", "faulty_head", dict.fromkeys(ALL, (0.3, 0.6)))
    cut = analyze(sorted((str(path) for path in folder.iterdir()), reverse=True))
    assert figures_of(cut) == figures_of(whole_run("faulty_head"))
    assert [each.file for each in cut.ledger if "run.log" in each.file] == ["run.log.2", "run.log.1.gz", "run.log"]


@pytest.mark.parametrize("run", ["faulty_head", "killed_head", "ci_prefixed"])
def test_a_cut_within_a_line_changes_no_time(tmp_path: Path, run: str) -> None:
    parts = rotated(tmp_path / "run", run, {})
    data = (parts / "run.log").read_bytes()
    at = data.index(b"\n", len(data) // 2) - 9
    (parts / "run.log.1").write_bytes(data[:at])
    (parts / "run.log").write_bytes(data[at:])
    cut = analyze([str(parts)])
    assert figures_of(cut) == figures_of(whole_run(run))
    placed = [(each.kind, each.venue, each.from_ms, each.to_ms) for each in whole_run(run).episodes]
    assert [(each.kind, each.venue, each.from_ms, each.to_ms) for each in cut.episodes] == placed


def test_empty_parts_are_not_copies_of_each_other(tmp_path: Path) -> None:
    folder = rotated(tmp_path / "run", "faulty_head", {})
    (folder / "run.log").rename(folder / "run.log.3")
    for name in ("run.log.2", "run.log.1", "run.log"):
        (folder / name).touch()
    cut = analyze([str(folder)])
    assert figures_of(cut) == figures_of(whole_run("faulty_head"))
    assert "part_missing" not in [each.code for each in cut.findings]


def test_a_missing_part_is_a_finding_that_names_its_neighbours(tmp_path: Path) -> None:
    folder = rotated(tmp_path / "run", "killed_head", dict.fromkeys(ALL, (0.3, 0.6)))
    for name in ALL:
        (folder / f"{name}.2").rename(folder / f"{name}.3")
    (folder / "telemetry.jsonl.3").rename(folder / "telemetry.jsonl.2")
    texts = [each.text for each in analyze([str(folder)]).findings if each.code == "part_missing"]
    assert [text.split(" is missing")[0] for text in texts] == [
        f"the part between {name}.3 and {name}.1.gz" for name in ("market_rx_stats.log", "run.log")
    ]


def test_a_reconnect_across_the_cut_names_the_file_of_each_line(tmp_path: Path) -> None:
    connects = "".join(
        f"INFO: Lighter public WS {text}\n"
        for text in ("connecting url=ws://127.0.0.1:1/x", "connected url=ws://127.0.0.1:1/x")
    )
    ends = "INFO: Lighter public WS error (consecutive_failures=1): read timeout\n"
    (tmp_path / "run.log.1").write_text("job\n" * 5 + connects)
    (tmp_path / "run.log").write_text("job\n" + ends + connects)
    (episode,) = analyze([str(tmp_path)]).episodes
    assert episode.lines == (("run.log", 2), ("run.log", 3))


REST_FALLBACK_LINES = (
    "WARN: REST health monitor: paradex stale (age_ms=24500, threshold=20000), activating REST fallback\n",
    "INFO: REST health monitor: paradex recovered (age_ms=4749)\n",
)


@pytest.mark.parametrize(
    ("before", "after", "stretch"),
    [
        ((0, 1), (), ((0, 1), (0, 2))),
        ((0,), (1, 0, 1), ((0, 1), (1, 1))),
        ((1, 0, 0), (1,), ((0, 2), (1, 1))),
        ((0,), (), ((0, 1), None)),
    ],
)
def test_rest_fallback_lasts_until_a_later_part_ends_it(
    tmp_path: Path, before: tuple[int, ...], after: tuple[int, ...], stretch: tuple[tuple[int, int], object]
) -> None:
    (tmp_path / "run.log.1").write_text("".join(REST_FALLBACK_LINES[each] for each in before))
    (tmp_path / "run.log").write_text("".join(REST_FALLBACK_LINES[each] for each in after))
    con, parts = connect(":memory:"), WholeLog((0, 1))
    log.load(con, 1, discover([str(tmp_path)]))
    venue, began, ended = next(iter(rest_fallback_ranges(con, 1, parts)))
    assert (venue, parts.ref(began)) == ("paradex", stretch[0])
    assert (parts.ref(ended) if ended < 1 << 60 else None) == stretch[1]


ORDERS = [
    ["run.log.10", "run.log.2", "run.log.1", "run.log"],
    ["run.log.2026-11-22", "run.log-20261123.gz", "run.log.zst"],
    ["run.2026-11-22.log", "run-20261123.log.gz", "run.log.zst"],
    ["telemetry.jsonl.1.gz", "telemetry.jsonl"],
    ["a/run.log.1", "a/run.log", "b/run.log.1", "b/run.log"],
    ["stderr.log", "stdout.log"],
]


@pytest.mark.parametrize("names", ORDERS, ids=lambda names: names[0])
def test_the_parts_of_a_rotated_file_are_ordered_by_number_or_date(names: list[str]) -> None:
    assert sorted(names, key=rotated_part) == names
