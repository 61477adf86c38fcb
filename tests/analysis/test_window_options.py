"""Command-line options that restrict an analysis to a window."""

from __future__ import annotations

import json

import pytest

from toolkit.cli import main


def run_command(*argv: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*argv, "--db", ":memory:"])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_each_window_of_a_fixed_number_of_ticks_is_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("analyze", "sample:before", "--every", "1000", "--figures", "lighter.connects") == 0
    head, *rows = capsys.readouterr().out.replace("\xa0", " ").rstrip("\n").split("\n")
    assert head.split() == ["ticks", "life", "from", "lighter.connects"]
    assert [row.split("  ")[0] for row in rows] == ["0 to 999", "1 000 to 1 999", "2 000 to 2 398"]


def test_the_json_of_a_window_has_its_name_and_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--since-tick", "100", "--every", "1000", "--format", "json", "--figures", "run.ticks")
    assert run_command("analyze", "sample:before", *argv) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["run"]["window"] == "from tick 100 on"
    assert [(part["since_tick"], part["until_tick"]) for part in result["parts"]] == [
        (100, 999),
        (1_000, 1_999),
        (2_000, 2_398),
    ]


@pytest.mark.parametrize("command", ["analyze", "gate"])
def test_every_page_names_its_window(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(command, "sample:after", "--segment", "steady")
    assert "steady only" in capsys.readouterr().out


def test_the_document_of_two_windows_states_the_command_that_makes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("report", "sample:before", "sample:after", "--last", "2m") == 0
    assert "toolkit report sample:before sample:after --last 2m" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("--since-tick", "9", "--until-tick", "3"), "range is empty"),
        (("--last", "0s"), "window is empty"),
        (("--last", "soon"), "not a duration"),
        (("--since-tick", "5000"), "ticks 0 to 2398"),
        (("--every", "0"), "--every"),
        (("--segment", "middle"), "--segment"),
        (("--every", "1000", "--figures", "nonsense"), "no figure"),
    ],
)
def test_a_window_that_holds_nothing_is_wrong_usage(
    argv: tuple[str, ...], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("analyze", "sample:before", *argv) == 2
    assert word in capsys.readouterr().err
