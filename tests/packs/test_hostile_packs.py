"""A pack that somebody tampered with is refused: the problem is named, and nothing outside of it is read or written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.packs.example import bag_again, write_single
from tests.sampling import sampled
from toolkit.cli import main
from toolkit.packs.formats.archive import write_archive
from toolkit.packs.formats.bag import MANIFEST
from toolkit.packs.verification.integrity import listing

LOG, INDEX = "data/runs/soak/run.log", "data/pack.json"
SECRET = "a line outside of the pack"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_single(folder)
    return folder / "pack"


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    (tmp_path / "outside.txt").write_text(SECRET)
    return Path(shutil.copytree(made, tmp_path / "pack"))


def verify(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(path), *options])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out + captured.err


def link_to(root: Path, path: str) -> None:
    (root / path).unlink()
    (root / path).symlink_to("../" * (path.count("/") + 1) + "outside.txt")


def hard_link(root: Path, path: str) -> None:
    os.link(root / path, root.parent / "second name")


def link_folder(root: Path, path: str) -> None:
    (root / path).rename(root.parent / "moved")
    (root / path).symlink_to(root.parent / "moved")


def listed(root: Path, path: str) -> None:
    """Add a path to the manifest, as if it were a part of the pack."""
    digest = "0" * 64
    lines = [*(root / MANIFEST).read_text().splitlines(), f"{digest}  {path}"]
    (root / MANIFEST).write_text("".join(f"{line}\n" for line in sorted(lines, key=lambda line: line[66:])))


def rewritten(root: Path, path: str, old: str, new: str) -> None:
    """Change the text of a file and write the manifests anew, so that the digests hold."""
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))
    bag_again(root)


TAMPERED: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "missing": (lambda root: (root / LOG).unlink(), ("missing", LOG)),
    "added": (lambda root: (root / "data/runs/soak/extra.log").write_text("x"), ("added", "data/runs/soak/extra.log")),
    "added beside": (lambda root: (root / "setup.sh").write_text("x"), ("added", "setup.sh")),
    "added folder": (lambda root: (root / "data/empty").mkdir(), ("added", "data/empty")),
    "added pipe": (lambda root: os.mkfifo(root / "data/pipe"), ("added", "data/pipe")),
    "renamed": (lambda root: (root / LOG).rename(root / "data/runs/soak/other.log"), ("renamed", LOG, "other.log")),
    "linked": (lambda root: link_to(root, LOG), ("linked", LOG, "symbolic link")),
    "linked index": (lambda root: link_to(root, INDEX), ("linked", INDEX)),
    "linked manifest": (lambda root: link_to(root, MANIFEST), ("linked", MANIFEST)),
    "linked folder": (lambda root: link_folder(root, "data/runs"), ("linked", "data/runs")),
    "hard link": (lambda root: hard_link(root, LOG), ("linked", LOG, "hard link")),
    "changed": (lambda root: (root / LOG).write_text("x"), ("changed", LOG)),
    "same but for case": (lambda root: (root / "data/Pack.json").write_text("x"), ("case", "data/pack.json")),
    "path upwards": (lambda root: listed(root, "data/../../outside.txt"), ("outside", "data/../../outside.txt")),
    "absolute path": (lambda root: listed(root, "/etc/passwd"), ("outside", "/etc/passwd")),
    "path of a tag": (lambda root: listed(root, "bagit.txt"), ("outside", "bagit.txt")),
    "unsorted manifest": (
        lambda root: (root / MANIFEST).write_text("".join(reversed((root / MANIFEST).read_text().splitlines(True)))),
        ("changed", MANIFEST),
    ),
    "figure": (
        lambda root: rewritten(root, "data/analysis/soak.json", '"value": null', '"value": 3'),
        ("different", "data/analysis/soak.json", "value", "packed: 3", "computed: null"),
    ),
    "document": (
        lambda root: rewritten(root, "data/evidence.md", "blocked", "passed"),
        ("different", "data/evidence.md", "line ", "packed: ", "passed"),
    ),
    "statement": (
        lambda root: rewritten(root, "data/attestations/gate-soak.intoto.json", '"WARNED"', '"PASSED"'),
        ("different", "predicate.result", 'packed: "PASSED"', 'computed: "WARNED"'),
    ),
    "crate": (
        lambda root: rewritten(root, "ro-crate-metadata.json", "Evidence of soak", "Evidence of peace"),
        ("different", "ro-crate-metadata.json", "@graph ./.name"),
    ),
    "input": (lambda root: rewritten(root, LOG, "error", "errxr"), ("changed", LOG, INDEX)),
    "payload beside": (
        lambda root: ((root / "data/x.txt").write_text("x"), bag_again(root)),
        ("added", "data/x.txt", "not a part of such a pack"),
    ),
    "folder upwards": (
        lambda root: rewritten(root, INDEX, '"folder": "data/runs/soak"', '"folder": "data/runs/../../.."'),
        ("changed", INDEX, "folder"),
    ),
    "other run": (
        lambda root: rewritten(root, INDEX, '"run": "', '"run": "0'),
        ("different", INDEX, "runs soak.run", "packed: 0"),
    ),
    "gate of no list": (
        lambda root: rewritten(root, INDEX, '"gate": "data/gate/frontier.toml"', '"gate": "../outside.txt"'),
        ("changed", INDEX, "gate"),
    ),
}  # fmt: skip


@sampled("kind", TAMPERED, 2)
def test_what_was_done_to_a_pack_is_named(root: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    tamper, words = TAMPERED[kind]
    tamper(root)
    code, output = verify(root, capsys)
    assert code == 1, output
    assert [word for word in words if word not in output] == [], output
    assert SECRET not in output
    assert (root.parent / "outside.txt").read_text() == SECRET


NOT_READ: dict[str, tuple[Callable[[Path], object], str]] = {
    "newer": (lambda root: rewritten(root, INDEX, "toolkit.pack/1", "toolkit.pack/2"), "newer toolkit"),
    "no pack": (lambda root: [shutil.rmtree(root), root.mkdir(), (root / "x").write_text("x")], "is not a pack"),
    "empty": (lambda root: [shutil.rmtree(root), root.mkdir()], "is not a pack"),
    "absent": (shutil.rmtree, "no such file"),
    "index without its format": (
        lambda root: [(root / INDEX).write_text('{"schema": "toolkit.pack/1"}'), bag_again(root)],
        "damaged",
    ),
    "index of another kind": (lambda root: [(root / INDEX).write_text("[]"), bag_again(root)], "not the index"),
}


@pytest.mark.parametrize("kind", NOT_READ)
def test_what_cannot_be_read_as_a_pack_ends_with_3(root: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = NOT_READ[kind]
    change(root)
    code, output = verify(root, capsys)
    assert (code, words in output) == (3, True), output


def member(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFREG | mode) << 16
    return info


def symbolic(name: str) -> zipfile.ZipInfo:
    info = member(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


ARCHIVES: dict[str, tuple[zipfile.ZipInfo, int, tuple[str, ...]]] = {
    "upwards": (member("../escaped.txt"), 1, ("outside", "../escaped.txt")),
    "absolute": (member("/escaped.txt"), 1, ("outside", "/escaped.txt")),
    "backslash": (member("..\\escaped.txt"), 1, ("outside", "escaped.txt")),
    "duplicate": (member(INDEX), 1, ("duplicate", INDEX)),
    "symbolic link": (symbolic("data/link"), 1, ("linked", "data/link")),
    "case": (member("data/PACK.json"), 1, ("case", "PACK.json")),
    "file and folder": (member("data/pack.json/x"), 1, ("duplicate", "data/pack.json/x")),
    "added": (member("data/x.txt"), 1, ("added", "data/x.txt")),
    "folder": (member("data/x/"), 1, ("added", "data/x/")),
    "name for a terminal": (member("data/\x1b[31mred"), 1, ("added", "[31mred")),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_hostile_member_of_an_archive_is_named_and_not_unpacked(
    root: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    info, expected, words = ARCHIVES[kind]
    archive = root.with_name("pack.zip")
    write_archive(root, listing(root).files, archive)
    with zipfile.ZipFile(archive, "a") as changed:
        changed.writestr(info, b"escaped")
    before = sorted(root.parent.iterdir())
    code, output = verify(archive, capsys)
    assert code == expected, output
    assert [word for word in words if word not in output] == [], output
    assert "\x1b" not in output
    assert sorted(root.parent.iterdir()) == before


def test_an_archive_whose_members_are_compressed_is_not_unpacked(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = root.with_name("pack.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as changed:
        changed.writestr("bagit.txt", bytes(10_000_000))
    code, output = verify(archive, capsys)
    assert (code, "unpack it, and verify the folder" in output) == (3, True), output


def test_a_compressed_input_is_not_read_beyond_its_listed_size(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, index = root / LOG, json.loads((root / INDEX).read_text())
    log.write_bytes(zstandard.compress(log.read_bytes() + b"\n" * 50_000_000))
    (entry,) = index["runs"][0]["files"]
    entry |= {"bytes": log.stat().st_size, "sha256": hashlib.sha256(log.read_bytes()).hexdigest()}
    (root / INDEX).write_text(json.dumps(index))
    bag_again(root)
    code, output = verify(root, capsys)
    assert code == 1
    assert "is longer" in output


def test_another_version_of_the_toolkit_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = json.loads((root / INDEX).read_text())["toolkit"]
    other = f"9{version[1:]}"
    for path in (INDEX, "ro-crate-metadata.json", "bag-info.txt"):
        rewritten(root, path, version, other)
    code, output = verify(root, capsys)
    assert (code, f"made by toolkit {other}, computed again by toolkit {version}" in output) == (0, True), output
    rewritten(root, "data/analysis/soak.json", '"value": null', '"value": 3')
    code, output = verify(root, capsys)
    assert (code, f"made by toolkit {other}, computed again by toolkit {version}" in output) == (1, True), output


def test_a_pack_gives_the_same_report_at_another_place_and_as_an_archive(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = Path(shutil.copytree(root, tmp_path / "somewhere else" / "renamed"))
    archive = tmp_path / "other.zip"
    write_archive(root, listing(root).files, archive)
    reports = [verify(path, capsys) for path in (root, moved, archive)]
    assert [code for code, _ in reports] == [0, 0, 0]
    assert len({report for _, report in reports}) == 1
    assert "PASS: the pack verifies" in reports[0][1]
    found = [json.loads(verify(path, capsys, "--format", "json")[1]) for path in (root, archive)]
    assert found[0] == found[1]
    assert found[0]["verified"] is True
    assert found[0]["checked"]["figures"] == len(json.loads((root / "data/analysis/soak.json").read_text())["figures"])


def test_the_environment_of_the_verifier_does_not_matter(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = verify(root, capsys)
    elsewhere = {
        "TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "HOME": "/home/eve", "TOOLKIT_DB": str(tmp_path / "other.duckdb"),
        "TOOLKIT_RUNBOOKS_URL": "https://example.org/books", "GITHUB_WORKFLOW": "nightly", "COLUMNS": "40",
    }  # fmt: skip
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    time.tzset()
    assert verify(root, capsys) == here
    assert not (tmp_path / "other.duckdb").exists()
    monkeypatch.undo()
    time.tzset()
