"""Output streams that cannot show a character, are closed or full."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from tests.cli.boundary.bad_places import run
from tests.sampling import sampled
from toolkit.cli.boundary.streams import prepare_streams

ASCII = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
GATE = ("gate", "sample:after")


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("95\u00a0% · p ≥ 0.05 → 3 ~ µs", "ascii", b"95 % - p >= 0.05 -> 3 ~ us"),
        ("95\u00a0% · p ≥ 0.05 → 3 µs", "latin-1", b"95\xa0% \xb7 p >= 0.05 -> 3 \xb5s"),
        ("10⁶ ± “a” …", "ascii", b"10^6 +- 'a' ..."),
        ("中 \U0001f600 \udcff", "ascii", b"\\u4e2d \\ud83d\\ude00 \\udcff"),
        ("中 \udcff", "utf-8", "中 \\udcff".encode()),
    ],
)
def test_a_stream_substitutes_what_its_encoding_lacks(text: str, encoding: str, shown: bytes) -> None:
    prepare_streams()
    stream = io.TextIOWrapper(io.BytesIO(), encoding, "toolkit-substitute")
    stream.write(text)
    stream.flush()
    assert stream.buffer.getvalue() == shown  # type: ignore[attr-defined]


@pytest.mark.untraced
@pytest.mark.parametrize("env", [ASCII, C_LOCALE], ids=["ascii", "C"])
@sampled(
    ("argv", "code"),
    [
        (("smoke", "--help"), 0),
        (GATE, 1),
        (("report", "sample:before", "sample:after"), 0),
        (("analyze", "no\u00a0such→run"), 3),
        (("figures", "--format=html"), 0),
    ],
    2,
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_an_ascii_stream_gets_plain_text_and_the_exit_code_is_kept(
    argv: tuple[str, ...], code: int, env: dict[str, str]
) -> None:
    done = run(*argv, env=env)
    assert done.returncode == code
    assert (done.stdout + done.stderr).isascii()
    assert b"Traceback" not in done.stderr


def test_json_for_an_ascii_stream_is_json() -> None:
    done = run("analyze", "sample:after", "--format=json", env=ASCII)
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["schema"] == "toolkit.analysis/1"


@pytest.mark.parametrize("argv", [("--help",), ("--version",), ("figures", "run.ticks"), GATE], ids=" ".join)
def test_results_that_nobody_can_read_are_no_verdict(argv: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(*argv, stdout=full)
    assert done.returncode == 3
    assert done.stderr == b"toolkit: standard output: no space is left on the disk; free some, or write elsewhere\n"
    done = run(*argv, stdout=None, preexec_fn=lambda: os.close(1))
    assert done.returncode == 3
    assert done.stderr == b"toolkit: standard output: is closed; open it, or name a file with -o\n"


def test_record_keeps_the_row_of_a_command_whose_output_is_lost(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("record", "--", "sh", "-c", "echo a; sleep 0.2; echo b", stdout=full, cwd=tmp_path)
    assert (done.returncode, done.stderr.count(b"\n")) == (3, 1)
    row = json.loads((tmp_path / "commands.jsonl").read_text())
    assert (row["exit_code"], row["stdout"]["bytes"]) == (0, 4)


@pytest.mark.parametrize(("argv", "code"), [(("nosuch",), 2), (("gate", "nosuch"), 3), (GATE, 1)])
def test_a_message_that_nobody_can_read_changes_no_exit_code(argv: tuple[str, ...], code: int) -> None:
    with Path("/dev/full").open("wb") as full:
        assert run(*argv, stderr=full).returncode == code
    assert run(*argv, stderr=None, preexec_fn=lambda: os.close(2)).returncode == code


def test_all_streams_can_be_closed(tmp_path: Path) -> None:
    done = run(
        "analyze", "sample:after", "-o", str(tmp_path / "page.txt"), stdin=None, stdout=None, stderr=None,
        preexec_fn=lambda: [os.close(number) for number in range(3)],
    )  # fmt: skip
    assert done.returncode == 0
    assert (tmp_path / "page.txt").read_text().startswith("sample:after")
