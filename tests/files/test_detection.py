"""The role of a file is detected from its content, also where the first log line comes late or is missing."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import record
from toolkit.files.detection import HEAD_BYTES, log_section
from toolkit.files.discovery import discover
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role

OTHER_OUTPUT = b"cc -O2 -c some/native/dependency.c -o build/dependency.o\n"
LOG_LINE = b"INFO: Lighter public WS connecting url=wss://api.example/x\n"


def role(folder: Path, content: bytes, name: str = "output.txt") -> Role:
    (folder / "telemetry.jsonl").write_text(record(0, 0, (0, 0, 0)))
    (folder / name).write_bytes(content)
    return next(file.role for file in discover([str(folder)]) if file.name == name)


@pytest.mark.parametrize("before", [0, 1, 4_000, 5_000, 100_000])
def test_a_log_is_detected_wherever_its_first_known_line_is(tmp_path: Path, before: int) -> None:
    assert role(tmp_path, OTHER_OUTPUT * before + LOG_LINE) is Role.LOG


@pytest.mark.parametrize(
    "content",
    [OTHER_OUTPUT * 10_000, OTHER_OUTPUT * 10_000 + b"error: nothing of ours\n", b"\0" * HEAD_BYTES + LOG_LINE, b'{"a": "' + b"x" * HEAD_BYTES + b'"}\n' + LOG_LINE],
    ids=["build output", "an error of another program", "binary", "JSON object"],
)  # fmt: skip
def test_a_file_without_a_known_line_is_an_artifact(tmp_path: Path, content: bytes) -> None:
    assert role(tmp_path, content) is Role.ARTIFACT


@pytest.mark.parametrize("cut", range(0, len(LOG_LINE), 7))
def test_a_line_is_detected_across_the_boundary_of_two_reads(cut: int) -> None:
    assert log_section(OTHER_OUTPUT + LOG_LINE[:cut], io.BytesIO(LOG_LINE[cut:])) == LOG_LINE
    assert log_section(OTHER_OUTPUT, io.BytesIO(OTHER_OUTPUT * 100)) == b""


def test_a_file_that_an_arrivals_file_names_is_a_log_whatever_its_content(tmp_path: Path) -> None:
    (tmp_path / "run.log.times.jsonl").write_text('{"schema":"toolkit.arrivals/1","log":"run.log"}\n')
    assert role(tmp_path, b"nothing known\n", "run.log") is Role.LOG
    assert role(tmp_path, b"nothing known\n", "other.txt") is Role.ARTIFACT


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_on_standard_input_is_unpacked(tmp_path: Path, compression: int) -> None:
    with zipfile.ZipFile(tmp_path / "run.zip", "w", compression) as archive:
        archive.writestr("telemetry.jsonl", record(0, 0, (0, 0, 0)) * 20)
        archive.writestr("run.log", LOG_LINE)
    program = [sys.executable, "-m", "toolkit", "analyze", "-", "--db", ":memory:"]
    result = subprocess.run(program, input=(tmp_path / "run.zip").read_bytes(), capture_output=True, check=True)
    assert b"run.log 1 line: 1 understood, 0 not" in result.stdout and b"telemetry.jsonl 20 of 20" in result.stdout


def test_an_archive_within_an_archive_is_refused_with_a_message(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("telemetry.jsonl", record(0, 0, (0, 0, 0)) * 20)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
    with pytest.raises(InputError, match=r"inner\.zip is damaged, cut short or an archive within an archive"):
        discover([str(tmp_path / "outer.zip")])


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(InputError, match="an empty path names nothing"):
        discover([""])


@pytest.mark.parametrize("command", ["analyze", "gate", "validate"])
def test_a_closed_standard_input_is_refused_with_a_message(command: str) -> None:
    shell = ["sh", "-c", f"{sys.executable} -m toolkit {command} - <&-"]
    result = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (
        3,
        "toolkit: standard input: is closed; name a file, or pipe one in\n",
    )
