"""Tests of the conformance harness: its list of clients, the lines that it reads, and its table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connectors.venues import venues
from tests.conformance.cells import COLUMNS, Cell
from tests.conformance.environments import InstallError, install
from tests.conformance.registry import Client, clients
from tests.conformance.table import markdown
from tests.conformance.trial import Row, events


@pytest.mark.parametrize("client", clients().values(), ids=clients())
def test_each_client_has_a_script_pinned_packages_and_known_venues(client: Client) -> None:
    assert client.script.is_file()
    assert all("==" in package for package in (*client.packages, *client.alone))
    assert set(client.venues) <= venues().keys()


def test_no_script_imports_the_program_that_it_tests() -> None:
    for script in sorted(clients()["ccxt-pro"].script.parent.glob("*.py")):
        imports = [line for line in script.read_text().splitlines() if line.startswith(("import ", "from "))]
        assert not [line for line in imports if line.split()[1].split(".")[0] in ("toolkit", "connectors", "tests")]


def test_what_a_client_prints_between_the_events_is_left_out() -> None:
    lines = ['{"at": 1, "event": "pong"}', "Websocket message from an unexpected subscription", '{"a": 1}', "7", "{cut"]
    assert list(events(lines)) == [{"at": 1, "event": "pong"}]


def test_a_client_without_its_python_is_not_installable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InstallError, match=r"^needs Python 9\.8 or 9\.9, which is not on this machine$"):
        install(Client("none", ("9.8", "9.9"), ("none==1",), ("aster",)), tmp_path)


def test_an_environment_in_the_cache_is_used_again(tmp_path: Path) -> None:
    client = Client("ready", (f"{sys.version_info.major}.{sys.version_info.minor}",), (), ("aster",))
    made = install(client, tmp_path)
    (made.python.parents[1] / "kept").touch()
    again = install(client, tmp_path)
    assert again == made
    assert (again.python.parents[1] / "kept").exists()


def test_the_table_shows_versions_the_date_and_every_column() -> None:
    facts = [Cell(True, "2 sockets", "book, trades"), Cell(False, "a|b\nc"), *[Cell(None, "–")] * (len(COLUMNS) - 2)]
    lines = markdown([Row("ccxt-pro", "aster", "ccxt 4.5.90", "3.11.7", facts)], "2026-11-30", 130).splitlines()
    assert lines[0] == "Run on 2026-11-30; 130 s of quiet, then one drop."
    assert lines[2].count("|") == 4 + len(COLUMNS)
    assert lines[-1] == "- ccxt 4.5.90 at aster: book, trades"
    assert lines[4] == r"| ccxt 4.5.90 | aster | 3.11.7 | yes: 2 sockets | **no**: a\|b c | – | – | – | – |"
