"""DuckDB store of analysed runs, its migrations, the staging database of one run, and the query pool."""
