"""Any changed byte of a pack is caught by its digests, and any byte of its archive, whatever it is for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packs.example import write_single
from toolkit.model.errors import InputError
from toolkit.packs.formats.archive import write_archive
from toolkit.packs.verification.integrity import listing
from toolkit.packs.verification.problems import Problem
from toolkit.packs.verify import archive_problems, check_digests, opened


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        write_single(Path(folder))
        yield Path(folder) / "pack"


@pytest.fixture(scope="module")
def archive(root: Path) -> Path:
    write_archive(root, listing(root).files, root.with_name("pack.zip"))
    return root.with_name("pack.zip")


def problems_of(path: Path) -> list[Problem]:
    """The problems that are found before anything is computed again."""
    with opened(path) as (root, problems):
        found = listing(root)
        return problems or check_digests(root, found) or archive_problems(path, root, found)


def test_an_unchanged_pack_has_no_problem(root: Path, archive: Path) -> None:
    assert problems_of(root) == []
    assert problems_of(archive) == []


@given(data=st.data())
def test_a_changed_byte_of_a_file_is_caught_and_the_file_is_named(root: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(listing(root).files)))
    original = (root / path).read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    change = data.draw(st.integers(1, 255))
    (root / path).write_bytes(original[:at] + bytes([original[at] ^ change]) + original[at + 1 :])
    try:
        found = problems_of(root)
    finally:
        (root / path).write_bytes(original)
    named = {path, "tagmanifest-sha256.txt"} if path == "manifest-sha256.txt" else {path}
    assert found
    assert {each.path for each in found} & named or path.endswith("manifest-sha256.txt")


@given(data=st.data())
def test_a_changed_byte_of_an_archive_is_caught(archive: Path, data: st.DataObject) -> None:
    original = archive.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    change = data.draw(st.integers(1, 255))
    assert is_caught(archive, original[:at] + bytes([original[at] ^ change]) + original[at + 1 :])


def test_each_byte_of_the_directory_of_an_archive_is_caught(archive: Path) -> None:
    original = archive.read_bytes()
    begin = original.index(b"PK\x01\x02")
    missed = [
        at
        for at in range(begin, len(original), 3)
        if not is_caught(archive, original[:at] + bytes([original[at] ^ 0x20]) + original[at + 1 :])
    ]
    assert missed == []


@pytest.mark.parametrize("added", [b"x", b"PK\x05\x06" + bytes(18)])
@pytest.mark.parametrize("place", ["before", "after"])
def test_bytes_around_an_archive_are_caught(archive: Path, added: bytes, place: str) -> None:
    original = archive.read_bytes()
    assert is_caught(archive, added + original if place == "before" else original + added)


def is_caught(archive: Path, content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / archive.name
        changed.write_bytes(content)
        try:
            return bool(problems_of(changed))
        except InputError:
            return True
        finally:
            shutil.rmtree(changed, ignore_errors=True)
