"""Tests of `toolkit validate`: exit codes, the page and the JSON output."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.telemetry.contract import RULES

DATA = Path(__file__).parent.parent / "data" / "contract"
RESTART, TORN_TAIL = (gzip.decompress((DATA / f"{name}.jsonl.gz").read_bytes()) for name in ("restart", "torn_tail"))


def run(*argv: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(["validate", *argv])
    assert isinstance(exited.value.code, int)
    return exited.value.code


def write_telemetry(folder: Path, data: bytes) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "telemetry.jsonl").write_bytes(data)
    return str(folder / "telemetry.jsonl")


BROKEN = RESTART.replace(b'"risk_regime":"Normal"', b'"risk_regime":"\\u001b[31mCalm|"')


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (RESTART, 0),
        (TORN_TAIL, 0),
        (BROKEN, 1),
        (b"", 3),
        (b'{"t":', 3),
        (b"\n\n", 3),
        (gzip.compress(RESTART, mtime=0)[:-40], 3),
    ],
)
def test_the_exit_code_tells_valid_violated_and_unreadable_apart(tmp_path: Path, data: bytes, code: int) -> None:
    assert run(write_telemetry(tmp_path, data)) == code


def test_a_file_without_a_record_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(write_telemetry(tmp_path, b""))
    assert "holds no telemetry record" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "restart.jsonl.gz"])
def test_a_path_without_telemetry_is_bad_input(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.log").write_text("WS_AUDIT venue=lighter reconnect_reason=read_timeout count=1\n")
    assert run(str(tmp_path / name)) == 3
    message = "no such file" if name else "there is no telemetry in it (found run.log)"
    assert message in capsys.readouterr().err


def test_the_page_counts_records_and_rules_and_lists_notices(capsys: pytest.CaptureFixture[str]) -> None:
    run(str(DATA / "restart.jsonl.gz"))
    head, _, table = capsys.readouterr().out.partition("\n\n")
    assert head.endswith(f"restart.jsonl.gz: 4 records of 2 lives checked, none of {len(RULES)} rules broken")
    assert "restart" in table


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_text_of_a_record_is_escaped_on_the_page(
    tmp_path: Path, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(write_telemetry(tmp_path, BROKEN), "--format", format)
    page = capsys.readouterr().out
    assert "\x1b" not in page
    assert "Calm" in page
    if format == "markdown":
        bars = {line.count("|") for line in page.splitlines() if line.startswith("|")}
        assert len(bars) == 1


def test_json_counts_records_and_names_rules_lines_and_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(write_telemetry(tmp_path / "a", BROKEN), write_telemetry(tmp_path / "b", TORN_TAIL), "--format", "json")
    result = json.loads(capsys.readouterr().out)
    assert (result["schema"], result["valid"], result["records"], len(result["files"])) == (
        "toolkit.validation/1",
        False,
        5,
        2,
    )
    (violation,) = result["files"][0]["violations"]
    assert (violation["rule"], violation["count"], violation["lines"]) == ("word", 4, [1, 2, 3])
    assert "Invalid enum value" in violation["example"]
    assert [notice["rule"] for notice in result["files"][1]["notices"]] == ["torn_tail"]


def test_nul_bytes_beside_a_record_are_a_notice_and_no_violation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(write_telemetry(tmp_path, bytes(16) + RESTART), "--format", "json") == 0
    notices = json.loads(capsys.readouterr().out)["files"][0]["notices"]
    assert [(each["lines"], each["example"]) for each in notices if each["rule"] == "padded"] == [([1], "16 NUL bytes")]


def test_html_output_is_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(DATA), "--format", "html") == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>") and ">torn_tail</code>" in page
