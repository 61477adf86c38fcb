"""Runs in places that cannot be read in full, names that are not UTF-8, few files, and proxies that do not exist."""

from __future__ import annotations

import json
import os
import resource
import shutil
from pathlib import Path

import pytest

from tests.cli.boundary.bad_places import run, without_override

SAMPLE = Path(__file__).parents[3] / "toolkit" / "samples" / "after"
VERDICT = b"INCONCLUSIVE: gate frontier"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return Path(shutil.copy(SAMPLE / "run.log", tmp_path / "run"))


def test_a_folder_without_permission_beside_a_run_changes_no_verdict(log: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    (log.parent / "locked").mkdir(mode=0)
    for path in (tmp_path, log.parent):
        done = run("gate", str(path), preexec_fn=without_override)
        assert (done.returncode, done.stderr, done.stdout[: len(VERDICT)]) == (4, b"", VERDICT)


def test_a_run_without_permission_is_bad_input(log: Path) -> None:
    log.parent.chmod(0)
    for path, why in ((log, b": no permission; "), (log.parent, b": cannot be read: Permission denied; ")):
        done = run("gate", str(path), preexec_fn=without_override)
        assert (done.returncode, done.stderr.count(b"\n")) == (3, 1)
        assert str(path).encode() + why in done.stderr


def test_a_file_whose_name_is_not_utf8_changes_no_verdict(log: Path) -> None:
    with open(os.fsencode(log.parent) + b"/notes\xff.txt", "w") as file:  # noqa: PTH123  pathlib takes no bytes
        file.write("hello")
    for format in ("text", "json", "html"):
        done = run("gate", str(log.parent), "--format", format)
        assert (done.returncode, done.stderr) == (4, b"")
    assert b'"notes\\\\udcff.txt"' in run("analyze", str(log.parent), "--format", "json").stdout


@pytest.mark.parametrize("option", ["--label", "--db"])
def test_an_option_that_is_not_utf8_is_bad_input(option: str, log: Path, tmp_path: Path) -> None:
    store = ("--db", str(tmp_path / "store.duckdb")) if option == "--label" else ()
    done = run("analyze", str(log), *store, option, os.fsdecode(b"x\xff"), cwd=tmp_path)
    assert (done.returncode, b"not UTF-8" in done.stderr, done.stderr.count(b"\n")) == (3, True, 1)


def test_the_label_of_a_stored_run_that_is_not_utf8_is_bad_input(log: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store.duckdb")
    run("analyze", str(log), "--db", store)
    stored = json.loads(run("runs", "--db", store, "--format", "json").stdout)["runs"][0]["run"]
    done = run("runs", "--db", store, "--label", stored, os.fsdecode(b"x\xff"))
    assert (done.returncode, b"not UTF-8" in done.stderr, done.stderr.count(b"\n")) == (3, True, 1)


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))


def test_eight_open_files_are_enough_to_judge_and_too_few_to_serve() -> None:
    done = run("gate", "sample:after", preexec_fn=few_files)
    assert (done.returncode, done.stderr) == (1, b"")
    done = run("venues", "serve", preexec_fn=few_files)
    assert (done.returncode, done.stderr.count(b"\n"), b"`ulimit -n`" in done.stderr) == (3, 1, True)


@pytest.mark.parametrize(
    "argv", [("gate", "sample:after"), ("sql", "select 1"), ("figures", "run.ticks")], ids=" ".join
)
def test_too_little_memory_to_load_the_libraries_is_no_verdict(argv: tuple[str, ...]) -> None:
    done = run(*argv, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (300_000 << 10,) * 2))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (3, b"", 1), done.stderr
    assert b"raise it: `ulimit -v unlimited`" in done.stderr
    done = run("env", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (300_000 << 10,) * 2))
    assert done.returncode == 0


@pytest.mark.parametrize("proxy", ["foo://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_a_proxy_of_an_unknown_kind_is_no_fault_of_simulated_venues(proxy: str, tmp_path: Path) -> None:
    names = ("ALL_PROXY", "HTTP_PROXY", "https_proxy", "wss_proxy")
    done = run("smoke", "--minutes", "0.02", "--out", str(tmp_path / "run"), "-q", env=dict.fromkeys(names, proxy))
    assert done.returncode in (1, 4), done.stderr
    assert b"fault" not in done.stderr
