"""`toolkit analyze`: ingest one run and say what happened."""

from __future__ import annotations

from toolkit.cli.options import (
    DEFAULT_DB,
    DbOption,
    Format,
    FormatOption,
    OutputOption,
    RequestedOption,
    RunPaths,
)


def analyze(
    paths: RunPaths,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    db: DbOption = DEFAULT_DB,
    requested: RequestedOption = None,
) -> int:
    """Ingest one run and say what happened."""
    raise NotImplementedError
