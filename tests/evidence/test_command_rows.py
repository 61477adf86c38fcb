"""Command indexes of runs and specifications, and the results of validations."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.evidence.made_specification import stating
from toolkit.evidence.commands import command_index, command_rows, validation_results
from toolkit.evidence.specification import read_specification
from toolkit.host.commands import EMPTY_OUTPUT, FILE_NAME, SCHEMA, Command
from toolkit.model.errors import UsageError
from toolkit.model.evidence import CommandRow, Validation


def recorded(
    id: str, *argv: str, exit_code: int | None = 0, signal: str | None = None, problem: str | None = None
) -> bytes:
    command = Command(
        schema=SCHEMA, id=id, argv=argv or ("cargo", "test", "-q"), cwd=".", started_ms=1_795_508_135_417,
        duration_ms=1_200, exit_code=exit_code, signal=signal, stdout=EMPTY_OUTPUT, stderr=None, environment={},
        source=None, problem=problem,
    )  # fmt: skip
    return msgspec.json.encode(command) + b"\n"


def run_directory(folder: Path, name: str, index: bytes) -> str:
    run = folder / name
    run.mkdir(parents=True)
    (run / "run.log").write_text("paraphina_live | cfg=x\n")
    (run / FILE_NAME).write_bytes(index)
    return str(run)


def test_a_recorded_command_is_shown_as_a_shell_would_take_it_and_without_secrets(tmp_path: Path) -> None:
    index = recorded("U08", "rg", "ping interval", "--token", "abc123", "/home/somebody/x")
    (row,) = command_rows([run_directory(tmp_path, "after", index)], None)
    assert row == CommandRow(
        "U08", "rg 'ping interval' --token '***' '~/x'", 1_795_508_135_417, 1_200, 0, None, EMPTY_OUTPUT.sha256,
        "after/commands.jsonl",
    )  # fmt: skip


def test_lines_that_cannot_be_read_are_counted_in_the_note_of_the_last_command() -> None:
    index = recorded("U01") + b"\n{}\n" + recorded("U02") + b'{"schema":"toolkit.comm'
    first, last = command_index(index, "commands.jsonl")
    assert (first.note, last.note) == (None, "2 of the 4 lines of commands.jsonl cannot be read")
    assert command_index(b'{"schema', "commands.jsonl") == ()


def test_times_that_cannot_be_are_left_out() -> None:
    for text in (b'"started_ms":-1,', b'"started_ms":9223372036854775807,'):
        index = recorded("U01").replace(b'"started_ms":1795508135417,', text)
        assert [row.started_ms for row in command_index(index, "commands.jsonl")] == [None]


def test_an_id_that_two_runs_use_gets_the_name_of_its_run(tmp_path: Path) -> None:
    paths = [run_directory(tmp_path, name, recorded("U01") + recorded(id)) for name, id in (("old", "A"), ("new", "B"))]
    assert [row.id for row in command_rows(paths, None)] == ["old/U01", "A", "new/U01", "B"]
    named = stating(CommandRow("U01", "stated"))
    assert [row.id for row in command_rows(paths, named)] == ["U01", "old/U01", "A", "new/U01", "B"]


def test_runs_in_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [run_directory(tmp_path / name, "out", recorded("U01")) for name in ("old", "new")]
    assert [row.id for row in command_rows(paths, None)] == [f"{path}/U01" for path in paths]


def test_one_run_on_both_sides_has_its_commands_once(tmp_path: Path) -> None:
    path = run_directory(tmp_path, "same", recorded("U01"))
    assert [row.id for row in command_rows([path, path], None)] == ["U01"]


def test_runs_without_an_index_have_no_commands() -> None:
    assert command_rows(["sample:before", "-"], None) == ()


def test_the_index_beside_a_specification_is_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "commands.jsonl").write_bytes(recorded("U12"))
    path = tmp_path / "evidence.toml"
    path.write_text('title = "x"\ncommands = "commands.jsonl"\n[[command]]\nid = "U15"\ntext = "cargo test"\n')
    assert [row.id for row in read_specification(path).commands] == ["U15", "U12"]
    path.write_text('title = "x"\ncommands = "commands.jsonl"\n[[command]]\nid = "U12"\ntext = "cargo test"\n')
    with pytest.raises(UsageError, match=r"evidence.toml:4: commands.jsonl has a command U12 too"):
        read_specification(path)


@pytest.mark.parametrize(
    ("index", "result"),
    [
        (recorded("U12"), "passed"),
        (recorded("U12", exit_code=101), "failed"),
        (recorded("U12", exit_code=127), "blocked"),
        (recorded("U12", exit_code=126, problem="permission denied"), "blocked"),
        (recorded("U12", exit_code=None, signal="SIGKILL"), "blocked"),
        (b"", "not recorded"),
    ],
)  # fmt: skip
def test_the_end_of_a_recorded_command_decides_a_validation(index: bytes, result: str) -> None:
    specification = stating(validations=(Validation("unit tests", "U12"),))
    (found,) = validation_results(specification, command_index(index, "commands.jsonl"))
    assert found.result == result


@pytest.mark.parametrize(
    ("stated", "result"),
    [("exit_code = 0", "passed"), ("exit_code = 1", "failed"), ("blocked = true", "blocked"),
     ('signal = "SIGKILL"', "blocked"), ('note = "see the log"', "not recorded")],
)  # fmt: skip
def test_a_stated_command_decides_by_what_is_stated(tmp_path: Path, stated: str, result: str) -> None:
    path = tmp_path / "evidence.toml"
    path.write_text(
        f'title = "x"\n[[validation]]\ntext = "tests"\ncommand = "U1"\n[[command]]\nid = "U1"\ntext = "t"\n{stated}\n'
    )
    specification = read_specification(path)
    (found,) = validation_results(specification, specification.commands)
    assert (found.result, found.command) == (result, specification.commands[0])
