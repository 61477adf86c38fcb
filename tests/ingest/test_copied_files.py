"""Files of a run whose lines are in another file too are read once, and files that overlap otherwise are named."""

from __future__ import annotations

import gzip
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.analysis.pipeline import analyze
from toolkit.db.store import connect
from toolkit.files.copies import distinct
from toolkit.files.discovery import discover
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import MAX_OVERLAPS, Bound, Role

RUNS = Path(__file__).parents[1] / "data" / "runs"


def recorded(name: str) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader((RUNS / f"{name}.zst").read_bytes()).read()


LOG = recorded("faulty_head/run.log")
LINES = LOG.splitlines(keepends=True)
OTHER_RUN = recorded("aa1_a/run.log").splitlines(keepends=True)
RECORDS = [
    b'{"t":%d,"venue_age_ms":[%d],"treasury_guidance":{"as_of_ms":%d}}\n' % (t, t % 7, 250 * t) for t in range(90)
]
OWN_LINE = b"+ exec paraphina_live\n"


def stamped(lines: list[bytes], hour: int = 20) -> bytes:
    return b"".join(
        b"2026-05-28T%02d:%02d:%02d.0000000Z %s" % (hour, n // 60 % 60, n % 60, x) for n, x in enumerate(lines)
    )


def journal(lines: list[bytes]) -> bytes:
    return b"".join(
        b"May 28 20:%02d:%02d bot1 paraphina_live[4242]: %s" % (n // 60, n % 60, x) for n, x in enumerate(lines)
    )


def coloured(lines: list[bytes]) -> bytes:
    return b"".join(b"\x1b[36m" + line[:6] + b"\x1b[0m" + line[6:] for line in lines)


def written(folder: Path, files: dict[str, bytes]) -> str:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return str(folder)


def read_files(folder: str, role: Role = Role.LOG) -> tuple[list[str], dict[str, str], int]:
    """The names of the files read, the file of which each other one is a copy, and the number of overlaps."""
    result = distinct(discover([folder]))
    names = [file.name for file in result.files if file.role is role]
    return names, {copy.file.name: copy.of.name for copy in result.copies}, len(result.overlaps)


COPIES: dict[str, tuple[dict[str, bytes], dict[str, str]]] = {
    "without its last lines": ({"run.log": LOG, "tee.log": b"".join(LINES[:-9])}, {"tee.log": "run.log"}),
    "with a torn last line": ({"run.log": LOG, "tee.log": LOG[:-11]}, {"tee.log": "run.log"}),
    "from within a line": ({"run.log": LOG, "tail.log": LOG[LOG.index(b"\n") - 9 :]}, {"tail.log": "run.log"}),
    "with a line of the shell before": ({"run.log": LOG, "stdout.log": OWN_LINE + LOG}, {"run.log": "stdout.log"}),
    "gzip": ({"run.log": LOG, "run.log.gz": gzip.compress(LOG)}, {"run.log.gz": "run.log"}),
    "gzip of a part": ({"run.log": LOG, "run.log.gz": gzip.compress(b"".join(LINES[:90]))}, {"run.log.gz": "run.log"}),
    "CRLF": ({"run.log": LOG, "tee.log": LOG.replace(b"\n", b"\r\n")[:-40]}, {"tee.log": "run.log"}),
    "colours": ({"run.log": LOG, "tee.log": coloured(LINES)[:-40]}, {"tee.log": "run.log"}),
    "blank lines": ({"run.log": LOG, "tee.log": b"\n\n".join(LINES[:-3])}, {"tee.log": "run.log"}),
    "one line": ({"run.log": LOG, "stderr.log": LINES[-1]}, {"stderr.log": "run.log"}),
    "a wrapped part": ({"run.log": LOG, "step.txt": stamped(LINES[30:])}, {"step.txt": "run.log"}),
    "in two wrappings": ({"a.txt": stamped(LINES), "b.txt": journal(LINES[5:])}, {"b.txt": "a.txt"}),
    "cut within a wrapping": ({"run.log": LOG, "step.txt": stamped(LINES)[:-150]}, {"step.txt": "run.log"}),
    "two steps of a job": (
        {"job.txt": stamped([OWN_LINE, *LINES]), "1.txt": stamped([OWN_LINE, *LINES[:200]]), "2.txt": stamped([OWN_LINE, *LINES])[-9_000:]},
        {"1.txt": "job.txt", "2.txt": "job.txt"},
    ),
    "rotated parts of a tee": (
        {"whole.log": LOG, "run.log.1": LOG[:9_000], "run.log": LOG[9_000:]},
        {"run.log.1": "whole.log", "run.log": "whole.log"},
    ),
    "a long part under the name of a rotation": ({"run.log": LOG, "run.log.1": b"".join(LINES[:300])}, {"run.log.1": "run.log"}),
}  # fmt: skip


@pytest.mark.parametrize(("files", "copies"), COPIES.values(), ids=COPIES)
def test_a_log_whose_lines_are_a_part_of_another_log_is_its_copy(
    tmp_path: Path, files: dict[str, bytes], copies: dict[str, str]
) -> None:
    read = [name for name in sorted(files) if name not in copies]
    assert read_files(written(tmp_path, files)) == (read, copies, 0)


NO_COPIES: dict[str, dict[str, bytes]] = {
    "two streams": {"stdout.log": b"".join(LINES[::2]), "stderr.log": b"".join(LINES[1::2])},
    "two runs": {"a.log": b"".join(OTHER_RUN), "b.log": recorded("aa1_b/run.log")},
    "two runs with equal first lines": {"a.log": LOG, "b.log": b"".join(LINES[:60] + OTHER_RUN[60:])},
    "two starts under one collector": {"a.txt": stamped(LINES[:90], 20), "b.txt": stamped(LINES[:60], 21)},
    "a banner": {"a.log": OWN_LINE + LOG, "b.log": OWN_LINE + b"".join(OTHER_RUN)},
    "rotated parts": {"run.log.2": LOG[:9_000], "run.log.1": LOG[9_000:20_000], "run.log": LOG[20_000:]},
    "a start that failed, and the next": {"run.log.1": b"".join(LINES[:20]), "run.log": LOG},
    "a last line that differs": {
        "run.log": b"".join(LINES[:90]),
        "b.log": b"".join([*LINES[:50], b"Killed\n", *OTHER_RUN]),
    },
}


@pytest.mark.parametrize("files", NO_COPIES.values(), ids=NO_COPIES)
def test_different_lines_of_one_run_or_of_two_are_all_read(tmp_path: Path, files: dict[str, bytes]) -> None:
    names, copies, overlaps = read_files(written(tmp_path, files))
    assert (sorted(names), copies, overlaps) == (sorted(files), {}, 0)


OVERLAPS: dict[str, tuple[dict[str, bytes], tuple[int, tuple[int, int], tuple[int, int]]]] = {
    "a rotation that kept some lines": (
        {"run.log.1": b"".join(LINES[:203]), "run.log": b"".join(LINES[198:])}, (5, (199, 203), (1, 5))
    ),
    "one without the end, one without the beginning": (
        {"a.log": b"".join(LINES[:300]), "b.log": b"".join(LINES[100:])}, (200, (101, 300), (1, 200))
    ),
    "each with a last line of its own": (
        {"a.log": LOG + b"Killed\n", "b.log": LOG + b"exit 137\n"}, (445, (1, 445), (1, 445))
    ),
    "without some lines in between": (
        {"a.log": LOG, "b.log": b"".join(LINES[:200] + LINES[210:])}, (435, (1, 445), (1, 435))
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "wanted"), OVERLAPS.values(), ids=OVERLAPS)
def test_logs_with_many_equal_lines_of_which_none_is_a_copy_overlap(
    tmp_path: Path, files: dict[str, bytes], wanted: tuple[int, tuple[int, int], tuple[int, int]]
) -> None:
    result = distinct(discover([written(tmp_path, files)]))
    assert [(each.lines, each.first_range, each.second_range) for each in result.overlaps] == [wanted]
    assert not result.copies


def test_the_lines_of_two_streams_overlap_with_the_log_of_both(tmp_path: Path) -> None:
    files = {"both.log": LOG, "stdout.log": b"".join(LINES[::2]), "stderr.log": b"".join(LINES[1::2])}
    result = distinct(discover([written(tmp_path, files)]))
    assert {(each.first.name, each.second.name) for each in result.overlaps} == {
        ("both.log", "stdout.log"),
        ("both.log", "stderr.log"),
    }


def test_telemetry_that_another_file_has_too_is_read_once(tmp_path: Path) -> None:
    files = {"telemetry.jsonl": b"".join(RECORDS), "copy.jsonl": b"".join(RECORDS[:60])[:-5]}
    names, copies, overlaps = read_files(written(tmp_path, files), Role.TELEMETRY)
    assert (names, copies, overlaps) == (["telemetry.jsonl"], {"copy.jsonl": "telemetry.jsonl"}, 0)


def figures(analysis: RunAnalysis) -> dict[str, tuple[object, ...]]:
    return {each.figure: (each.value, each.n, each.bound, each.low, each.high) for each in analysis.figures}


def test_a_copy_changes_neither_the_figures_nor_the_id_of_a_run(tmp_path: Path) -> None:
    alone = analyze([written(tmp_path / "alone", {"run.log": LOG, "telemetry.jsonl": b"".join(RECORDS)})])
    copies = {"tee.log": LOG[:-70], "step.txt": stamped(LINES[40:]), "old.jsonl": b"".join(RECORDS[:50])}
    both = analyze([written(tmp_path / "both", {"run.log": LOG, "telemetry.jsonl": b"".join(RECORDS), **copies})])
    assert figures(both) == figures(alone)
    assert both.run.id == alone.run.id
    assert both.findings == alone.findings
    ledgers = {each.file: (each.copy_of, each.lines, each.used, dict(each.set_aside)) for each in both.ledger}
    assert ledgers["tee.log"] == ("run.log", 445, 0, {"copy": 445})
    assert ledgers["old.jsonl"] == ("telemetry.jsonl", 50, 0, {"copy": 50})


def test_the_store_names_the_file_of_which_another_is_a_copy(tmp_path: Path) -> None:
    folder, db = written(tmp_path / "run", {"run.log": LOG, "stdout.log": LOG}), str(tmp_path / "store.duckdb")
    analyze([folder], db)
    with connect(db, read_only=True) as con:
        assert con.execute("select file, copy_of from files order by file").fetchall() == [
            ("run.log", None),
            ("stdout.log", "run.log"),
        ]


def test_counts_from_files_that_overlap_are_upper_bounds_with_a_finding(tmp_path: Path) -> None:
    whole = analyze([written(tmp_path / "whole", {"run.log": LOG})])
    files = {"a.log": b"".join(LINES[:300]), "b.log": b"".join(LINES[100:])}
    parts = analyze([written(tmp_path / "parts", files)])
    connects = {each.figure: each for each in parts.figures if each.metric == "connects"}
    for figure in whole.figures:
        if figure.metric == "connects":
            found = connects[figure.figure]
            assert found.bound is Bound.UPPER
            assert found.low == 0
            assert found.high is not None and figure.value is not None and found.high >= figure.value
    (finding,) = (each for each in parts.findings if each.code == "files_overlap")
    assert "a.log and b.log have 200 equal lines (lines 101 to 300 of a.log, lines 1 to 200 of b.log)" in finding.text
    assert finding.lines == (("a.log", 101), ("b.log", 1))
    assert not any(each.bound is Bound.EXACT and each.value is not None for each in connects.values())


def test_of_many_files_that_overlap_the_first_pairs_are_named_and_the_others_not_looked_for(tmp_path: Path) -> None:
    run = written(tmp_path, {f"{n:02}.log": b"".join(LINES[n : n + 200]) for n in range(30)})
    analysis = analyze([run])
    codes = Counter(finding.code for finding in analysis.findings)
    assert codes["files_overlap"] == MAX_OVERLAPS
    assert [each.subject for each in analysis.findings if each.code == "limit_reached"] == ["overlaps"]


def test_the_log_archive_of_a_workflow_run_gives_the_figures_of_the_job(tmp_path: Path) -> None:
    job, step = ((RUNS.parent / "copied" / name).read_bytes() for name in ("job.txt.zst", "step.txt.zst"))
    unpack: Callable[[bytes], bytes] = lambda data: zstandard.ZstdDecompressor().stream_reader(data).read()  # noqa: E731
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr("0_soak.txt", unpack(job))
        archive.writestr("soak/5_Run shadow soak.txt", unpack(step))
        archive.writestr("soak/system.txt", "2026-05-28T20:25:39.0000000Z Requested labels: ubuntu-24.04\n")
    analysis = analyze([str(tmp_path / "logs.zip")])
    values = {each.figure: each for each in analysis.figures}
    wanted = {"extended": 2, "hyperliquid": 2, "lighter": 2, "aster": 1, "paradex": 1}
    assert {venue: values[f"{venue}.connects"].value for venue in wanted} == wanted
    assert values["extended.reconnects.read_timeout"].value == 1
    assert values["hyperliquid.reconnects.stale_watchdog"].value == 1
    assert values["lighter.reconnects.server_close"].value == 1
    assert {values[f"{venue}.disconnects.unknown"].value for venue in wanted} == {0}
    assert [(each.file, each.copy_of) for each in analysis.ledger if each.copy_of] == [
        ("soak/5_Run shadow soak.txt", "0_soak.txt")
    ]


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(0, len(LOG)), st.integers(0, len(LOG))).map(sorted), st.booleans())
def test_any_contiguous_cut_of_a_log_is_its_copy(
    tmp_path_factory: pytest.TempPathFactory, cut: list[int], crlf: bool
) -> None:
    part = LOG[cut[0] : cut[1]]
    part = part.replace(b"\n", b"\r\n") if crlf else part
    folder = written(tmp_path_factory.mktemp("cut"), {"run.log": LOG, "part.log": part})
    names, _, overlaps = read_files(folder)
    assert (names, overlaps) == (["run.log"], 0)
