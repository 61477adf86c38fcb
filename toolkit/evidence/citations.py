"""Hold the citations of a specification against a git repository at the commit that it names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from toolkit.evidence.toml.tables import nearest
from toolkit.host.git import git_output
from toolkit.model.errors import UsageError
from toolkit.model.evidence import CheckedCitation, Citation, Specification
from toolkit.model.redaction import redact

_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
"""Form of a commit, branch or tag that is passed to git. None of these can be taken for an option or a range."""
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def check_citations(specification: Specification, repository: Path) -> tuple[CheckedCitation, ...]:
    """Return every citation of a specification, in order, with its excerpt, or with what does not hold.

    The commit is `head` of the specification, or the checked-out one if it has none. A path may leave out its first
    folders where only one file of the commit ends with it.
    """
    citations = [each for hypothesis in specification.hypotheses for each in hypothesis.implementation]
    problem = _repository_problem(repository)
    head = specification.head or "HEAD"
    commit = None if problem else _commit(repository, head)
    if commit is None:
        return tuple(CheckedCitation(each, problem or _no_commit(head)) for each in citations)
    tree = _Tree(repository, commit, head)
    return tuple(tree.checked(each) for each in citations)


def repository_problems(specification: Specification, repository: Path) -> tuple[str, ...]:
    """Return what does not hold of the repository and of the commits `base` and `head` of a specification."""
    if problem := _repository_problem(repository):
        return (problem,)
    named = (("base", specification.base), ("head", specification.head or "HEAD"))
    return tuple(
        f"{key}: {_no_commit(revision)}"
        for key, revision in named
        if revision is not None and _commit(repository, revision) is None
    )


def uncited_files(specification: Specification, repository: Path) -> tuple[str, ...]:
    """Return the files that changed from `base` to `head` and that no hypothesis cites, in order of path.

    Raises `UsageError` if the specification names no base, or a commit that the repository does not have.
    """
    if specification.base is None:
        raise UsageError(f"{specification.file}: names no `base`; the changed files are those of base..head")
    if problems := repository_problems(specification, repository):
        raise UsageError(f"{specification.file}: {'; '.join(problems)}")
    base, head = (_commit(repository, each) for each in (specification.base, specification.head or "HEAD"))
    assert base is not None and head is not None
    changed = _paths(
        repository, "diff", "--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff", base, head, "--"
    )
    cited = {citation.path for hypothesis in specification.hypotheses for citation in hypothesis.implementation}
    return tuple(sorted(path for path in changed if not any(_is_named(path, each) for each in cited)))


def _repository_problem(repository: Path) -> str | None:
    if not repository.is_dir():
        return f"no such directory: {redact(str(repository))}"
    if git_output(repository, "rev-parse", "--git-dir") is None:
        return f"not a git repository, or git refuses to read it: {redact(str(repository))}"
    return None


def _no_commit(revision: str) -> str:
    return f"the repository has no commit {revision}"


def _commit(repository: Path, revision: str) -> str | None:
    """Return the full id of a commit; None if there is none of that name, or if it has no form of a name."""
    if not _REVISION.fullmatch(revision) or ".." in revision:
        return None
    found = (git_output(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") or b"").strip()
    return found.decode() if _COMMIT.fullmatch(found) else None


def _paths(repository: Path, *arguments: str) -> list[str]:
    listed = git_output(repository, *arguments) or b""
    return [each.decode("utf-8", "backslashreplace") for each in listed.split(b"\0") if each]


def _is_named(path: str, cited: str) -> bool:
    return path == cited or path.endswith(f"/{cited}")


@dataclass(slots=True)
class _Tree:
    """Files of a commit; `name` is the commit's name for readers."""

    repository: Path
    commit: str
    name: str
    paths: list[str] = field(init=False)
    contents: dict[str, bytes | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.paths = _paths(self.repository, "ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit)

    def checked(self, citation: Citation) -> CheckedCitation:
        """Return a citation with its excerpt or its problem."""
        path = self._path(citation.path)
        if not isinstance(path, str):
            return CheckedCitation(citation, self._missing(citation.path, path))
        if path not in self.contents:
            self.contents[path] = git_output(self.repository, "cat-file", "blob", f"{self.commit}:{path}")
        content = self.contents[path]
        if content is None:
            return CheckedCitation(citation, f"{path} cannot be read at {self.name}")
        lines = _LINE.findall(content)
        if citation.last_line > len(lines):
            return CheckedCitation(citation, f"{path} has {len(lines)} lines at {self.name}")
        cited = lines[citation.first_line - 1 : citation.last_line]
        excerpt = tuple(each.decode("utf-8", "replace").rstrip("\r\n") for each in cited)
        return CheckedCitation(citation, None, excerpt, hashlib.sha256(b"".join(cited)).hexdigest())

    def _path(self, cited: str) -> str | list[str]:
        """Return the one file that a citation names, or all that it may name."""
        if cited in self.paths:
            return cited
        found = [path for path in self.paths if _is_named(path, cited)]
        return found[0] if len(found) == 1 else found

    def _missing(self, cited: str, found: Collection[str]) -> str:
        if found:
            return f"{len(found)} files at {self.name} end with this path: {_listed(found)}"
        same_name = [path for path in self.paths if PurePosixPath(path).name == PurePosixPath(cited).name]
        close = same_name or nearest(cited, self.paths, 2)
        return f"no such file at {self.name}" + (f"; nearest: {_listed(close)}" if close else "")


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(list(paths)[:3])
