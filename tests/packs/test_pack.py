"""A pack is complete, the same for the same runs, free of secrets, and says what it is made of."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.packs.example import DATA, content, write_pair, write_run, write_single
from tests.secrets.kinds import SECRETS
from toolkit.analysis.pipeline import analyze
from toolkit.cli import main
from toolkit.model.errors import InputError, UsageError
from toolkit.model.runbooks.address import URL_VARIABLE
from toolkit.packs.index import decode, is_portable
from toolkit.packs.inputs.kept_figures import check_figures_kept
from toolkit.packs.pack import PackRequest, pack
from toolkit.packs.verify import verify
from toolkit.streams.blocks import DecompressedStream

PERSONAL = ("/home/ada", "ada.lovelace@example.org")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pair")
    pack(write_pair(folder), folder / "pack")
    return folder


def packed_files(root: Path) -> dict[str, bytes]:
    return {each.relative_to(root).as_posix(): each.read_bytes() for each in sorted(root.rglob("*")) if each.is_file()}


def decompressed(path: Path) -> str:
    with DecompressedStream(path.open("rb")) as stream:
        return stream.read().decode("utf-8", "replace")


def test_no_file_of_a_pack_holds_a_secret_an_address_or_a_home_directory(folder: Path) -> None:
    originals = [decompressed(each) for each in (folder / "runs").rglob("*") if each.is_file()]
    assert all(any(secret in text for text in originals) for secret in SECRETS.values())
    for path in packed_files(folder / "pack"):
        text = decompressed(folder / "pack" / path)
        assert [kind for kind, secret in SECRETS.items() if secret in text] == [], path
        assert [each for each in PERSONAL if each in text] == [], path


def test_masking_keeps_each_line_in_its_place(folder: Path) -> None:
    for original in (folder / "runs").rglob("*.*"):
        copy = folder / "pack/data" / original.relative_to(folder)
        assert copy.exists() == (original.name != "core.7")
        if not copy.exists():
            continue
        before, after = decompressed(original).split("\n"), decompressed(copy).split("\n")
        assert len(before) == len(after)
        if original.name == "run.log.gz":
            masked = [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
            assert len([number for number in masked if number >= len(before) - len(SECRETS) - 1]) == len(SECRETS)


def test_the_index_has_both_digests_of_each_file_and_names_what_is_left_out(folder: Path) -> None:
    index = decode((folder / "pack/data/pack.json").read_bytes())
    assert [(run.name, run.side) for run in index.runs] == [("old", "before"), ("new", "after")]
    for run in index.runs:
        assert run.run != run.original_run
        assert [(each.name, each.bytes) for each in run.left_out] == [("core.7", 300)]
        for file in run.files:
            original = folder / "runs" / run.name / Path(file.path).name
            assert file.original_sha256 == hashlib.sha256(original.read_bytes()).hexdigest()
            assert file.sha256 == hashlib.sha256((folder / "pack" / file.path).read_bytes()).hexdigest()
            assert (file.sha256 != file.original_sha256) == (file.masked > 0)
    assert [file.path for file in index.files] == [
        "data/gate/frontier.toml", "data/specification/evidence.toml", "data/specification/notes/interpretation.md",
    ]  # fmt: skip


def test_the_command_in_the_document_makes_the_document_again(folder: Path, tmp_path: Path) -> None:
    document = (folder / "pack/data/evidence.md").read_text()
    found = re.search(r"Made by `toolkit ([^`]*)`", document)
    assert found
    assert "--plateau 5s" in found[1]
    words = (
        found[1]
        .replace("-o data/evidence.md", f"-o {tmp_path}/a.md")
        .replace("data/evidence.html", f"{tmp_path}/a.html")
    )
    environment = os.environ | {"PYTHONPATH": str(DATA.parents[1])}
    command = [sys.executable, "-m", "toolkit", *words.split(), "--db", ":memory:", "--quiet"]
    subprocess.run(command, cwd=folder / "pack", env=environment, check=True)
    for name, suffix in (("evidence.md", "md"), ("evidence.html", "html")):
        made = (tmp_path / f"a.{suffix}").read_text()
        made = made.replace(f"{tmp_path}/a.md", "data/evidence.md").replace(f"{tmp_path}/a.html", "data/evidence.html")
        assert made == (folder / "pack/data" / name).read_text()


def test_the_same_runs_give_the_same_bytes_as_a_directory_and_as_an_archive(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "https://example.org/runbooks")
    request = write_pair(tmp_path / "elsewhere")
    os.utime(tmp_path / "elsewhere/runs/old/run.log.gz", (1, 1))
    pack(request, tmp_path / "again")
    assert packed_files(tmp_path / "again") == packed_files(folder / "pack")
    for name in ("one.zip", "two.zip"):
        pack(write_single_request(tmp_path / name), tmp_path / "out" / name)
    assert (tmp_path / "out/one.zip").read_bytes() == (tmp_path / "out/two.zip").read_bytes()
    assert verify(tmp_path / "out/one.zip").verified
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["one.zip", "two.zip"]


def write_single_request(folder: Path) -> PackRequest:
    run = folder.with_suffix("") / "soak"
    run.mkdir(parents=True)
    (run / "run.log").write_bytes(content("runs/exdev_build/run.log.zst"))
    return PackRequest((("run", (str(run),)),))


def test_a_pair_with_a_specification_verifies_at_another_place(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "pack", tmp_path / "other place" / "renamed")
    result = verify(tmp_path / "other place" / "renamed")
    assert result.problems == ()
    assert result.checked.masked
    assert result.checked.documents == 7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-"], "standard input"),
        (["a", "b", "c"], "one run, or two"),
        (["--before", "a"], "one run, or two"),
        (["a", "--before", "b", "--after", "c"], "one run, or two"),
        (["a", "--spec", "x.toml"], "compare two runs"),
        (["a", "b", "--repo", "."], "--spec"),
        (["a"], "no such file"),
        (["{run}", "-o", "{run}/pack"], "is within the run"),
        (["{run}", "-o", "{run}"], "is within the run"),
        (["{run}", "-o", "{full}"], "--force"),
        (["{run}", "-o", "{full}", "--force"], "is no pack"),
        (["{run}", "--gates", "absent.toml"], "No such file"),
        (["{names}"], "Run.log"),
        (["{odd}"], "rename it"),
    ],
)
def test_what_cannot_be_packed_is_said_and_nothing_is_left_behind(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {name: tmp_path / name for name in ("run", "full", "names", "odd")}
    for name, files in (
        ("run", ["run.log"]),
        ("full", ["x"]),
        ("names", ["run.log", "Run.log"]),
        ("odd", ["run.log", "a:b.log"]),
    ):
        places[name].mkdir()
        for file in files:
            (places[name] / file).write_bytes(content("runs/exdev_build/run.log.zst"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main(["pack", "-o", str(tmp_path / "out"), *(each.format(**places) for each in arguments)])
    assert ended.value.code in (2, 3)
    error = capsys.readouterr().err
    assert words in error, error
    assert sorted(tmp_path.rglob("*")) == before


def test_force_replaces_an_earlier_pack_and_a_failure_keeps_it(tmp_path: Path) -> None:
    write_single(tmp_path)
    first = packed_files(tmp_path / "pack")
    request = PackRequest((("run", (str(tmp_path / "soak"),)),), gate="strict")
    with pytest.raises(UsageError, match="--force"):
        pack(request, tmp_path / "pack")
    with pytest.raises(UsageError, match="gate"):
        pack(replace(request, gate="absent.toml"), tmp_path / "pack", force=True)
    assert packed_files(tmp_path / "pack") == first
    pack(request, tmp_path / "pack", force=True)
    assert "data/gate/strict.toml" in packed_files(tmp_path / "pack")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["pack", "soak"]


def test_a_figure_that_masking_would_change_is_named(tmp_path: Path) -> None:
    one, other = (analyze([str(write_run(tmp_path / name, name))]) for name in ("aa1_a", "aa1_b"))
    check_figures_kept("run", one, one)
    with pytest.raises(InputError, match=r"with its secrets masked, [\w.]+ would be .*, not .*"):
        check_figures_kept("run", one, other)
    with pytest.raises(InputError, match="simulated would be None, not"):
        check_figures_kept("run", one, replace(one, run=replace(one.run, simulated=None)))
    ledger = tuple(replace(each, used=each.used - 1, other=each.other + 1) for each in one.ledger)
    with pytest.raises(InputError, match=f"lines, understood, other and set aside of {ledger[0].file}"):
        check_figures_kept("run", one, replace(one, ledger=ledger))


def test_a_zip_of_a_run_is_packed_with_its_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "soak.zip", "w") as archive:
        archive.writestr("deep/run.log", content("runs/exdev_build/run.log.zst"))
    packed = pack(PackRequest((("run", (str(tmp_path / "soak.zip"),)),)), tmp_path / "pack")
    assert [file.path for file in packed.index.inputs][1:] == ["data/runs/soak.zip/run.log"]
    assert verify(tmp_path / "pack").verified


def test_a_file_beside_a_run_that_cannot_be_packed_is_left_out_and_named(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.log").write_bytes(content("runs/exdev_build/run.log.zst"))
    for name in (".gitignore", "RUN.LOG", "notes on 203.0.113.7.txt", "a:b", "plain.txt"):
        (run / name).write_text("x")
    (tmp_path / "pack").mkdir()
    packed = pack(PackRequest((("run", (str(run),)),)), tmp_path / "pack")
    (found,) = packed.index.runs
    assert [Path(file.path).name for file in found.files] == ["run.log", "notes on masked.txt", "plain.txt"]
    assert {each.name: each.why.split(",")[0].split(":")[0] for each in found.left_out} == {
        ".gitignore": "has a name that not every system allows",
        "a:b": "has a name that not every system allows",
        "RUN.LOG": "has the name of run.log",
    }
    assert verify(tmp_path / "pack").verified


def test_checked_citations_are_packed_as_they_were(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        settings = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]
        done = subprocess.run(
            ["git", *settings, *arguments], cwd=tmp_path / "repo", check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    (tmp_path / "repo").mkdir()
    git("init", "-q")
    (tmp_path / "repo/ping.rs").write_text("fn ping() {\n    send();\n}\n")
    git("add", "ping.rs")
    git("commit", "-qm", "ping")
    request = write_pair(tmp_path)
    stated = tmp_path / "stated/evidence.toml"
    cited = 'implementation = [ { text = "Ping", cite = "ping.rs:1-2" } ]\ncommands'
    stated.write_text(f'head = "{git("rev-parse", "HEAD")}"\n' + stated.read_text().replace("commands", cited, 1))
    packed = pack(replace(request, repository=tmp_path / "repo"), tmp_path / "pack.zip")
    assert packed.index.repository
    assert packed.index.repository.citations[0].excerpt == ("fn ping() {", "    send();")
    shutil.rmtree(tmp_path / "repo")
    result = verify(tmp_path / "pack.zip")
    assert result.problems == ()
    assert result.checked.citations == 1


def test_several_runs_a_side_are_packed_under_their_names(tmp_path: Path) -> None:
    places = {"x/one": "exdev_build", "z": "compile_error_build", "y/one": "panic_run"}
    for place, name in places.items():
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "run.log").write_bytes(content(f"runs/{name}/run.log.zst"))
    one, z, other = (str(tmp_path / place) for place in places)
    packed = pack(PackRequest((("before", (one, z)), ("after", (other,)))), tmp_path / "pack")
    names = [(run.name, run.side) for run in packed.index.runs]
    assert names == [("one", "before"), ("z", "before"), ("after-1", "after")]
    document = (tmp_path / "pack/data/evidence.md").read_text()
    assert "--before data/runs/one --before data/runs/z --after data/runs/after-1" in document
    assert verify(tmp_path / "pack").verified


@pytest.mark.parametrize("path", ["data/run.log", "a b/c-d_1.2", "runs/2026-11-24T08.15.jsonl.gz"])
def test_a_name_of_plain_characters_is_portable(path: str) -> None:
    assert is_portable(path)


@pytest.mark.parametrize(
    "path", ["", "/a", "a//b", "../a", "a/..", "a/.b", "a\\b", "a:b", "a\nb", "é", "a.", "a ", "-a", "a/" * 400 + "a"]
)
def test_a_name_that_leads_elsewhere_or_that_some_system_refuses_is_not(path: str) -> None:
    assert not is_portable(path)


def test_a_packed_run_is_never_taken_for_one_that_still_runs(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    text = "\n".join(content("runs/no_venue_head/telemetry.jsonl.zst").decode().splitlines()[:20]) + "\n"
    stamps = re.compile(r"\b1795\d{9}\b")
    later_ms = round(time.time() * 1_000) - max(map(int, stamps.findall(text)))
    (run / "telemetry.jsonl").write_text(stamps.sub(lambda stamp: str(int(stamp[0]) + later_ms), text))
    assert analyze([str(run)]).run.ended == "still_running"
    pack(PackRequest((("run", (str(run),)),)), tmp_path / "pack")
    assert json.loads((tmp_path / "pack/data/analysis/run.json").read_text())["run"]["ended"] != "still_running"
