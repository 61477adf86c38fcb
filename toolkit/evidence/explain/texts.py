"""Explain a figure of a stored run with the texts of its lines, which are read again from the run's files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.evidence.explain.excerpts import excerpt
from toolkit.evidence.explain.explanation import explain_figure
from toolkit.evidence.explain.stored_run import stored_run
from toolkit.evidence.quoted_lines import lines_of, quoted_text, run_files
from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.explanations import ExplainedLine, Explanation

_FIELD = re.compile(r"[a-z_][a-z0-9_.]*")

LINES = 20
"""Number of lines that an explanation lists by default."""
_STORE_ONLY = "the store holds no texts; name the run by its path to see them"


def explain(
    db: str,
    run: str,
    name: str,
    paths: Sequence[str],
    most: int | None = LINES,
    files: Mapping[str, RunFile] | None = None,
) -> Explanation:
    """Explain the figure `name` of the run that the store `db` holds under the id `run`.

    `paths` are those of the run, from which the texts of at most `most` lines are read (None: all lines); without paths
    the lines have no texts. `files` are the files under the paths by name, where they are already found.

    Raises `UsageError` for a figure that the run does not have, and `InputError` where the store cannot be read or does
    not hold the run.
    """
    with stored_run(db, run) as stored:
        explanation = explain_figure(stored, name, most)
    if not explanation.lines:
        return explanation
    if not paths:
        return replace(explanation, unread=_STORE_ONLY)
    problems: list[str] = []
    found = _found(paths, problems) if files is None else files
    return _with_texts(explanation, found, problems)


def _found(paths: Sequence[str], problems: list[str]) -> Mapping[str, RunFile]:
    """Return the files under the paths by name; why some cannot be read again is added to `problems`."""
    files: dict[str, RunFile] = {}
    for path in paths:
        found = run_files(path)
        if isinstance(found, str):
            problems.append(found)
        else:
            files |= {name: file for name, file in found.items() if name not in files}
    return files


def _with_texts(explanation: Explanation, files: Mapping[str, RunFile], problems: list[str]) -> Explanation:
    wanted: dict[str, set[int]] = {}
    for each in explanation.lines:
        wanted.setdefault(each.file, set()).add(each.line)
    texts: dict[tuple[str, int], tuple[str, int]] = {}
    fields = _FIELD.findall(explanation.source)
    for name, numbers in wanted.items():
        file = files.get(name)
        try:
            if file is None:
                # One reason is enough where no file at all can be read.
                problems += [] if problems else [f"the run no longer has the file {name}"]
            else:
                for number, line in lines_of(file, sorted(numbers)):
                    texts[name, number] = quoted_text(excerpt(line, fields))
        except InputError as error:
            problems.append(f"{name} cannot be read again: {error.why}")
    lines = tuple(_with_text(each, texts) for each in explanation.lines)
    return replace(explanation, lines=lines, unread="; ".join(problems) or None)


def _with_text(line: ExplainedLine, texts: Mapping[tuple[str, int], tuple[str, int]]) -> ExplainedLine:
    text, cut = texts.get((line.file, line.line), (None, 0))
    return replace(line, text=text, cut=cut)
