"""What depends on the operating system, with the name of the system passed in."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from toolkit.host import system
from toolkit.model.errors import InputError


def test_only_windows_cannot_supervise_programs() -> None:
    for name in ("Linux", "Darwin", "FreeBSD"):
        system.check_supervision(name)
    with pytest.raises(
        InputError, match=r"^Windows: cannot supervise programs: .*; run this command on Linux or macOS"
    ):
        system.check_supervision("Windows")


@pytest.mark.parametrize(("name", "size"), [("Linux", 2_048_000), ("FreeBSD", 2_048_000), ("Darwin", 2_000)])
def test_peak_memory_has_the_unit_of_the_system(name: str, size: int) -> None:
    assert system.rss_bytes(2_000, name) == size


def test_peak_memory_without_proc_is_that_of_getrusage(tmp_path: Path) -> None:
    peak, on_linux = (system.own_peak_memory_bytes(tmp_path, name) for name in ("Darwin", "Linux"))
    assert peak is not None and on_linux is not None
    # Here the kernel counts in units of 1,024 bytes, whatever name is passed.
    assert peak * 1_024 <= on_linux < peak * 1_100


def test_peak_memory_is_read_from_proc_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "status").write_text("Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t   25 kB\n")
    assert system.own_peak_memory_bytes(tmp_path, "Linux") == 25_600


def test_without_proc_no_process_is_found(tmp_path: Path) -> None:
    assert list(system.executables(os.getpgrp(), tmp_path / "proc")) == []
    assert list(system.files_open_for_writing(os.getpid(), tmp_path / "proc")) == []


def test_executables_and_open_files_of_this_process_are_found(tmp_path: Path) -> None:
    with (tmp_path / "written").open("w") as written, (tmp_path / "written").open() as _:
        assert list(system.files_open_for_writing(os.getpid())).count(Path(written.name)) == 1
    names = [name for _, name in system.executables(os.getpgrp())]
    assert any("python" in name for name in names)


def test_a_process_that_ends_while_it_is_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "13" / "fd").mkdir(parents=True)
    (tmp_path / "13" / "stat").write_text("13 (a) b) S 1 7 7")
    (tmp_path / "13" / "exe").symlink_to("/bin/program")
    (tmp_path / "13" / "fd" / "3").symlink_to("/var/log")
    assert list(system.executables(7, tmp_path)) == [(tmp_path / "13" / "exe", "/bin/program")]
    assert list(system.files_open_for_writing(13, tmp_path)) == []


def test_stop_signals_are_those_that_a_terminal_and_a_service_manager_send() -> None:
    assert system.stop_signals() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize(
    ("kind", "option", "what", "needed"),
    [("RLIMIT_AS", "-v", "address space", 1_500), ("RLIMIT_DATA", "-d", "data", 600)],
    ids=["address space", "data"],
)
def test_too_little_memory_is_an_error_with_what_to_do(kind: str, option: str, what: str, needed: int) -> None:
    import resource

    number = getattr(resource, kind)
    before = resource.getrlimit(number)
    system.check_memory_limits()
    try:
        # A limit below what is in use refuses only new memory; the message needs little.
        resource.setrlimit(number, (needed * 1_000_000 - 1_000_000, before[1]))
        with pytest.raises(
            InputError,
            match=f"`ulimit {option}` allows {needed - 1} MB of {what}, and this command needs {needed}; raise",
        ):
            system.check_memory_limits()
    finally:
        resource.setrlimit(number, before)
