"""Tests of the private folders: killed processes leave none behind, and nothing else is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.db.scratch import PREFIX, remove_leftovers, scratch_folder

HOLD = """
import sys, time
from toolkit.db.scratch import scratch_folder, spill_path
with scratch_folder() as folder:
    (folder / "staging").write_text("rows")
    spill_path().mkdir()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds two scratch folders in `tmp_path`."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def folders(parent: Path) -> list[Path]:
    return sorted(parent.glob(f"{PREFIX}*"))


def test_the_folders_of_a_killed_process_are_removed_by_the_next_one(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert len(folders(tmp_path)) == 2
    remove_leftovers(tmp_path)
    assert len(folders(tmp_path)) == 2, "their process is alive"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    remove_leftovers(tmp_path)
    assert folders(tmp_path) == []


def test_a_process_that_ends_leaves_no_folder(tmp_path: Path) -> None:
    code = HOLD.replace("time.sleep(60)", "")
    subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)}, check=True, stdout=subprocess.DEVNULL
    )
    assert folders(tmp_path) == []


def test_nothing_of_another_is_removed(tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (kept / "in-use.lock").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(kept)
    (tmp_path / f"{PREFIX}folder").mkdir()
    (tmp_path / f"{PREFIX}file").write_text("mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "in-use.lock").touch()
    before = sorted(tmp_path.rglob("*"))
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_can_be_read_by_its_user_alone() -> None:
    with scratch_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
