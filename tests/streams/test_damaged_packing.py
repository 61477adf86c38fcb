"""A truncated or corrupt compressed file is read as far as possible and reported as damaged."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.errors import InputError
from toolkit.model.runs import FileLedger
from toolkit.streams.zstd_frames import is_complete

RUN = Path(__file__).parent.parent / "data" / "runs" / "killed_head"


def decompressed(name: str) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader((RUN / f"{name}.zst").read_bytes()) as stream:
        return stream.read()


LOG, TELEMETRY = decompressed("run.log"), b"".join(decompressed("telemetry.jsonl").splitlines(keepends=True)[:60])
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstandard.compress}


def ledger(ledgers: tuple[FileLedger, ...], name: str) -> FileLedger:
    found = next(each for each in ledgers if each.file == name)
    assert found.lines == found.used + found.other + sum(found.set_aside.values())
    return found


def reasons(file: FileLedger) -> list[str]:
    return [str(each.reason) for each in file.where]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
def test_a_truncated_compressed_telemetry_file_is_read_as_far_as_possible(
    tmp_path: Path, compression: str, share: float
) -> None:
    (tmp_path / "run.log").write_bytes(LOG)
    compressed = COMPRESSIONS[compression](TELEMETRY)
    (tmp_path / f"telemetry.jsonl.{compression}").write_bytes(compressed[: round(share * len(compressed))])
    analysis = analyze([str(tmp_path)], options=Options(scope="ages"))
    found = ledger(analysis.ledger, f"telemetry.jsonl.{compression}")
    assert reasons(found)[-1] == "damaged"
    assert TELEMETRY.count(b"\n") > found.used >= 0
    assert "damaged" not in reasons(ledger(analysis.ledger, "run.log"))


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", ["run.log", "market_rx_stats.log", "events.jsonl", "notes.txt"])
def test_any_other_truncated_compressed_file_is_marked_damaged(tmp_path: Path, compression: str, name: str) -> None:
    (tmp_path / "telemetry.jsonl").write_bytes(TELEMETRY)
    contents = {"run.log": LOG, "market_rx_stats.log": b"market_rx_stats tick=1 cap_hits=0\n" * 999}
    contents["events.jsonl"] = b'{"schema":"toolkit.event/1","log":"run.log"}\n' + b'{"at_us":1,"kind":"x"}\n' * 999
    compressed = COMPRESSIONS[compression](contents.get(name, bytes(range(256)) * 99))
    (tmp_path / f"{name}.{compression}").write_bytes(compressed[:-6])
    assert (
        reasons(ledger(analyze([str(tmp_path)], options=Options(scope="ages")).ledger, f"{name}.{compression}"))[-1]
        == "damaged"
    )


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x/run.log", LOG)
        file.writestr("x/telemetry.jsonl", TELEMETRY)
    return data.getvalue()


@pytest.mark.parametrize("at", [60, 700])
def test_a_corrupt_member_of_a_zip_damages_only_that_member(tmp_path: Path, at: int) -> None:
    data = bytearray(archive())
    data[at : at + 300] = bytes(each ^ 0x5A for each in data[at : at + 300])
    (tmp_path / "run.zip").write_bytes(data)
    analysis = analyze([str(tmp_path / "run.zip")], options=Options(scope="ages"))
    assert "damaged" in reasons(ledger(analysis.ledger, "x/run.log"))
    assert ledger(analysis.ledger, "x/telemetry.jsonl").used == 60


@pytest.mark.parametrize(
    ("name", "data"),
    [("run.zip", archive()[:-500]), ("a.gz", gzip.compress(TELEMETRY, mtime=0)[:12])],
    ids=["zip", "gz"],
)
def test_a_file_too_damaged_to_be_recognised_is_refused_as_damaged(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name} is damaged, cut short or an archive"):
        analyze([str(tmp_path)], options=Options(scope="ages"))


FRAMES = [
    zstandard.compress(b""),
    zstandard.compress(bytes(300_000)),
    zstandard.compress(TELEMETRY),
    zstandard.ZstdCompressor(write_checksum=True).compress(LOG),
    (0x184D2A53).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"extra",
]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=3), st.data())
def test_a_zstd_file_is_complete_if_its_last_frame_is(frames: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(frames)
    assert is_complete(io.BytesIO(whole))
    missing_bytes = data.draw(st.integers(1, len(frames[-1]) - 1))
    assert not is_complete(io.BytesIO(whole[:-missing_bytes]))
