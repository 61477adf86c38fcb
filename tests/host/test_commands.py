"""The command index has complete lines and unique ids, also with concurrent writers."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.host.commands import (
    EMPTY_OUTPUT,
    FILE_NAME,
    SCHEMA,
    Command,
    append,
    check_id,
    parse,
    signal_name,
    signal_number,
)
from toolkit.model.errors import InputError, UsageError

ROW = Command(
    SCHEMA,
    "",
    ("true",),
    "~/checkout",
    1_700_000_000_000,
    5,
    0,
    None,
    EMPTY_OUTPUT,
    EMPTY_OUTPUT,
    {"HL_COIN": "BTC"},
    None,
)


def ids(directory: Path) -> list[str]:
    return [row.id for row in parse((directory / FILE_NAME).read_bytes())]


def test_appended_rows_are_read_back_unchanged(tmp_path: Path) -> None:
    rows = [append(tmp_path, replace(ROW, argv=("echo", text))) for text in ("ä\n\u2028", '"', "\\", "\x1b[31m")]
    assert list(parse((tmp_path / FILE_NAME).read_bytes())) == rows


def test_a_row_without_an_id_gets_the_next_free_number(tmp_path: Path) -> None:
    for id in ("", "U12", "", "build", ""):
        append(tmp_path, replace(ROW, id=id))
    assert ids(tmp_path) == ["U01", "U12", "U13", "build", "U14"]


@pytest.mark.parametrize("id", ["U01", "12", "a b", "-x", "U" * 33, "U1\n"])
def test_a_taken_or_invalid_id_is_refused_and_nothing_is_written(tmp_path: Path, id: str) -> None:
    append(tmp_path, ROW)
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(UsageError, match="--id"):
        check_id(tmp_path, id)
    with pytest.raises(UsageError, match="--id"):
        append(tmp_path, replace(ROW, id=id))
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_torn_last_line_does_not_damage_the_next(tmp_path: Path) -> None:
    append(tmp_path, ROW)
    whole = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(whole + whole[: len(whole) // 2])
    append(tmp_path, ROW)
    assert ids(tmp_path) == ["U01", "U02"]


def _append_some(directory: Path) -> None:
    for _ in range(25):
        append(directory, ROW)


def test_concurrent_processes_lose_no_line_and_share_no_id(tmp_path: Path) -> None:
    workers = [multiprocessing.get_context("spawn").Process(target=_append_some, args=(tmp_path,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ids(tmp_path)) == sorted(f"U{number:02d}" for number in range(1, 101))


def test_an_index_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"commands\.jsonl: cannot be written"):
        append(tmp_path / "file", ROW)


@pytest.mark.parametrize(("row", "code"), [((3, None), 3), ((None, "SIGKILL"), 137), ((None, "SIG40"), 168)])
def test_an_ending_has_the_code_that_a_shell_gives_it(row: tuple[int | None, str | None], code: int) -> None:
    assert replace(ROW, exit_code=row[0], signal=row[1]).shell_code == code


def test_every_signal_number_survives_its_name() -> None:
    assert [signal_number(signal_name(number)) for number in range(1, 65)] == list(range(1, 65))
