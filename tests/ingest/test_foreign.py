"""Foreign log lines on request: by template, numbers apart."""

from __future__ import annotations

from pathlib import Path

from toolkit.ingest.foreign import foreign_templates


def test_lines_that_differ_in_their_numbers_are_one_template_and_known_lines_are_none(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text(
        "INFO: Aster public WS connected url=ws://h/ws\nqueue at 17\nqueue at 4\n\nsomething else\nqueue at 1 of 2\n"
    )
    assert foreign_templates([str(tmp_path)]).most_common() == [
        ("queue at N", 2), ("something else", 1), ("queue at N of N", 1),
    ]  # fmt: skip


def test_the_halves_of_a_known_line_cut_by_a_rotation_are_no_foreign_lines(tmp_path: Path) -> None:
    line = b"INFO: Aster public WS connected url=ws://h/ws\n"
    (tmp_path / "run.log.1").write_bytes(line + b"queue at 17\n" + line[:30])
    (tmp_path / "run.log").write_bytes(line[30:] + b"queue at 4\n")
    assert foreign_templates([str(tmp_path)]) == {"queue at N": 2}
