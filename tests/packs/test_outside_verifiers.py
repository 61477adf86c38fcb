"""Programs that know nothing of this toolkit accept a pack: one directory for all of them."""

from __future__ import annotations

import json
import subprocess
import warnings
from pathlib import Path

import bagit
import in_toto_attestation.predicates.link.v0.link_pb2 as link
import in_toto_attestation.predicates.test_result.v0.test_result_pb2 as test_result
import in_toto_attestation.v1.statement_pb2 as statement
import pytest
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from rocrate.rocrate import ROCrate

from tests.packs.example import DIGEST, write_pair
from toolkit.packs.pack import pack

PREDICATES = {"link/v0.3": link.Link, "test-result/v0.1": test_result.TestResult}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    pack(write_pair(folder), folder / "pack")
    return folder / "pack"


def test_bagit_accepts_a_pack_with_all_of_its_tag_files(root: Path) -> None:
    bag = bagit.Bag(str(root))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert set(bag.tagfile_entries()) == {"bag-info.txt", "bagit.txt", "manifest-sha256.txt", "ro-crate-metadata.json"}


def test_sha256sum_accepts_both_manifests(root: Path) -> None:
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = subprocess.run(["sha256sum", "--check", "--strict", name], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(": OK\n") == len((root / name).read_text().splitlines())


def test_in_toto_accepts_each_statement_and_its_predicate(root: Path) -> None:
    found = {}
    for path in sorted((root / "data/attestations").iterdir()):
        message = json_format.Parse(path.read_text(), statement.Statement())
        Statement.copy_from_pb(message).validate()
        kind = "/".join(message.predicate_type.rsplit("/", 2)[1:])
        predicate = json_format.MessageToDict(message.predicate)
        found[path.name] = (kind, predicate, json_format.ParseDict(predicate, PREDICATES[kind]()))
    assert [kind for kind, _, _ in found.values()] == ["link/v0.3"] * 2 + ["test-result/v0.1"] * 2 + ["link/v0.3"]
    _, built, message = found["command-new-001.intoto.json"]
    assert built["command"] == ["~/bin/cargo", "build", "--token", "***"]
    assert built["byproducts"]["return-value"] == 0
    assert message.materials[0].digest["gitCommit"] == "29c19fd4" * 5
    assert (
        found["command-new-002.intoto.json"][1]["byproducts"] | {"return-value": 137, "signal": "SIGKILL"}
        == (found["command-new-002.intoto.json"][1]["byproducts"])
    )
    assert found["run-new.intoto.json"][1]["materials"][1]["digest"] == {"sha256": DIGEST}
    gate = json.loads((root / "data/gate/new.json").read_text())
    result = found["gate-new.intoto.json"][1]
    assert result["result"] == {"PASS": "PASSED", "FAIL": "FAILED", "INCONCLUSIVE": "WARNED"}[gate["verdict"]]
    counts = {verdict: sum(rule["verdict"] == verdict for rule in gate["rules"]) for verdict in ("PASS", "FAIL")}
    assert (len(result["passedTests"]), len(result["failedTests"])) == (counts["PASS"], counts["FAIL"])


def test_rocrate_loads_a_pack_and_finds_each_file_and_action(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        crate = ROCrate(root)
    assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    files = {path.relative_to(root).as_posix() for path in (root / "data").rglob("*") if path.is_file()}
    assert {entity.id for entity in crate.data_entities} == files
    actions = {action.id: action for action in crate.root_dataset["mentions"]}
    assert set(actions) == {"#run-old", "#run-new", "#command-new-001", "#command-new-002", "#analysis"}
    built, killed = actions["#command-new-001"], actions["#command-new-002"]
    assert built["startTime"] == "2026-11-30T00:53:20.000+00:00"
    assert built["endTime"] == "2026-11-30T00:54:21.000+00:00"
    assert built["actionStatus"].endswith("CompletedActionStatus")
    assert killed["actionStatus"].endswith("FailedActionStatus")
    assert killed["error"] == "ended by SIGKILL"
    for action in actions.values():
        assert action["instrument"]["@type"] == "SoftwareApplication"
        results = action["result"] if isinstance(action["result"], list) else [action["result"]]
        assert all(result.id in files for result in results)
    assert {each.id for each in actions["#analysis"]["object"]} >= {
        "data/pack.json",
        "data/runs/new/telemetry.jsonl.zst",
    }
