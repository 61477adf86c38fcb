"""The runbook about `evidence.toml` names every key, and its example is accepted."""

from __future__ import annotations

import re
from pathlib import Path

from toolkit.evidence.specification import check_names, read_specification
from toolkit.evidence.toml import tables
from toolkit.model.evidence import Answer

RUNBOOK = (Path(__file__).parents[2] / "runbooks" / "evidence-toml.md").read_text("utf-8")


def test_the_example_of_the_runbook_is_accepted(tmp_path: Path) -> None:
    example = re.search(r"^```toml\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert example is not None
    path = tmp_path / "evidence.toml"
    path.write_text(example[1], "utf-8")
    found = read_specification(path)
    check_names(found, ("lighter.reconnects", "extended.reconnects", "lighter.pings.sent"), ("U08", "U12"))
    assert len(found.hypotheses[0].expects) == 3


def test_the_runbook_names_every_key_and_every_answer() -> None:
    structs = (tables.Tables, tables.HypothesisTable, tables.ExpectationTable, tables.ImplementationTable,
               tables.SettingTable, tables.ValidationTable, tables.CommandTable, tables.BlockerTable)  # fmt: skip
    keys = {key for struct in structs for key in struct.__struct_fields__}
    section = RUNBOOK.split("## Keys")[1]
    assert {key for key in keys if not re.search(rf"[`\[{{, ]{key}\b", section)} == set()
    assert re.findall(r"^\| ([a-z ]+) \| (?:the|none|a)", RUNBOOK, re.MULTILINE) == list(Answer)
