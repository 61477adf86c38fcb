"""Unknown log lines are counted by template, with numbers replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.analysis.unknown_lines import unknown_templates
from toolkit.cli import main


def test_lines_that_differ_in_numbers_share_a_template_and_known_lines_have_none(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text(
        "INFO: Aster public WS connected url=ws://h/ws\nqueue at 17\nqueue at 4\n\nsomething else\nqueue at 1 of 2\n"
    )
    assert unknown_templates([str(tmp_path)]).most_common() == [
        ("queue at N", 2), ("something else", 1), ("queue at N of N", 1),
    ]  # fmt: skip


def test_the_halves_of_a_known_line_cut_by_a_rotation_are_not_unknown_lines(tmp_path: Path) -> None:
    line = b"INFO: Aster public WS connected url=ws://h/ws\n"
    (tmp_path / "run.log.1").write_bytes(line + b"queue at 17\n" + line[:30])
    (tmp_path / "run.log").write_bytes(line[30:] + b"queue at 4\n")
    assert unknown_templates([str(tmp_path)]) == {"queue at N": 2}


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("text", "3 unknown log lines\n       2  queue at N\n       1  others\n"),
        (
            "markdown",
            "3 unknown log lines\n\n| lines | template |\n| --: | --- |\n| 2 | queue at N |\n| 1 | others |\n",
        ),
        (
            "json",
            {
                "schema": "toolkit.foreign/1",
                "lines": 3,
                "templates": [{"template": "queue at N", "lines": 2}],
                "others": 1,
            },
        ),
    ],
)
def test_the_most_frequent_templates_are_printed_in_the_requested_format(
    tmp_path: Path, format: str, expected: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.log").write_text(
        "INFO: Aster public WS connected url=ws://h/ws\nqueue at 17\nqueue at 4\nsomething else\n"
    )
    with pytest.raises(SystemExit) as ended:
        main(["analyze", str(tmp_path), "--foreign", "1", "--format", format])
    assert not ended.value.code
    printed = capsys.readouterr().out
    assert (json.loads(printed) if format == "json" else printed) == expected
