"""Citations held against a git repository, and hostile names of commits and files."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.made_specification import citing
from toolkit.evidence.citations import check_citations, repository_problems, uncited_files
from toolkit.model.errors import UsageError
from toolkit.model.evidence import CheckedCitation, Citation

LIGHTER = "paraphina/src/live/connectors/lighter.rs"
TEXT = b"".join(b"line %d\n" % number for number in range(1, 21))


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, files: dict[str, bytes]) -> str:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A repository with two commits: its folder, the first and the second."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    base = commit(folder, {LIGHTER: TEXT, "a/mod.rs": b"a\n", "b/mod.rs": b"b\r\nlast", "old.rs": b"x\n"})
    (folder / "old.rs").unlink()
    head = commit(folder, {LIGHTER: b"// new\n" + TEXT, "src/new file.rs": b"x\n", "b/mod.rs": b"b\r\nlast"})
    yield folder, base, head


def checked(
    repository: tuple[Path, str, str], path: str, first: int, last: int, head: str | None = None
) -> CheckedCitation:
    folder, _, second = repository
    return check_citations(citing(Citation("text", path, first, last), head=head or second[:7]), folder)[0]


@pytest.mark.parametrize("path", [LIGHTER, "src/live/connectors/lighter.rs", "lighter.rs"])
def test_a_citation_has_its_excerpt_and_the_digest_of_its_lines(repository: tuple[Path, str, str], path: str) -> None:
    found = checked(repository, path, 3, 4)
    assert (found.problem, found.excerpt) == (None, ("line 2", "line 3"))
    assert found.sha256 == hashlib.sha256(b"line 2\nline 3\n").hexdigest()
    assert checked(repository, path, 3, 4, head=repository[1]).excerpt == ("line 3", "line 4")


def test_a_last_line_without_newline_is_a_line(repository: tuple[Path, str, str]) -> None:
    found = checked(repository, "b/mod.rs", 1, 2)
    assert (found.excerpt, found.sha256) == (("b", "last"), hashlib.sha256(b"b\r\nlast").hexdigest())


@pytest.mark.parametrize(
    ("path", "last", "head", "problem"),
    [
        ("lighter.rs", 22, None, f"{LIGHTER} has 21 lines at "),
        ("old.rs", 1, None, "no such file at "),
        ("elsewhere/lighter.rs", 1, None, "no such file at "),
        ("mod.rs", 1, None, "2 files at "),
        ("ghter.rs", 1, None, "no such file at "),
        ("lighter.rs", 1, "0123456", "the repository has no commit 0123456"),
        ("lighter.rs", 1, "--output=/tmp/x", "the repository has no commit --output=/tmp/x"),
        ("lighter.rs", 1, "HEAD~1..HEAD", "the repository has no commit HEAD~1..HEAD"),
        ("lighter.rs", 1, "HEAD:a", "the repository has no commit HEAD:a"),
        ("--help", 1, None, "no such file at "),
        ("../../etc/passwd", 1, None, "no such file at "),
        ("/etc/passwd", 1, None, "no such file at "),
        ("", 1, None, "no such file at "),
    ],
)
def test_what_does_not_hold_is_named(
    repository: tuple[Path, str, str], path: str, last: int, head: str | None, problem: str
) -> None:
    found = checked(repository, path, 1, last, head)
    assert found.problem is not None and found.problem.startswith(problem), found.problem
    assert (found.excerpt, found.sha256) == ((), None)


def test_a_file_that_moved_is_named_with_its_new_place(repository: tuple[Path, str, str]) -> None:
    assert (checked(repository, "elsewhere/lighter.rs", 1, 1).problem or "").endswith(f"nearest: {LIGHTER}")


def test_without_a_head_the_checked_out_commit_counts(repository: tuple[Path, str, str]) -> None:
    (found,) = check_citations(citing(Citation("text", LIGHTER, 1, 1)), repository[0])
    assert found.excerpt == ("// new",)


def test_commits_that_do_not_exist_and_folders_that_are_no_repository_are_named(
    repository: tuple[Path, str, str], tmp_path: Path
) -> None:
    folder, base, head = repository
    citation = Citation("text", LIGHTER, 1, 1)
    assert repository_problems(citing(citation, base=base, head=head), folder) == ()
    assert repository_problems(citing(citation, base="b2e29e2", head=head), folder) == (
        "base: the repository has no commit b2e29e2",
    )
    for other, problem in ((tmp_path, "not a git repository"), (tmp_path / "x", "no such directory")):
        (found,) = check_citations(citing(citation), other)
        assert found.problem is not None and found.problem.startswith(problem)
        assert repository_problems(citing(citation), other) == (found.problem,)


def test_variables_of_a_git_hook_do_not_lead_elsewhere(
    repository: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", ".")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert checked(repository, LIGHTER, 1, 1).problem is None


def test_changed_files_that_no_hypothesis_cites_are_listed(repository: tuple[Path, str, str]) -> None:
    folder, base, head = repository
    cited = Citation("text", "connectors/lighter.rs", 1, 1)
    assert uncited_files(citing(cited, base=base, head=head), folder) == ("old.rs", "src/new file.rs")
    assert uncited_files(citing(base=base), folder) == ("old.rs", LIGHTER, "src/new file.rs")
    assert uncited_files(citing(cited, base=base, head=base), folder) == ()


def test_changed_files_need_both_commits(repository: tuple[Path, str, str]) -> None:
    with pytest.raises(UsageError, match="names no `base`"):
        uncited_files(citing(), repository[0])
    with pytest.raises(UsageError, match="base: the repository has no commit b2e29e2"):
        uncited_files(citing(base="b2e29e2"), repository[0])
