"""Cited lines are read again from every kind of file that a run may have, bounded and without secrets."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from reports.elements import CitedLine
from toolkit.evidence.quoted_lines import MAX_CHARACTERS, MAX_LINES, quoted_lines
from toolkit.model.evidence import QuotedFile, QuotedLine

TEXT = b"".join(b"INFO: Lighter public WS connecting url=wss://x n=%d\n" % number for number in range(1, 601))
SECOND = "INFO: Lighter public WS connecting url=wss://x n=2"


def plain(folder: Path) -> str:
    (folder / "run.log").write_bytes(TEXT)
    return "run.log"


def gzipped(folder: Path) -> str:
    (folder / "run.log.gz").write_bytes(gzip.compress(TEXT))
    return "run.log.gz"


def zstd(folder: Path) -> str:
    (folder / "run.log.zst").write_bytes(zstandard.compress(TEXT))
    return "run.log.zst"


def zipped(folder: Path) -> str:
    with zipfile.ZipFile(folder / "run.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("soak/run.log", TEXT)
    return "soak/run.log"


def rotated(folder: Path) -> str:
    (folder / "run.log.1").write_bytes(TEXT)
    (folder / "run.log").write_bytes(b"INFO: the rest\n")
    return "run.log.1"


@pytest.mark.parametrize("write", [plain, gzipped, zstd, zipped, rotated])
def test_a_cited_line_is_quoted_from_each_kind_of_file(write: Callable[[Path], str], tmp_path: Path) -> None:
    name = write(tmp_path)
    path = tmp_path / "run.zip" if write is zipped else tmp_path
    (found,) = quoted_lines({"after": str(path)}, [CitedLine(name, 2, "after")])
    assert found == QuotedFile("after", name, (QuotedLine(2, SECOND),))


def test_lines_are_in_order_once_and_those_behind_the_end_are_counted(tmp_path: Path) -> None:
    plain(tmp_path)
    cited = [CitedLine("run.log", number, "before") for number in (600, 3, 601, 3, 1)]
    (found,) = quoted_lines({"before": str(tmp_path)}, cited)
    assert ([line.line for line in found.lines], found.left_out) == ([1, 3, 600], 1)


def test_a_torn_last_line_and_a_wrapped_line_are_quoted_as_they_stand(tmp_path: Path) -> None:
    wrapped = b'{"log":"INFO: Lighter public WS connecting url=wss://x\\n","stream":"stdout"}\r\n'
    (tmp_path / "run.log").write_bytes(wrapped + b"INFO: Lighter public WS conn")
    (found,) = quoted_lines({"before": str(tmp_path)}, [CitedLine("run.log", n, "before") for n in (1, 2)])
    assert [line.text for line in found.lines] == [wrapped.decode().strip(), "INFO: Lighter public WS conn"]


def test_a_page_quotes_a_bounded_number_of_lines(tmp_path: Path) -> None:
    plain(tmp_path)
    cited = [CitedLine("run.log", number, "before") for number in range(1, MAX_LINES + 51)]
    (found,) = quoted_lines({"before": str(tmp_path)}, [*cited, *cited])
    assert (len(found.lines), found.left_out) == (MAX_LINES, 50)


@pytest.mark.parametrize("length", [MAX_CHARACTERS, MAX_CHARACTERS + 1, 100_000])
def test_a_long_line_is_cut_and_the_rest_counted(length: int, tmp_path: Path) -> None:
    (tmp_path / "run.log").write_bytes(TEXT + b"x" * length + b"\n")
    (found,) = quoted_lines({"before": str(tmp_path)}, [CitedLine("run.log", 601, "before")])
    (line,) = found.lines
    assert (len(line.text), line.cut) == (MAX_CHARACTERS, length - MAX_CHARACTERS)


@pytest.mark.parametrize("before", [0, MAX_CHARACTERS - 20])
def test_a_secret_is_masked_before_its_line_is_cut(before: int, tmp_path: Path) -> None:
    (tmp_path / "run.log").write_bytes(TEXT + b"x " * (before // 2) + b"key 0x" + b"ab" * 32 + b" end\n")
    (found,) = quoted_lines({"before": str(tmp_path)}, [CitedLine("run.log", 601, "before")])
    assert "abab" not in found.lines[0].text and "0x***" in found.lines[0].text


@pytest.mark.parametrize(
    ("path", "file", "problem"),
    [
        ("-", "standard input", "standard input cannot be read again"),
        ("/nowhere", "run.log", "the run is no file or directory that can be read again"),
        ("sample:before", "gone.log", "the run no longer has this file"),
        (None, "run.log", "the path of the run is not known"),
    ],
)
def test_lines_that_cannot_be_read_again_are_counted_with_the_reason(path: str | None, file: str, problem: str) -> None:
    (found,) = quoted_lines({"before": path} if path else {}, [CitedLine(file, 4, "before")])
    assert found == QuotedFile("before", file, (), 1, problem)
