"""Evidence in an encoding that no reader splits into lines is refused, with what to do."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.files.discovery import discover
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role

LOG = "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream\n"
TELEMETRY = '{"schema_version":1,"t":0,"venue_age_ms":[1],"venue_status":["Healthy"]}\n'
ENCODED: dict[str, Callable[[str], bytes]] = {
    "little": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "big": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}


@pytest.mark.parametrize("command", ["analyze", "validate"])
@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("order", ENCODED)
@pytest.mark.parametrize(("name", "text"), [("run.log", LOG), ("telemetry.jsonl", TELEMETRY)])
def test_utf_16_is_refused_with_the_command_that_converts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, order: str, packing: str, command: str
) -> None:
    data = ENCODED[order](text * 9)
    (tmp_path / f"{name}{packing}").write_bytes(gzip.compress(data) if packing else data)
    with pytest.raises(SystemExit) as ended:
        main([command, str(tmp_path)])
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert said.startswith(f"toolkit: {name}{packing}: is in UTF-16")
    assert "iconv -f UTF-16 -t UTF-8" in said
    assert ("unpack it" in said) is bool(packing)
    assert said.count("\n") == 1


def test_it_is_refused_beside_evidence_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "telemetry.jsonl").write_text(TELEMETRY)
    (tmp_path / "run.log").write_bytes(LOG.encode("utf-32"))
    with pytest.raises(InputError, match=r"run\.log: is in UTF-32"):
        discover([str(tmp_path)])


def test_a_file_that_is_no_evidence_may_be_in_any_encoding(tmp_path: Path) -> None:
    (tmp_path / "telemetry.jsonl").write_text(TELEMETRY)
    (tmp_path / "notes.txt").write_bytes("before the change".encode("utf-16"))
    assert [source.role for source in discover([str(tmp_path)])] == [Role.ARTIFACT, Role.TELEMETRY]
