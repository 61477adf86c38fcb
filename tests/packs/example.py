"""A small pair of runs with secrets, recorded commands and metadata, and the pack of it."""

from __future__ import annotations

import gzip
import json
import shutil
from functools import cache
from pathlib import Path

import zstandard

from tests.secrets.kinds import LINES
from toolkit.packs.formats.bag import MANIFEST, TAG_MANIFEST, digests_of, manifest
from toolkit.packs.index import Settings
from toolkit.packs.pack import Packed, PackRequest, pack

DATA = Path(__file__).parents[1] / "data"
DIGEST = "4f" * 32
SPECIFICATION = """
title = "A ping of its own"
interpretation = "notes/interpretation.md"

[[hypothesis]]
id = "H1"
finding = "Lighter sent no ping"
expects = [ { figure = "lighter.reconnects", direction = "lower" } ]
commands = ["U01"]

[[validation]]
text = "unit tests"
command = "U02"
"""


@cache
def content(path: str) -> bytes:
    """Decompressed content of a file of the test data."""
    with zstandard.ZstdDecompressor().stream_reader((DATA / path).read_bytes()) as reader:
        return reader.read()


def write_run(folder: Path, name: str) -> Path:
    """Write a run whose log, which is compressed, has a secret of each kind."""
    folder.mkdir(parents=True)
    log = content(f"runs/{name}/run.log.zst") + "\n".join([*LINES.values(), ""]).encode()
    (folder / "run.log.gz").write_bytes(gzip.compress(log, mtime=0))
    shutil.copy(DATA / f"comparison/{name}.telemetry.jsonl.zst", folder / "telemetry.jsonl.zst")
    (folder / "market_rx_stats.log").write_bytes(content(f"runs/{name}/market_rx_stats.log.zst")[:4_000])
    (folder / "core.7").write_bytes(b"\0\1\2" * 100)
    return folder


def write_records(folder: Path) -> None:
    """Write a command index and the metadata of a supervised run into a run directory."""
    output = {"bytes": 12, "lines": 1, "sha256": DIGEST}
    command = {
        "schema": "toolkit.command/1", "id": "U01", "argv": ["/home/ada/bin/cargo", "build", "--token", "***"],
        "cwd": "/home/ada/soak", "started_ms": 1_796_000_000_000, "duration_ms": 61_000, "exit_code": 0, "signal": None,
        "stdout": output, "stderr": None, "environment": {"HL_COIN": "ETH"},
        "source": {"commit": "29c19fd4" * 5, "dirty": True, "diff_sha256": DIGEST, "untracked": 2},
    }  # fmt: skip
    failed = command | {
        "id": "U02",
        "argv": ["cargo", "test"],
        "exit_code": None,
        "signal": "SIGKILL",
        "stderr": output,
    }
    (folder / "commands.jsonl").write_text("".join(json.dumps(each) + "\n" for each in (command, failed)))
    meta = {
        "schema": "toolkit.run_meta/1", "producer": None, "argv": ["/home/ada/bin/paraphina_live"], "cwd": "/home/ada",
        "requested_ms": 600_000, "started_ms": 1_796_000_000_000, "ended_ms": 1_796_000_600_000, "exit_code": 0,
        "source": command["source"], "binaries": [{"path": "/home/ada/bin/paraphina_live", "bytes": 9, "sha256": DIGEST}],
        "environment": {"PARAPHINA_WS_AUDIT": "1"},
    }  # fmt: skip
    (folder / "run_meta.json").write_text(json.dumps(meta, indent=1) + "\n")


def write_pair(folder: Path) -> PackRequest:
    """Write both runs and a specification below `folder`, and return the request to pack them."""
    before, after = write_run(folder / "runs/old", "aa1_a"), write_run(folder / "runs/new", "aa1_b")
    write_records(after)
    (folder / "stated/notes").mkdir(parents=True)
    (folder / "stated/evidence.toml").write_text(SPECIFICATION)
    (folder / "stated/notes/interpretation.md").write_text("Ask ada.lovelace@example.org\n")
    sides = (("before", (str(before),)), ("after", (str(after),)))
    return PackRequest(sides, Settings(plateau_limits_ms=(5_000,)), specification=folder / "stated/evidence.toml")


def write_single(folder: Path) -> Packed:
    """Write the pack of one small run to `folder / "pack"`."""
    run = folder / "soak"
    run.mkdir(parents=True)
    (run / "run.log").write_bytes(content("runs/exdev_build/run.log.zst") + b"peer 203.0.113.7:443 refused\n")
    return pack(PackRequest((("run", (str(run),)),)), folder / "pack")


def bag_again(root: Path) -> None:
    """Write the manifests of a pack anew, as one does who changes a pack and hides it."""
    paths = [each.relative_to(root).as_posix() for each in sorted(root.rglob("*")) if each.is_file()]
    digests = {path: sha256 for path, (_, sha256) in digests_of(root, paths).items()}
    (root / MANIFEST).write_bytes(manifest({path: each for path, each in digests.items() if path.startswith("data/")}))
    tags = [path for path in paths if not path.startswith("data/") and path != TAG_MANIFEST]
    (root / TAG_MANIFEST).write_bytes(manifest({path: sha256 for path, (_, sha256) in digests_of(root, tags).items()}))
