"""Output files are replaced whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.cli.boundary.bad_places import largest_file, run, without_override
from tests.sampling import sampled
from toolkit.cli.boundary.whole_files import write_whole
from toolkit.model.errors import InputError


def test_a_full_disk_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"earlier")
    with largest_file(4_096), pytest.raises(InputError, match="larger than the system allows") as raised:
        write_whole(page, b"x" * 10_000)
    assert raised.value.file == str(page)
    assert page.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [page]


@pytest.mark.parametrize("limit", [4_096, 8_192])
@pytest.mark.parametrize("argv", [("smoke",), ("ab", "--a", "PARAPHINA_HL_STALE_MS=4000")], ids=["smoke", "ab"])
def test_a_run_on_a_full_disk_ends_with_a_message_that_says_so(
    argv: tuple[str, ...], limit: int, tmp_path: Path
) -> None:
    with largest_file(limit):
        done = run(*argv, "--minutes", "0.02", "--out", "run", cwd=tmp_path, measured=False)
    assert done.returncode == 3
    assert b"cannot be written to: File too large" in done.stderr
    assert b"Traceback" not in done.stderr


@sampled("option", ["-o", "--html", "--comment", "--assets", "--init"], 2)
def test_each_file_of_a_report_is_kept_when_the_disk_is_full(option: str, tmp_path: Path) -> None:
    name = tmp_path / "age-over-time.svg" if option == "--assets" else tmp_path / "page"
    if option != "--init":
        name.write_bytes(b"earlier")
    target = tmp_path if option == "--assets" else name

    with largest_file(100):
        # The command inherits the limit.
        done = run("report", "sample:before", "sample:after", option, str(target), measured=False)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert not name.exists() if option == "--init" else name.read_bytes() == b"earlier"
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*"))


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"earlier and longer")
    page.chmod(0o640)
    write_whole(page, b"new")
    assert (page.read_bytes(), page.stat().st_mode & 0o777) == (b"new", 0o640)


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    page, link = tmp_path / "page.md", tmp_path / "latest.md"
    link.symlink_to(page)
    for content in (b"first", b"second"):
        write_whole(link, content)
        assert link.is_symlink()
        assert page.read_bytes() == content


def test_a_pipe_stays_one(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"page")
    reader.join()
    assert read == [b"page"]
    assert pipe.is_fifo()


def test_standard_output_can_be_named_as_a_file() -> None:
    done = run("gate", "sample:after", "-o", "/dev/stdout")
    assert done.returncode == 1
    assert done.stdout.startswith(b"FAIL: gate frontier")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("folder", "is a directory"),
        ("file/page", "a part of the path is a file"),
        ("x" * 300, "the name is too long"),
    ],
)
def test_a_name_that_cannot_be_a_file_is_explained(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=why):
        write_whole(tmp_path / name, b"page")


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_write_protected_place_is_explained(place: str, tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_bytes(b"earlier")
    page.chmod(0o444 if place == "file" else 0o666)
    tmp_path.chmod(0o555 if place == "folder" else 0o777)
    done = run("figures", "run.ticks", "-o", str(page), preexec_fn=without_override)
    assert (done.returncode, done.stderr.decode()) == (
        3,
        f"toolkit: {page}: no permission; allow it, or name another file\n",
    )
    assert page.read_bytes() == b"earlier"
