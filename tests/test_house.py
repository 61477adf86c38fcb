"""The direction of imports: a module imports from lower floors and from its own room, never up, never sideways."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS: dict[str, tuple[int, str]] = {
    # module or package prefix: (floor, room); the longest prefix that fits decides
    "toolkit.model.vocabulary": (0, "words"),
    "toolkit.model.errors": (0, "words"),
    "toolkit.model.units": (0, "words"),
    "toolkit.model.records": (1, "records"),
    "connectors.venues.frames": (1, "protocol"),
    "connectors.venues.spec": (1, "protocol"),
    "connectors.session.events": (1, "protocol"),
    "connectors.venues.parsing": (1, "protocol"),
    "reports.elements": (1, "page"),
    "reports": (1, "page"),
    "toolkit.runlog": (2, "runlog"),
    "toolkit.telemetry.record": (2, "telemetry"),
    "toolkit.model.serialize": (2, "published"),
    "connectors.venues": (2, "venues"),
    "connectors.session.book": (2, "book"),
    "connectors.session.backoff": (2, "backoff"),
    "connectors.session.sequence": (2, "sequence"),
    "connectors.settings": (2, "settings"),
    "connectors.recording.tape": (2, "tape"),
    "toolkit.sessions.machine": (3, "sessions"),
    "toolkit.timeline.bounds": (3, "timeline"),
    "toolkit.comparison.rows": (3, "comparison"),
    "toolkit.comparison.comparability": (3, "comparison"),
    "toolkit.analysis.settings": (3, "comparison"),
    "toolkit.gate": (3, "gate"),
    "toolkit.gate.gate_files": (4, "store"),
    "toolkit.telemetry.contract": (3, "contract"),
    "toolkit.analysis.diagnosis": (3, "diagnosis"),
    "toolkit.upstream": (3, "compat"),
    "toolkit.analysis.findings": (3, "findings"),
    "reports.render": (3, "render"),
    "reports.format": (3, "render"),
    "reports.sections": (3, "render"),
    "reports.run_view": (3, "render"),
    "reports.pair_view": (3, "render"),
    "reports.section_layout": (3, "render"),
    "reports.review_summary": (3, "render"),
    "connectors": (3, "session"),
    "toolkit.db.store": (4, "store"),
    "toolkit.db.migrations": (4, "store"),
    "toolkit.analysis.metrics": (4, "store"),
    "toolkit.db.staging": (4, "store"),
    "toolkit.ingest": (4, "store"),
    "toolkit.analysis.pipeline": (4, "store"),
    "toolkit.host": (4, "host"),
    "connectors.io.websocket": (4, "sockets"),
    "connectors.io.http": (4, "sockets"),
    "connectors.runner.runner": (4, "sockets"),
    "connectors.recording.run_files": (4, "sockets"),
    "connectors.io.driver": (4, "sockets"),
    "connectors.io.inbox": (4, "sockets"),
    "connectors.runner.handover": (4, "sockets"),
    "connectors.clock": (4, "sockets"),
    "connectors.simulator": (4, "loopback"),
    "toolkit.smoke": (5, "smoke"),
    "toolkit.evidence": (5, "evidence"),
    "toolkit.api": (6, "api"),
    "toolkit.cli": (6, "cli"),
    "toolkit.__main__": (6, "cli"),
}


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("toolkit", "connectors", "reports"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def place(module: str) -> tuple[int, str]:
    if module == "toolkit":
        return 7, "front door"
    prefixes = [prefix for prefix in FLOORS if module == prefix or module.startswith(prefix + ".")]
    assert prefixes, f"{module} has no floor: give it one in this test"
    return FLOORS[max(prefixes, key=len)]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


KNOWN = {module for module, _ in modules()}


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_from_lower_floors_and_its_own_room(module: str, path: Path) -> None:
    floor, room = place(module)
    for imported in {name for name in imports(path) if name in KNOWN and name not in ("toolkit", module)}:
        there, other = place(imported)
        assert there < floor or other == room, f"{module} (floor {floor}) imports {imported} (floor {there})"


DOORS_ONLY = {
    "duckdb": {"store", "cli", "api"},
    "pyarrow": {"store"},
    "websockets": {"sockets", "loopback"},
    "httpx": {"sockets", "loopback"},
    "jinja2": {"render"},
    "typer": {"cli"},
    "polars": {"api"},
    "asyncio": {"sockets", "loopback", "smoke", "cli"},
    "socket": {"sockets", "loopback", "smoke"},
    "subprocess": {"smoke", "evidence", "host"},
}


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_library_comes_in_by_its_own_door(module: str, path: Path) -> None:
    _, room = place(module)
    for imported in imports(path):
        allowed = DOORS_ONLY.get(imported.split(".")[0])
        assert allowed is None or room in allowed, f"{module} imports {imported}"


def test_help_imports_no_door() -> None:
    heavy = ("duckdb", "polars", "pyarrow", "numpy", "jinja2", "websockets", "httpx")
    code = f"import sys, toolkit.cli; toolkit.cli.app(); print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_two_test_modules_share_a_name() -> None:
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
