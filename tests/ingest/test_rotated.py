"""A run whose files were rotated while it ran reads as the run of the whole files."""

from __future__ import annotations

import gzip
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from toolkit.analysis import analyze
from toolkit.records import Analysis
from toolkit.runlog.parts import part_of

DATA = Path(__file__).parent.parent / "data"


def whole(path: Path) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(path.read_bytes()) as stream:
        return stream.read()


def rotated(folder: Path, run: str, cuts: dict[str, tuple[float, ...]]) -> Path:
    """The run with each named file cut at these shares of its lines; the middle part is packed."""
    folder.mkdir()
    for path in sorted((DATA / "runs" / run).iterdir()):
        name, lines = path.name.removesuffix(".zst"), whole(path).splitlines(keepends=True)
        edges = [0, *(round(share * len(lines)) for share in cuts.get(name, ())), len(lines)]
        parts = [b"".join(lines[a:b]) for a, b in pairwise(edges)]
        for age, part in enumerate(reversed(parts)):
            if age == 1 and len(parts) > 2:
                (folder / f"{name}.{age}.gz").write_bytes(gzip.compress(part))
            else:
                (folder / (f"{name}.{age}" if age else name)).write_bytes(part)
    return folder


def said(analysis: Analysis) -> dict[str, object]:
    placed = (
        "downtime_ms",
        "time_to_first_book_ms",
        "backoff.violations",
        "masked",
        "fresh_by_socket",
        "run.log_time.",
    )
    return {
        each.figure: (each.value, each.n, each.bound, each.low, each.high)
        for each in analysis.figures
        if not any(word in each.figure for word in placed)
    }


@cache
def of(run: str) -> Analysis:
    return analyze([str(DATA / "runs" / run)])


ALL = ("run.log", "telemetry.jsonl", "market_rx_stats.log")


@pytest.mark.parametrize("share", [0.1, 0.6])
@pytest.mark.parametrize(
    "run", ["killed_head", "faulty_head", "capped_head", "panic_task_run", "restart_head", "ci_prefixed"]
)
def test_a_log_cut_in_two_has_the_figures_of_the_whole(tmp_path: Path, run: str, share: float) -> None:
    cut = analyze([str(rotated(tmp_path / "run", run, dict.fromkeys(ALL, (share,))))])
    assert said(cut) == said(of(run))
    assert cut.run.lives == of(run).run.lives
    assert [each.code for each in cut.findings] == [each.code for each in of(run).findings]


def test_three_parts_stand_in_the_order_of_their_age_whatever_the_order_given(tmp_path: Path) -> None:
    folder = rotated(tmp_path / "run", "faulty_head", dict.fromkeys(ALL, (0.3, 0.6)))
    cut = analyze(sorted((str(path) for path in folder.iterdir()), reverse=True))
    assert said(cut) == said(of("faulty_head"))
    assert [each.file for each in cut.ledger if "run.log" in each.file] == ["run.log.2", "run.log.1.gz", "run.log"]


def test_times_are_placed_across_the_cut_and_hold_those_of_the_whole(tmp_path: Path) -> None:
    ours, parts = of("ci_prefixed"), rotated(tmp_path / "run", "ci_prefixed", {"run.log": (0.4,)})
    cut = analyze([str(parts)])
    names = [
        f"{venue}.{name}" for venue in ours.run.venues for name in ("downtime_ms.total", "time_to_first_book_ms.max")
    ]
    for one, other in ((ours.figure(name), cut.figure(name)) for name in names):
        assert one is not None and other is not None
        assert one.value is not None and other.low is not None and other.high is not None, one.figure
        assert other.low <= one.value <= other.high, one.figure


ORDERS = [
    ["run.log.10", "run.log.2", "run.log.1", "run.log"],
    ["run.log.2026-11-22", "run.log-20261123.gz", "run.log.zst"],
    ["telemetry.jsonl.1.gz", "telemetry.jsonl"],
    ["a/run.log.1", "a/run.log", "b/run.log.1", "b/run.log"],
    ["stderr.log", "stdout.log"],
]


@pytest.mark.parametrize("names", ORDERS, ids=lambda names: names[0])
def test_the_parts_of_a_rotated_file_are_told_by_number_or_date(names: list[str]) -> None:
    assert sorted(names, key=part_of) == names
