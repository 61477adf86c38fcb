"""Evaluate a source: the rows behind a figure as the table `evidence`, and the steps that lead to them, with counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from toolkit.db.store import sql
from toolkit.evidence.explain.sources import Source
from toolkit.evidence.explain.stored_run import StoredRun
from toolkit.model.units import thousands

_HEADER = re.compile(r"^-- (row|reads|needs|lists): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rows:
    """SQL file that returns the rows of a source: what one row is, the roles of the files, and the scripts it needs.

    `lists_venues` means that the rows are entries of lists which have one entry per venue.
    """

    row: str
    reads: tuple[str, ...]
    needs: tuple[str, ...]
    lists_venues: bool
    query: str


def rows_of(name: str) -> Rows:
    """Return the SQL file of `toolkit/db/sql/explain` with this name."""
    text = sql(f"explain/{name}")
    header = dict(_HEADER.findall(text))
    split = {key: tuple(header.get(key, "").replace(",", " ").split()) for key in ("reads", "needs")}
    return Rows(header["row"], split["reads"], split["needs"], header.get("lists") == "venues", text)


def create_evidence(run: StoredRun, source: Source, parameters: Mapping[str, Any]) -> list[str]:
    """Create the table `evidence` with the rows behind a figure, and return the steps that lead to them.

    Columns: `life`, `venue`, `ord` (order), `weight` (ms), `amount`, `hit` (the figure counts the row), `about`, `word`
    (to group by) and `shown`, the lines as a list of file number and line.
    """
    assert source.rows is not None
    rows = rows_of(source.rows)
    run.require(*rows.needs, *source.needs)
    _execute(run, f"create or replace temp table base as {rows.query}", parameters)
    conditions = [condition for _, condition in source.among]
    among = " and ".join(f"({each})" for each in conditions) or "true"
    hit = f"coalesce({source.counted[1]}, false)" if source.counted else "true"
    _execute(
        run,
        f"""create or replace temp table evidence as
            with measured as (
                select *, ({source.amount or "null"})::double as amount from base where {among}
                window same as (partition by venue, life order by ord)
            )
            select *, {hit} as hit, ({source.about or "null"})::varchar as about,
                   ({source.by or "null"})::varchar as word, {source.refs} as shown
            from measured evidence window same as (partition by venue, life order by ord)""",
        parameters,
    )
    return _steps(run, source, rows, parameters)


def _execute(run: StoredRun, query: str, parameters: Mapping[str, Any]) -> None:
    (statement,) = run.con.extract_statements(query)
    run.con.execute(statement, {name: parameters.get(name) for name in statement.named_parameters} or None)


def _steps(run: StoredRun, source: Source, rows: Rows, parameters: Mapping[str, Any]) -> list[str]:
    """Return one step per filter, with the number of rows that pass it and all before it."""
    steps = [f"{source.of}: {_count(run, 'base')}"]
    passed = "base where true"
    for words, condition in source.among:
        passed += f" and ({condition})"
        steps.append(f"of them {words}: {_count(run, passed, parameters)}")
    if source.counted:
        steps.append(f"of them {source.counted[0]}: {_count(run, 'evidence where hit')}")
    grouped = run.con.execute(
        "select word, count(*) from evidence where hit and word is not null group by word order by 2 desc, 1"
    ).fetchall()
    if grouped:
        steps.append(", ".join(f"{word} {thousands(count)}" for word, count in grouped))
    if rows.lists_venues and parameters["scope"] != "run":
        steps += _place_in_lists(run, parameters["scope"])
    return steps


def _count(run: StoredRun, origin: str, parameters: Mapping[str, Any] = MappingProxyType({})) -> str:
    return thousands(run.scalar(f"select count(*) from {origin}", parameters))


def _place_in_lists(run: StoredRun, venue: str) -> list[str]:
    """Return a step that says which entry of a record's lists is the venue's."""
    place = run.scalar("select any_value(venue_index) + 1 from run_venues where venue = $venue", {"venue": venue})
    return [f"in each list of a record, {venue} is entry {place}"] if place else []
