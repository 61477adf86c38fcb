"""A day whose files are cut at random lines has the times and figures of the whole files.

Its log lines have times of several sources: ticks, the venues' stamps, ping timers, the REST monitor and gaps in the book.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.benchmarks import day
from toolkit.analysis.pipeline import analyze
from toolkit.db.store import connect

MEGABYTES = 4
MOST_PARTS = 4

Row = tuple[object, ...]


def analysed(files: Sequence[Path], db: Path) -> tuple[list[Row], list[Row], list[str]]:
    """Return the log's records with their times, the figures and the codes of the findings."""
    said = analyze([str(each) for each in files], str(db))
    with connect(str(db), read_only=True) as con:
        lines = con.execute(
            "select family, venue, at_ms, at_error_ms from log_event order by file_no, line, col"
        ).fetchall()
    return (
        lines,
        [(each.figure, each.value, each.n, each.bound, each.low, each.high) for each in said.figures],
        [each.code for each in said.findings],
    )


def cut(file: Path, drawn: random.Random) -> list[Path]:
    """Cut a file at random lines and name its parts as a rotation does."""
    lines = file.read_bytes().splitlines(keepends=True)
    edges = [0, *sorted(drawn.randrange(len(lines)) for _ in range(drawn.randrange(1, MOST_PARTS))), len(lines)]
    parts = [b"".join(lines[a:b]) for a, b in pairwise(edges)]
    file.unlink()
    names = [file.with_name(f"{file.name}.{age}" if age else file.name) for age in range(len(parts))][::-1]
    for name, part in zip(names, parts, strict=True):
        name.write_bytes(part)
    return names


@pytest.mark.parametrize("seed", range(3))
def test_a_day_in_parts_has_the_times_and_figures_of_the_whole(tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)
    (run := tmp_path / "run").mkdir()
    files = day.write(run, MEGABYTES, seed)
    whole = analysed(files, tmp_path / "whole.duckdb")
    parts = [part for file in files for part in cut(file, drawn)]
    assert analysed(parts, tmp_path / "parts.duckdb") == whole
    assert sum(at_ms is not None for *_, at_ms, _ in whole[0]) > len(whole[0]) * 0.9
