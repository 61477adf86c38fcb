"""Lines of a run are masked one by one: their number stays, JSON stays JSON, and nothing else changes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.packs.example import content
from tests.secrets.kinds import LINES, SECRETS
from toolkit.files.run_file import RunFile
from toolkit.model.redaction import redact
from toolkit.model.vocabulary import Role
from toolkit.packs.inputs.copies import copy_masked
from toolkit.packs.inputs.line_masking import LineMasker
from toolkit.streams.blocks import DecompressedStream

NAMES = st.sampled_from(
    ["t", "venue_mid_usd", "api_key", "token", "password", "key", "seed phrase", "sigma", "auth", "url"]
)
TEXTS = st.one_of(
    st.sampled_from([*SECRETS.values(), *LINES.values(), "Healthy", "ask", "password", "/home/ada"]), st.text()
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, TEXTS), inner, max_size=4)),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.one_of(NAMES, TEXTS), VALUES, max_size=5)


@given(st.lists(RECORDS, max_size=4), st.booleans(), st.booleans())
def test_a_record_is_masked_as_any_text_is_unless_that_would_break_it(
    records: list[dict[str, object]], spaced: bool, ascii_only: bool
) -> None:
    masker = LineMasker()
    for record in records:
        separators = None if spaced else (",", ":")
        line = json.dumps(record, separators=separators, ensure_ascii=ascii_only)
        masked = masker.masked(line.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        json.loads(masked)
        try:
            json.loads(redact(line))
        except ValueError:
            continue
        else:
            assert masked == redact(line)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ('{"api_key":["hunter2",12345678,7,null]}', '{"api_key":["***","***",7,null]}'),
        ('{"password":{"a":{"b":"hunter2"}},"t":1}', '{"password":{"a":{"b":"***"}},"t":1}'),
        ('{"log":"Authorization: Digest x=1","t":1}\r', '{"log":"Authorization: ***","t":1}\r'),
        ('{"t":1,"note":"ws://ada:pw@x.example"}', '{"t":1,"note":"ws://***@x.example"}'),
        ('{"t":1,"peer":203.0.113.7}', '{"t":1,"peer":***}'),
    ],
)
def test_a_record_that_masking_its_text_would_break_is_masked_value_by_value(line: str, masked: str) -> None:
    assert LineMasker().masked(line.encode()) == masked.encode()


@given(st.binary())
def test_no_line_is_added_or_removed(data: bytes) -> None:
    masker = LineMasker()
    lines = [masker.masked(line) for line in data.split(b"\n")]
    assert b"\n".join(lines).count(b"\n") == data.count(b"\n")
    assert all(
        redact(line.decode("utf-8", "surrogateescape")) == line.decode("utf-8", "surrogateescape") for line in lines
    )


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("form", ["{}", '{{"t":1,"note":"{}"}}', '{{"log":"err {}\\n","stream":"stdout"}}', "  | {}"])
def test_a_secret_of_each_kind_is_masked_in_each_form_of_a_line(kind: str, form: str) -> None:
    line = form.format(LINES[kind].replace('"', '\\"') if form.startswith("{{") else LINES[kind])
    assert SECRETS[kind].encode() not in LineMasker().masked(line.encode())


def test_a_private_key_of_many_lines_is_masked_and_what_follows_is_not() -> None:
    body = ["MIIEpAIBAAKCAQEA7Zt2Lw9Xk4Rb8Vn3Ps6Hd1Jf5Gm0CyTaQeUo2WiYx1qAbCd", "aGVsbG8gd29ybGQg" * 4, "q7Zt2Lw9Xk4="]
    stamp = "2026-11-24T08:15:35Z "
    lines = [
        f"{stamp}-----BEGIN RSA PRIVATE KEY-----",
        f"{stamp}Proc-Type: 4,ENCRYPTED",
        stamp,
        *(stamp + each for each in body),
    ]
    lines += [f"{stamp}-----END RSA PRIVATE KEY-----", "INFO: Lighter public WS connecting"]
    masker = LineMasker()
    masked = [masker.masked(line.encode()).decode() for line in lines]
    assert [each for each in body if each in "\n".join(masked)] == []
    assert masked[-1] == lines[-1]
    assert len(masked) == len(lines)


def test_telemetry_of_a_recorded_run_stays_as_it_is() -> None:
    masker = LineMasker()
    for line in content("runs/ci_prefixed/telemetry.jsonl.zst").split(b"\n"):
        assert masker.masked(line) == line


def pack_gzip(data: bytes) -> bytes:
    return gzip.compress(data)


def pack_zstd(data: bytes) -> bytes:
    return zstandard.compress(data)


@pytest.mark.parametrize("cut", [0, 9], ids=["whole", "cut short"])
@pytest.mark.parametrize("compress", [bytes, pack_gzip, pack_zstd], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("secret", ["", "peer 203.0.113.7:443\r\n"], ids=["harmless", "secret"])
def test_a_copy_has_the_lines_the_compression_and_the_damage_of_its_original(
    tmp_path: Path, cut: int, compress: object, secret: str
) -> None:
    assert callable(compress)
    lines = secret + "".join(f"line {number} of {number * 7919 % 1009}\n" for number in range(12_000)) + "\xff torn"
    packed = compress(lines.encode("latin-1"))
    original = tmp_path / "original"
    original.write_bytes(packed[: len(packed) - cut])
    file = RunFile(0, "run.log", Role.LOG, lambda: original.open("rb"))
    copy = copy_masked(file, tmp_path, "data/copy")
    read = [DecompressedStream(path.open("rb")) for path in (original, tmp_path / "data/copy")]
    contents = [stream.read() for stream in read]
    assert contents[1] == contents[0].replace(b"203.0.113.7", b"***")
    assert (copy.lines, copy.content_bytes) == (len(contents[0].splitlines()), len(contents[1]))
    assert copy.masked == bool(secret)
    assert len(contents[0]) > 100_000
    assert (read[1].damage is None, read[1].compressed) == (read[0].damage is None, read[0].compressed)
    assert (copy.sha256 == copy.original_sha256) is not bool(secret)
    again = copy_masked(file, tmp_path, "data/again")
    assert again.sha256 == copy.sha256
    for stream in read:
        stream.close()
