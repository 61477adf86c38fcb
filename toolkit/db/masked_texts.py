"""Mask secrets in the text columns of a table while its rows are copied to a store.

Few texts of a run need it. They are found in the database, masked once each, and replaced by a join.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import msgspec
import pyarrow as pa

from toolkit.model.redaction import KEPT_PREFIXES, may_hold_secret, redact, redact_all, redact_setting

_MASKED_BEFORE = ("analysis",)
"""Tables whose texts are masked when they are written."""
_VOCABULARY = frozenset((
    "run", "family", "kind", "role", "sha256", "reached", "unit", "bound", "better", "status", "funding_status", "name",
    "code", "severity", "class", "ended", "semantics",
))  # fmt: skip
"""Columns whose texts are words of the toolkit or digests."""
_TEXT_FIELD = re.compile(r'"?(\w+)"? VARCHAR')
_FEW_ROWS = 100
"""Rows up to which all texts of a table are masked: a search takes as long, as its pattern is compiled each time."""
_MOSTLY_DISTINCT = ("fields", "detail", "text")
"""Columns in which few texts repeat: they are searched as they are, others are made distinct first."""


def masked_rows(con: duckdb.DuckDBPyConnection, table: str) -> tuple[str, pa.Table | None]:
    """Return a query for the rows of a table with their texts masked, and the table `data` that it reads.

    Without a secret in the rows, the table's name and None.
    """
    columns = _columns(con, table) if table not in _MASKED_BEFORE else []
    few = not columns or not con.execute(f"select 1 from {table} offset {_FEW_ROWS} limit 1").fetchall()
    found = {column: dict(_replacements(con, _texts_of(table, column, few))) for column in columns}
    changed = [column for column, texts in found.items() if texts]
    if not changed:
        return table, None
    texts = {original: replacement for column in changed for original, replacement in found[column].items()}
    data = pa.table({"original": list(texts), "replacement": list(texts.values())})
    replaced = ", ".join(f'{_replaced(column)} as "{column.name}"' for column in changed)
    if any(column.fields for column in changed):
        # A function of a list can read a map, but no table.
        masks = "(select map(list(original), list(replacement)) as masks from data)"
        return f"(select * exclude (masks) replace ({replaced}) from {table} r, {masks})", data
    return f"(select * replace ({replaced}) from {table} r)", data


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of texts, or of lists of structures with the texts `fields`."""

    name: str
    fields: tuple[str, ...] = ()


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[_Column]:
    rows = con.execute(f"select name, type from pragma_table_info('{table}')").fetchall()
    texts = [_Column(name) for name, type in rows if type == "VARCHAR" and name not in _VOCABULARY]
    lists = [_Column(name, tuple(_TEXT_FIELD.findall(type))) for name, type in rows if type.startswith("STRUCT")]
    return [*texts, *(each for each in lists if each.fields)]


def _replaced(column: _Column) -> str:
    """Return the expression of a column with its texts replaced."""
    if not column.fields:
        name = f'r."{column.name}"'
        return f"coalesce((select replacement from data where original = {name}), {name})"
    fields = ", ".join(f'"{each}" := coalesce(masks[e."{each}"], e."{each}")' for each in column.fields)
    return f'list_transform(r."{column.name}", lambda e: struct_update(e, {fields}))'


def _replacements(con: duckdb.DuckDBPyConnection, texts: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a query that masking changes, with its replacement."""
    for (original,) in con.execute(texts).fetchall():
        if original is not None and (replacement := _masked(original)) != original:
            yield original, replacement


def _texts_of(table: str, column: _Column, few: bool) -> str:
    """Return the query for the distinct texts of a column that masking may change; for all of them if they are few."""
    if column.fields:
        texts = ", ".join(f'e."{each}"' for each in column.fields)
        distinct = (
            f'(select distinct unnest([{texts}]) as text from (select unnest("{column.name}") as e from {table}))'
        )
        return f"select text from {distinct} where {few or may_hold_secret('text')}"
    # The table `venue` lists the venues that all other tables name.
    name, origin = f'"{column.name}"', "venue" if column.name == "venue" else table
    texts = origin if column.name in _MOSTLY_DISTINCT else f"(select distinct {name} from {origin})"
    return f"select distinct {name} from {texts} where {few or may_hold_secret(name)}"


def _masked(text: str) -> str:
    """Mask a text; within JSON, each text of it."""
    if not text.startswith(("{", "[")):
        return redact(text)
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return redact(text)
    masked = redact_all(value)
    if isinstance(value, dict) and (name := str(value.get("name"))).startswith(KEPT_PREFIXES):
        # A line that states the value of an environment variable.
        masked |= {key: redact_setting(name, str(value[key])) for key in ("value", "raw") if value.get(key)}
    return text if masked == value else msgspec.json.encode(masked).decode()
