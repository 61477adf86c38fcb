"""The options that cut a run, as typed."""

from __future__ import annotations

import json

import pytest

from toolkit.cli import main


def typed(*argv: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*argv, "--db", ":memory:"])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_windows_of_so_many_ticks_stand_one_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("analyze", "sample:before", "--every", "1000", "--figures", "lighter.connects") == 0
    head, *rows = capsys.readouterr().out.replace("\xa0", " ").rstrip("\n").split("\n")
    assert head.split() == ["ticks", "life", "from", "lighter.connects"]
    assert [row.split("  ")[0] for row in rows] == ["0 to 999", "1 000 to 1 999", "2 000 to 2 398"]


def test_the_json_of_a_window_names_it_and_holds_the_windows_within(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--since-tick", "100", "--every", "1000", "--format", "json", "--figures", "run.ticks")
    assert typed("analyze", "sample:before", *argv) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["run"]["window"] == "from tick 100 on"
    assert [(part["since_tick"], part["until_tick"]) for part in said["parts"]] == [
        (100, 999),
        (1_000, 1_999),
        (2_000, 2_398),
    ]


@pytest.mark.parametrize("command", ["analyze", "gate"])
def test_every_page_says_of_which_part_it_is(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    typed(command, "sample:after", "--segment", "steady")
    assert "steady only" in capsys.readouterr().out


def test_the_document_of_two_parts_says_how_to_make_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("report", "sample:before", "sample:after", "--last", "2m") == 0
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
    assert typed("analyze", "sample:before", *argv) == 2
    assert word in capsys.readouterr().err
