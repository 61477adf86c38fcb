"""Version check and migration of a store's tables.

The table `store_version` holds the version of a store; a store without that table is older than the table. An older
store that only lacks tables or columns gets them. Its runs have null in an added column, or a value derived from their
other columns. Any other difference is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import duckdb

from toolkit.model.errors import InputError

VERSION = 13
"""Version of the tables, raised with each change. Schemas of one version differ in the digest of their definition."""

_BACKFILLS = {
    # A session whose ending has a lower line than its beginning ended in another file, and no column says in which.
    ("session", "ended_file_no"): "update session set ended_file_no = file_no where ended_line >= began_line",
}
"""Statements that fill an added column of older runs, by table and column."""

Columns = Mapping[tuple[str, str], tuple[str, bool]]
"""Type and nullability by table and column."""


def is_current(con: duckdb.DuckDBPyConnection, db: str, schema: str) -> bool:
    """Return whether the open file has the tables that `schema` defines, created by this version of the toolkit.

    Raises `InputError` for a store of a newer version, and for a database that is not a store.
    """
    existing = _columns(con)
    version, digest = _version(con, existing)
    if version > VERSION:
        why = f"was made by a newer version of the toolkit (store version {version}, this one knows {VERSION})"
        raise InputError(db, None, f"{why}; update the toolkit, or name another file with --db")
    if existing and ("run", "run_key") not in existing:
        raise InputError(db, None, "is a database of something else, not a store; name another file with --db")
    return (version, digest) == (VERSION, _digest(schema))


def migrate(con: duckdb.DuckDBPyConnection, db: str, schema: str) -> None:
    """Create the tables of an empty file, or add the missing tables and columns of an older store.

    Runs inside the caller's transaction. Raises `InputError` where an older table differs in more than missing columns.
    """
    if existing := _columns(con):
        for (table, column), kind in _missing_columns(existing, _defined(schema), db):
            con.execute(f'alter table "{table}" add column "{column}" {kind}')
            if (table, column) in _BACKFILLS:
                con.execute(_BACKFILLS[table, column])
    con.execute(schema)
    con.execute("delete from store_version")
    con.execute("insert into store_version values (?, ?)", [VERSION, _digest(schema)])


def _missing_columns(existing: Columns, defined: Columns, db: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each missing column of an existing table with its type; `schema` itself creates the missing tables."""
    existing_tables, defined_tables = {table for table, _ in existing}, {table for table, _ in defined}
    for column, (kind, _) in defined.items():
        if column in existing and existing[column][0] != kind:
            raise _incompatible(db, f"{'.'.join(column)} is {existing[column][0]}, not {kind}")
        if column[0] in existing_tables and column not in existing:
            yield column, kind
    for column, (_, nullable) in existing.items():
        if column not in defined and column[0] in defined_tables and not nullable:
            raise _incompatible(db, f"{'.'.join(column)} is unknown to this version")


def _incompatible(db: str, difference: str) -> InputError:
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


def _version(con: duckdb.DuckDBPyConnection, existing: Columns) -> tuple[int, str]:
    if ("store_version", "version") not in existing:
        return 0, ""
    return next(iter(con.execute("select version, layout from store_version").fetchall()), (0, ""))


def _digest(schema: str) -> str:
    return hashlib.sha256(schema.encode()).hexdigest()[:16]
