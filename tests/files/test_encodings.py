"""Evidence in UTF-16 or UTF-32 is refused with the command that converts it."""

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
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("order", ENCODED)
@pytest.mark.parametrize(("name", "text"), [("run.log", LOG), ("telemetry.jsonl", TELEMETRY)])
def test_utf_16_is_refused_with_the_command_that_converts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, order: str, suffix: str, command: str
) -> None:
    data = ENCODED[order](text * 9)
    (tmp_path / f"{name}{suffix}").write_bytes(gzip.compress(data) if suffix else data)
    with pytest.raises(SystemExit) as exited:
        main([command, str(tmp_path)])
    assert exited.value.code == 3
    error = capsys.readouterr().err
    assert error.startswith(f"toolkit: {name}{suffix}: is in UTF-16")
    assert "iconv -f UTF-16 -t UTF-8" in error
    assert ("unpack it" in error) is bool(suffix)
    assert error.count("\n") == 1


def test_utf_32_is_refused_next_to_readable_evidence(tmp_path: Path) -> None:
    (tmp_path / "telemetry.jsonl").write_text(TELEMETRY)
    (tmp_path / "run.log").write_bytes(LOG.encode("utf-32"))
    with pytest.raises(InputError, match=r"run\.log: is in UTF-32"):
        discover([str(tmp_path)])


def test_a_file_that_is_not_evidence_may_have_any_encoding(tmp_path: Path) -> None:
    (tmp_path / "telemetry.jsonl").write_text(TELEMETRY)
    (tmp_path / "notes.txt").write_bytes("before the change".encode("utf-16"))
    assert [file.role for file in discover([str(tmp_path)])] == [Role.ARTIFACT, Role.TELEMETRY]
