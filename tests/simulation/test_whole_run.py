"""Tests of a run in virtual time: determinism, its record, and rejected plans."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from connectors.simulator.scenario import Scenario, plan
from connectors.venues import venues
from tests.simulation.latin_square import truth_path
from tests.simulation.whole_run import START_UNIX_MS, simulate_run
from toolkit.model.errors import InputError, UsageError
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.run_directory import load_meta
from toolkit.telemetry.contract.check import FileCheck
from toolkit.telemetry.contract.fields import REQUIRED, ContractRecord
from toolkit.telemetry.record import TelemetryRecord

FIELDS = (Path(__file__).parents[2] / "runbooks" / "telemetry-fields.md").read_text(encoding="utf-8")
RUN_MS = 8_000
SCENARIO = Scenario("burst", (plan("paradex", "burst", 3), plan("lighter", "drop", 4)))


def run_files(out: Path, seed: int) -> dict[str, bytes]:
    """Simulate a run; return the contents of its files and of its ground truth."""
    shadow_plan = ShadowPlan(
        ("rehearse",), out, RUN_MS, venues(), scenario=SCENARIO, seed=seed, record_frames=False, truth=truth_path(out)
    )
    simulate_run(shadow_plan, {})
    files = [*(path for path in out.iterdir() if path.name != "run_meta.json"), truth_path(out)]
    return {path.name.removeprefix(out.name): path.read_bytes() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (run_files(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first == again
    assert {name for name in first if first[name] != other[name]} == set(first)


def test_the_record_has_the_times_of_the_virtual_clock(tmp_path: Path) -> None:
    run_files(tmp_path / "run", 1)
    meta = load_meta(tmp_path / "run")
    assert (meta.started_ms, meta.stopped_ms) == (START_UNIX_MS, START_UNIX_MS + RUN_MS)
    assert (meta.simulated, meta.stopped_by, meta.wall_drift_ms) == (True, "time", 0)


def test_a_directory_with_a_run_and_an_invalid_setting_are_rejected(tmp_path: Path) -> None:
    shadow_plan = ShadowPlan(("rehearse",), tmp_path / "run", 1_000, venues())
    with pytest.raises(UsageError, match="PARAPHINA_MAIN_LOOP_INTERVAL_MS"):
        simulate_run(shadow_plan, {"PARAPHINA_MAIN_LOOP_INTERVAL_MS": "soon"})
    simulate_run(shadow_plan, {"PARAPHINA_MAIN_LOOP_INTERVAL_MS": "500"})
    assert (tmp_path / "run" / "telemetry.jsonl").read_bytes().count(b"\n") == 3
    with pytest.raises(InputError, match="holds a run already"):
        simulate_run(shadow_plan, {})


def test_each_field_of_the_contract_is_written_unless_the_table_of_fields_says_why_not(tmp_path: Path) -> None:
    row = re.compile(r"^\| `(\w+)` \| (yes|no) \| .* \| (.*) \|$", re.MULTILINE)
    table = {name: (required, value) for name, required, value in row.findall(FIELDS)}
    own = {"toolkit"}  # The contract allows further keys; the object has a table of its own.
    assert set(table) >= {*ContractRecord.__struct_fields__, *TelemetryRecord.__struct_fields__} - own
    assert {name for name, (required, _) in table.items() if required == "yes"} == REQUIRED
    lines, check = run_files(tmp_path / "run", 1)["telemetry.jsonl"].splitlines(), FileCheck("telemetry.jsonl")
    for number, line in enumerate(lines, 1):
        check.check_line(number, line)
    assert check.report().violations == ()
    written = {name for name, (_, value) in table.items() if not value.startswith("not produced")}
    last = json.loads(lines[-1])
    assert last.keys() & table.keys() == written
    own_fields = FIELDS[FIELDS.index("## The object `toolkit`") :]
    assert {name for name in last["toolkit"] if f"`{name}`" not in own_fields} == set()
