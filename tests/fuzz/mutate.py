"""Mutations of recorded runs that imitate damage by disks, networks, editors and attackers."""

from __future__ import annotations

import gzip
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import zstandard

RUNS = Path(__file__).parent.parent / "data" / "runs"
ARCHIVE_FOLDER = "artifact/"
"""Folder of all files in a zip archive."""


def _decompressed(run: str, name: str, lines: int) -> bytes:
    content = zstandard.ZstdDecompressor().decompressobj().decompress((RUNS / run / f"{name}.zst").read_bytes())
    return b"".join(content.splitlines(keepends=True)[:lines])


@cache
def intact_runs() -> list[dict[str, bytes]]:
    """Return the runs to damage: telemetry, `market_rx_stats` lines and logs of several kinds, cut short."""
    telemetry = _decompressed("killed_head", "telemetry.jsonl", 40)
    rx = _decompressed("killed_head", "market_rx_stats.log", 40)
    logs = {
        "faulty_head": "run.log", "prb_before": "run.log", "restart_head": "run.log", "ci_prefixed": "run.log",
        "exdev_build": "run.log", "panic_task_run": "run.log",
    }  # fmt: skip
    return [
        {"telemetry.jsonl": telemetry, "market_rx_stats.log": rx, "run.log": _decompressed(run, name, 120)}
        for run, name in logs.items()
    ]


Mutation = Callable[[random.Random, bytes], bytes]


def _offset(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: _offset(rng, data)]


def _drop_slice(rng: random.Random, data: bytes) -> bytes:
    a, b = sorted((_offset(rng, data), _offset(rng, data)))
    return data[:a] + data[b:]


def _repeat_slice(rng: random.Random, data: bytes) -> bytes:
    a = _offset(rng, data)
    return data[:a] + data[a : a + rng.randrange(400)] + data[a:]


def _flip(rng: random.Random, data: bytes) -> bytes:
    body = bytearray(data)
    for _ in range(rng.randrange(1, 20)):
        if body:
            body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body)


def _insert(rng: random.Random, data: bytes) -> bytes:
    a = _offset(rng, data)
    return data[:a] + rng.choice(_FOREIGN_BYTES)(rng) + data[a:]


_FOREIGN_BYTES: tuple[Callable[[random.Random], bytes], ...] = (
    lambda rng: b"\x00" * rng.randrange(1, 3_000),
    lambda rng: b"\xff\xfe\x80",
    lambda rng: b"\xef\xbb\xbf",
    lambda rng: b"\x1b[31m\x1b]0;title\x07",
    lambda rng: b"\r",
    lambda rng: b"[" * rng.randrange(1, 30_000),
    lambda rng: b'{"t":' * rng.randrange(1, 3_000),
    lambda rng: b'{"t":1e400}\n{"t":NaN}\n{"t":' + b"9" * rng.randrange(1, 400) + b"}\n",
    lambda rng: b'\n{"t":7,"t":"8","venue_age_ms":["1",2.5,null,true,-9223372036854775809]}\n',
    lambda rng: (
        b'\n{"t":3,"venue_age_ms":' + rng.choice((b"{}", b"7", b"[[1]]", b'"x"')) + b',"venue_age_event_ms":[1]}\n'
    ),
    lambda rng: b'\n{"treasury_guidance":{"as_of_ms":-1,"venues":[{"venue_index":1000000,"venue_id":"x"}]},"t":2}\n',
    lambda rng: b"\nWS_AUDIT venue=lighter reconnect_reason=read_timeout count=99999999999999999999999\n",
    lambda rng: b"\nWS_AUDIT " + b"a=" * rng.randrange(1, 500) + b"\n",
    lambda rng: b"\nINFO: Lighter public WS error (consecutive_failures=x): \xe2\x80\x94\n",
    lambda rng: b"\nmarket_rx_stats tick=-5 cap_hits=1e9 raw_drained=\n",
    lambda rng: b"x" * rng.randrange(1, 100_000),
    lambda rng: b"\xe2\x80\xa8\x0b\x0c\x1c\x85",
)


def _shuffle_lines(rng: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def _glue_lines(rng: random.Random, data: bytes) -> bytes:
    return b"".join(line.rstrip(b"\n") if rng.random() < 0.2 else line for line in data.splitlines(keepends=True))


def _crlf(_: random.Random, data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _numbers_as_text(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b":0,", b':"0",').replace(
        rng.choice((b"250", b"1", b"7")), rng.choice((b"-1", b"1e3", b"null", b"NaN"))
    )


def _empty(_: random.Random, __: bytes) -> bytes:
    return b""


MUTATIONS: tuple[Mutation, ...] = (
    _cut, _drop_slice, _repeat_slice, _flip, _insert, _insert, _insert, _shuffle_lines, _glue_lines, _crlf,
    _numbers_as_text, _empty,
)  # fmt: skip


def damaged(rng: random.Random, run: dict[str, bytes]) -> dict[str, bytes]:
    """Return the run with one to four mutations in some of its files; a file may be missing."""
    kept = {name: data for name, data in run.items() if rng.random() < 0.9} or dict(run)
    for _ in range(rng.randrange(1, 5)):
        name = rng.choice(list(kept))
        kept[name] = rng.choice(MUTATIONS)(rng, kept[name])
    return kept


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files as they are into a directory."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def write_compressed(rng: random.Random, folder: Path, files: dict[str, bytes]) -> None:
    """Write the same files, each plain or compressed with gzip or zstd."""
    folder.mkdir()
    for name, data in files.items():
        ending, compress = rng.choice(
            (("", bytes), (".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress))
        )
        (folder / f"{name}{ending}").write_bytes(compress(data))


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write the same files into a zip archive, in another order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, reverse=True):
            archive.writestr(f"{ARCHIVE_FOLDER}{name}", files[name])
