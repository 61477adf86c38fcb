"""Mask secrets in the text columns of a table while its rows are copied to a store.

Few texts of a run need it. They are found in the database, masked once each, and replaced by a join.
"""

from __future__ import annotations

from collections.abc import Iterator

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
_MOSTLY_DISTINCT = ("fields", "detail", "text")
"""Columns in which few texts repeat: they are searched as they are, others are made distinct first."""


def masked_rows(con: duckdb.DuckDBPyConnection, table: str) -> tuple[str, pa.Table | None]:
    """Return a query for the rows of a table with their texts masked, and the table `data` that it reads.

    Without a secret in the rows, the table's name and None.
    """
    columns = _text_columns(con, table) if table not in _MASKED_BEFORE else []
    found = {column: dict(_replacements(con, table, column)) for column in columns}
    changed = [column for column, texts in found.items() if texts]
    if not changed:
        return table, None
    texts = {original: replacement for column in changed for original, replacement in found[column].items()}
    data = pa.table({"original": list(texts), "replacement": list(texts.values())})
    replaced = (
        f'coalesce((select replacement from data where original = r."{column}"), r."{column}") as "{column}"'
        for column in changed
    )
    return f"(select * replace ({', '.join(replaced)}) from {table} r)", data


def _text_columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    rows = con.execute(f"select name from pragma_table_info('{table}') where type = 'VARCHAR'").fetchall()
    return [name for (name,) in rows if name not in _VOCABULARY]


def _replacements(con: duckdb.DuckDBPyConnection, table: str, column: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a column that masking changes, with its replacement."""
    # The table `venue` lists the venues that all other tables name.
    origin = "venue" if column == "venue" else table
    texts = origin if column in _MOSTLY_DISTINCT else f'(select distinct "{column}" from {origin})'
    query = f'select distinct "{column}" from {texts} where {may_hold_secret(f"{chr(34)}{column}{chr(34)}")}'
    for (original,) in con.execute(query).fetchall():
        if (replacement := _masked(original)) != original:
            yield original, replacement


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
