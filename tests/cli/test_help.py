"""Test that `toolkit --help` loads no heavy library."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("duckdb", "polars", "pyarrow", "numpy", "jinja2", "websockets", "httpx")


def test_help_imports_no_heavy_library() -> None:
    code = f"import sys, toolkit.cli; toolkit.cli.app(); print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
