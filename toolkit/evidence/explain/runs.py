"""Resolve what a user names a run by: a path, or a run of the store by its id or label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from toolkit.db.scratch import scratch_folder
from toolkit.db.store import MEMORY, connect
from toolkit.db.store_file import damage_explained
from toolkit.evidence.explain.texts import explain
from toolkit.files.copies import distinct
from toolkit.files.discovery import SAMPLE, discover
from toolkit.files.run_file import RunFile
from toolkit.files.run_identity import IDENTITY_ROLES, run_id
from toolkit.model.errors import InputError, UsageError
from toolkit.model.explanations import Explanation
from toolkit.model.redaction import redact
from toolkit.model.runs import FileLedger
from toolkit.streams.spool import is_pipe

_CHUNK_BYTES = 1 << 20

AnalyzeInto = Callable[[str], str]
"""Analyses the named run into a store file and returns the run's id."""


def explained(name: str, figure: str, db: str, most: int | None, analyze_into: AnalyzeInto) -> Explanation:
    """Explain a figure of the run that is named by a path, or by its id or label in the store `db`.

    A run named by a path is analysed first, unless the store already holds it. Raises `InputError` where there is no
    such run and `UsageError` for a figure that it does not have.
    """
    if not is_path(name):
        return explain(db, stored_by_name(name, db), figure, (), most)
    files = [] if is_pipe(name) or db == MEMORY or not Path(db).exists() else distinct(discover([name])).files
    if files and (stored := stored_by_content(files, db)):
        return explain(db, stored, figure, (name,), most, {each.name: each for each in reversed(files)})
    with scratch_folder() as folder:
        store = str(folder / "store.duckdb") if db == MEMORY else db
        return explain(store, analyze_into(store), figure, (name,), most)


def is_path(name: str) -> bool:
    """Return True if a run is named by a path, and not by its id or label in a store."""
    return name == "-" or name.startswith(SAMPLE) or Path(name).exists()


def stored_by_content(files: Sequence[RunFile], db: str) -> str | None:
    """Return the id of the run with these files if the store holds it; None if it does not.

    Raises `InputError` where a file cannot be read.
    """
    identity = (each for each in files if each.role in IDENTITY_ROLES)
    run = run_id(FileLedger(each.name, each.role, 0, _digest(each), 0, 0, {}, ()) for each in identity)
    with connect(db, read_only=True) as con, damage_explained(db):
        return run if con.execute("select 1 from run where run = ?", [run]).fetchall() else None


def stored_by_name(name: str, db: str) -> str:
    """Return the id of the one run of the store with this label, or whose id starts with it.

    Raises `InputError` where the store has none, and `UsageError` where it has several.
    """
    neither = "no such file or directory, and no run in the store has that id or label; check it, or see `toolkit runs`"
    if db == MEMORY or not Path(db).exists() or not name:
        raise InputError(name or "''", None, neither)
    with connect(db, read_only=True) as con, damage_explained(db):
        found = con.execute(
            "select run from run where label in (?, ?) or starts_with(run, ?)", [name, redact(name), name]
        ).fetchall()
    if not found:
        raise InputError(name, None, neither)
    if len(found) > 1:
        runs = ", ".join(run for (run,) in found)
        raise UsageError(f"{name}: {len(found)} runs of the store are named so; write one of {runs}")
    return str(found[0][0])


def _digest(file: RunFile) -> str:
    """Return the SHA-256 of the decompressed content."""
    with file.open() as stream:
        while stream.read(_CHUNK_BYTES):
            pass
        return stream.sha256
