"""Two files with the same position in a rotated file are accepted only if their order does not matter."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from toolkit.analysis.pipeline import Options, analyze
from toolkit.cli import main
from toolkit.model.errors import InputError

BEGUN = b"INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream\n"
CONNECTED = b"INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream\n"
RECORD = b'{"t":1,"venue_age_ms":[1]}\n'

PAIRS = {
    "gzipped by hand": ({"run.log": BEGUN * 2, "run.log.gz": gzip.compress(BEGUN + CONNECTED)}, "run.log.1 to"),
    "half compressed": ({"run.log.1": BEGUN, "run.log.1.gz": gzip.compress(CONNECTED)}, "run.log.2 to"),
    "of one day": ({"run.log-20261122": BEGUN, "run.log-20261122.gz": gzip.compress(CONNECTED)}, "leave out"),
    "telemetry": (
        {"telemetry.jsonl": RECORD, "telemetry.jsonl.gz": gzip.compress(RECORD.replace(b"1", b"2"))},
        "telemetry.jsonl.1 to",
    ),
}


@pytest.mark.parametrize(("files", "advice"), PAIRS.values(), ids=PAIRS)
def test_two_different_files_at_one_position_are_refused_by_name_with_advice(
    tmp_path: Path, files: dict[str, bytes], advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=" and ".join(sorted(files))) as refused:
        analyze([str(tmp_path)], options=Options(scope="ages"))
    assert advice in str(refused.value)
    with pytest.raises(SystemExit) as exited:
        main(["analyze", str(tmp_path), "--db", ":memory:"])
    assert exited.value.code == 3
    assert advice.split()[0] in capsys.readouterr().err


ACCEPTED = {
    "a copy": {"run.log": BEGUN, "run.log.gz": gzip.compress(BEGUN)},
    "compressed later than copied": {"run.log": BEGUN, "run.log.gz": gzip.compress(BEGUN + CONNECTED)},
    "a copy of telemetry": {"telemetry.jsonl": RECORD, "telemetry.jsonl.gz": gzip.compress(RECORD + RECORD[:9])},
    "emptied after it was compressed": {"run.log": b"", "run.log.gz": gzip.compress(BEGUN)},
    "compressed with a delay": {"run.log": BEGUN, "run.log.1": CONNECTED, "run.log.2.gz": gzip.compress(2 * BEGUN)},
    "two streams": {"stdout.log": BEGUN, "stderr.log": CONNECTED},
}


@pytest.mark.parametrize("files", ACCEPTED.values(), ids=ACCEPTED)
def test_copies_empty_files_and_numbered_parts_are_read(tmp_path: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    analysis = analyze([str(tmp_path)], options=Options(scope="ages"))
    assert any(each.used for each in analysis.ledger)


def test_files_with_one_name_from_two_folders_are_one_run(tmp_path: Path) -> None:
    paths = []
    for folder, data in {"a": BEGUN, "b": CONNECTED}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "run.log").write_bytes(data)
        paths.append(str(tmp_path / folder / "run.log"))
    assert len(analyze(paths, options=Options(scope="ages")).ledger) == 2
