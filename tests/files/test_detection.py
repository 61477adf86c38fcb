"""What a file is, told by its content: also where the program begins to speak late, or not at all."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.analysis.metrics.made_up import record
from toolkit.files.detection import HEAD_BYTES, contains_log_line
from toolkit.files.discovery import discover
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role

CHATTER = b"cc -O2 -c some/native/dependency.c -o build/dependency.o\n"
SPOKE = b"INFO: Lighter public WS connecting url=wss://api.example/x\n"


def role(folder: Path, content: bytes, name: str = "output.txt") -> Role:
    (folder / "telemetry.jsonl").write_text(record(0, 0, (0, 0, 0)))
    (folder / name).write_bytes(content)
    return next(source.role for source in discover([str(folder)]) if source.name == name)


@pytest.mark.parametrize("before", [0, 1, 4_000, 5_000, 100_000])
def test_a_log_is_one_wherever_the_program_begins_to_speak(tmp_path: Path, before: int) -> None:
    assert role(tmp_path, CHATTER * before + SPOKE) is Role.LOG


@pytest.mark.parametrize(
    "content",
    [CHATTER * 10_000, CHATTER * 10_000 + b"error: nothing of ours\n", b"\0" * HEAD_BYTES + SPOKE, b'{"a": "' + b"x" * HEAD_BYTES + b'"}\n' + SPOKE],
    ids=["chatter", "an error of whoever", "no text", "an object"],
)  # fmt: skip
def test_what_is_no_log_for_all_that_is_known_stays_an_artifact(tmp_path: Path, content: bytes) -> None:
    assert role(tmp_path, content) is Role.ARTIFACT


@pytest.mark.parametrize("cut", range(0, len(SPOKE), 7))
def test_a_line_is_known_wherever_its_reading_is_cut(cut: int) -> None:
    assert contains_log_line(CHATTER + SPOKE[:cut], io.BytesIO(SPOKE[cut:])) or cut > SPOKE.index(b"public WS ")
    assert not contains_log_line(CHATTER, io.BytesIO(CHATTER * 100))


def test_a_log_that_a_file_of_arrivals_names_is_one_whatever_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "run.log.times.jsonl").write_text('{"schema":"toolkit.arrivals/1","log":"run.log"}\n')
    assert role(tmp_path, b"nothing known\n", "run.log") is Role.LOG
    assert role(tmp_path, b"nothing known\n", "other.txt") is Role.ARTIFACT


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_on_standard_input_is_unpacked(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "run.zip", "w", packing) as archive:
        archive.writestr("telemetry.jsonl", record(0, 0, (0, 0, 0)) * 20)
        archive.writestr("run.log", SPOKE)
    program = [sys.executable, "-m", "toolkit", "analyze", "-", "--db", ":memory:"]
    done = subprocess.run(program, input=(tmp_path / "run.zip").read_bytes(), capture_output=True, check=True)
    assert b"run.log 1 of 1" in done.stdout and b"telemetry.jsonl 20 of 20" in done.stdout


def test_an_archive_within_an_archive_is_refused_in_words(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("telemetry.jsonl", record(0, 0, (0, 0, 0)) * 20)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
    with pytest.raises(InputError, match=r"inner\.zip is damaged, cut short or an archive within an archive"):
        discover([str(tmp_path / "outer.zip")])


def test_an_empty_path_names_nothing() -> None:
    with pytest.raises(InputError, match="an empty path names nothing"):
        discover([""])


@pytest.mark.parametrize("command", ["analyze", "gate", "validate"])
def test_a_closed_standard_input_is_refused_in_words(command: str) -> None:
    shell = ["sh", "-c", f"{sys.executable} -m toolkit {command} - <&-"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "toolkit: standard input: is closed; name a file, or pipe one in\n")
