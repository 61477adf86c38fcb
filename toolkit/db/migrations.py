"""The tables of a store file: which version of the toolkit laid them out, and an older layout brought up to date.

A store says its version in the table `store_version`; one without that table is older than the table. An older layout
that only lacks tables or columns gets them, and its runs have nulls there, or what their other columns tell; any other
layout is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import duckdb

from toolkit.model.errors import InputError

VERSION = 5
"""Raised with each change of the tables; layouts of one version are told apart by the digest of their definition."""

_TOLD_BY_OTHERS = {
    # A session that ends above its beginning ended in another file, and nothing tells in which.
    ("session", "ended_file_no"): "update session set ended_file_no = file_no where ended_line >= began_line",
}
"""What the runs of an older store say in a column that was added, where their other columns tell it."""

Columns = Mapping[tuple[str, str], tuple[str, bool]]
"""Of each table and column: its type, and whether it may be null."""


def is_current(con: duckdb.DuckDBPyConnection, db: str, schema: str) -> bool:
    """Whether the open file has the tables that `schema` defines, as this version of the toolkit made them.

    Raises `InputError` where a newer version made them, or where they are no store's.
    """
    held = _columns(con)
    version, digest = _said(con, held)
    if version > VERSION:
        why = f"was made by a newer version of the toolkit (store version {version}, this one knows {VERSION})"
        raise InputError(db, None, f"{why}; update the toolkit, or name another file with --db")
    if held and ("run", "run_key") not in held:
        raise InputError(db, None, "is a database of something else, not a store; name another file with --db")
    return (version, digest) == (VERSION, _digest(schema))


def bring_up_to_date(con: duckdb.DuckDBPyConnection, db: str, schema: str) -> None:
    """Make the tables of an empty file, or add to an older store what it lacks; within the caller's transaction.

    Raises `InputError` where an older table differs in more than that.
    """
    if held := _columns(con):
        for (table, column), kind in _lacking(held, _defined(schema), db):
            con.execute(f'alter table "{table}" add column "{column}" {kind}')
            if (table, column) in _TOLD_BY_OTHERS:
                con.execute(_TOLD_BY_OTHERS[table, column])
    con.execute(schema)
    con.execute("delete from store_version")
    con.execute("insert into store_version values (?, ?)", [VERSION, _digest(schema)])


def _lacking(held: Columns, defined: Columns, db: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The columns that tables of the store lack, each with its type; whole tables are made by their definition."""
    tables = {table for table, _ in held}
    for place, (kind, _) in defined.items():
        if place in held and held[place][0] != kind:
            raise _other_layout(db, f"{'.'.join(place)} is {held[place][0]}, not {kind}")
        if place[0] in tables and place not in held:
            yield place, kind
    for place, (_, nullable) in held.items():
        if place not in defined and place[0] in {table for table, _ in defined} and not nullable:
            raise _other_layout(db, f"{'.'.join(place)} is unknown to this version")


def _other_layout(db: str, difference: str) -> InputError:
    why = f"was made by another version of the toolkit and cannot be brought up to date ({difference})"
    return InputError(db, None, f"{why}; analyse its runs again into a new file, named with --db")


def _columns(con: duckdb.DuckDBPyConnection) -> Columns:
    rows = con.execute(
        "select table_name, column_name, c.data_type, c.is_nullable from duckdb_columns() c semi join duckdb_tables() t"
        " using (table_oid) where not c.internal and c.schema_name = 'main' and c.database_name = current_database()"
        " and c.database_name not in ('temp', 'system') order by table_oid, column_index"
    ).fetchall()
    return {(table, column): (kind, nullable) for table, column, kind, nullable in rows}


def _defined(schema: str) -> Columns:
    with duckdb.connect() as scratch:
        scratch.execute(schema)
        return _columns(scratch)


def _said(con: duckdb.DuckDBPyConnection, held: Columns) -> tuple[int, str]:
    if ("store_version", "version") not in held:
        return 0, ""
    return next(iter(con.execute("select version, layout from store_version").fetchall()), (0, ""))


def _digest(schema: str) -> str:
    return hashlib.sha256(schema.encode()).hexdigest()[:16]
