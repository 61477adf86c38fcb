"""Secrets of each kind, put into each place that a user or a program controls, are in no file, stream or table."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest
import zstandard

from tests.sampling import some
from tests.secrets.kinds import LINES, SECRETS

pytestmark = [pytest.mark.untraced, pytest.mark.sampled]
FORMATS = some(("json", "text", "html", "markdown"), 2)

START = "paraphina_live | trade_mode=shadow | network=hyperliquid:mainnet | venues=extended,lighter | cfg=v1 | cfg_hash=0x51"
COMMIT, DIGEST, HOST = "29c19fd4a1b2c3d4e5f60718293a4b5c6d7e8f90", "4f" * 32, "mainnet.zklighter.elliot.ai"
SAMPLE = Path(__file__).parents[2] / "toolkit" / "samples" / "after" / "telemetry.jsonl.zst"


def run_directory(folder: Path) -> Path:
    """A run whose log has each line as one of its own, in an error, in a panic, in a URL and as a setting."""
    lines = [START + " | build_id=" + COMMIT, f"INFO: Lighter public WS connecting url=wss://{HOST}/stream"]
    for number, (kind, line) in enumerate(LINES.items()):
        lines += [
            line,
            f"INFO: Extended public WS error (consecutive_failures=1): {line}",
            f"WARN: Extended public WS parse error: bad url=wss://x.example/?auth={SECRETS[kind]} snippet={line}",
            f"WS_AUDIT venue=lighter lighter_ping_send_fail_count={number + 1} err={line}",
            f"[config] PARAPHINA_KNOB_{number} = {SECRETS[kind]} (overrode default)",
            "thread 'tokio-runtime-worker' panicked at src/live/feed.rs:7:5:",
            line,
        ]
    lines += ["thread 'main' panicked at src/main.rs:3:1:", " and ".join(LINES.values()), ""]
    folder.mkdir()
    (folder / "run.log").write_text("\n".join(lines))
    (folder / "telemetry.jsonl").write_bytes(b"".join(telemetry()))
    return folder


def telemetry() -> Iterator[bytes]:
    """Records of the sample; each line is a text of an order, a fill and a risk event in one of them."""
    with SAMPLE.open("rb") as packed:
        records = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(packed))
        for line, record in zip(LINES.values(), records, strict=False):
            texts = {"orders": [{"action": line, "status": line}, {"venue_id": line}], "fills": [{"venue_id": line}]}
            texts |= {"risk_events": [{"event_type": line}]}
            yield msgspec.json.encode(msgspec.json.decode(record) | texts) + b"\n"


def toolkit(*arguments: str, cwd: Path, **environment: str) -> str:
    """Run a command, and return both of its streams."""
    paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(cwd)}
    done = subprocess.run(
        [sys.executable, "-m", "toolkit", *arguments], cwd=cwd, env=os.environ | paths | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr and "Usage:" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def assert_no_secret(text: str, where: str) -> None:
    assert {kind for kind, secret in SECRETS.items() if secret in text} == set(), where


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("secrets")
    run_directory(folder / "run")
    label = " ".join(LINES.values())
    analyze = ("analyze", "run", "--db", "s.duckdb", "--label", label)
    commands = {f"analyze {each}": (*analyze, "--format", each) for each in FORMATS}
    commands |= {"runs json": ("runs", "--db", "s.duckdb", "--format", "json"), "runs": ("runs", "--db", "s.duckdb")}
    commands |= {"foreign json": ("analyze", "run", "--foreign", "500", "--format", "json")}
    commands |= {"gate json": ("gate", "run", "--format", "json", "--db", "t.duckdb")}
    named = f"password={SECRETS['Secret Keyword']}"
    (folder / named).symlink_to(folder / "run")
    pair = ("sample:after", named, "--db", "t.duckdb")
    commands |= {f"compare {each}": ("compare", *pair, "--format", each) for each in FORMATS}
    explained = ("--all", "--db", "t.duckdb", "--format")
    commands |= {
        f"explain {prefix} {each}": ("explain", named, prefix, *explained, each)
        for prefix, each in (("lighter", "json"), ("extended", "html"))
    }
    commands |= {"pack": ("pack", *pair, "-o", "packed"), "verify": ("verify", "packed")}
    commands |= {"report": ("report", *pair, "-o", "p.md", "--html", "p.html", "--comment", "p.txt", "--assets", "svg")}
    return folder, {name: toolkit(*each, cwd=folder) for name, each in commands.items()}


def test_no_output_of_a_command_holds_a_secret(analysed: tuple[Path, dict[str, str]]) -> None:
    for name, output in analysed[1].items():
        assert_no_secret(output, name)
    assert HOST in analysed[1]["analyze json"] or COMMIT in analysed[1]["analyze json"]


def test_no_page_of_a_report_holds_a_secret(analysed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = analysed
    pages = [folder / name for name in ("p.md", "p.html", "p.txt")] + list((folder / "svg").iterdir())
    assert len(pages) > 3
    for page in pages:
        assert_no_secret(page.read_text(), page.name)
    assert any("***" in page.read_text() for page in pages)


def test_no_file_of_a_pack_holds_a_secret(analysed: tuple[Path, dict[str, str]]) -> None:
    folder, outputs = analysed
    files = [file for file in (folder / "packed").rglob("*") if file.is_file()]
    texts = {file: plain_bytes(file).decode(errors="replace") for file in files}
    assert outputs["verify"].startswith("PASS")
    assert any("***" in text for file, text in texts.items() if file.name.startswith("run.log"))
    for file, text in texts.items():
        assert_no_secret(f"{file.relative_to(folder)}\n{text}", file.name)


def plain_bytes(file: Path) -> bytes:
    content = file.read_bytes()
    with contextlib.suppress(zstandard.ZstdError):
        return zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True).read()
    return content


def test_no_table_of_the_store_and_no_query_holds_a_secret(analysed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = analysed
    with duckdb.connect(str(folder / "s.duckdb"), read_only=True) as con:
        tables = [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        rows = {table: repr(con.execute(f'select * from "{table}"').fetchall()) for table in tables}
    assert {table for table, text in rows.items() if "***" in text} >= {"log_event", "run", "analysis", "tick"}
    for table, text in rows.items():
        assert_no_secret(text, table)
    query = "select $$" + " ".join(LINES.values()) + "$$ as text"
    for each in ("json", "text", "markdown", "html"):
        assert_no_secret(toolkit("sql", query, "--db", "s.duckdb", "--format", each, cwd=folder), f"sql {each}")


def test_a_recorded_command_holds_no_secret_of_its_arguments_and_environment(tmp_path: Path) -> None:
    environment = {f"PARAPHINA_{kind.upper().replace(' ', '_')}": secret for kind, secret in SECRETS.items()}
    arguments = [word for line in LINES.values() for word in ("--note", line)]
    arguments += [
        word for secret in SECRETS.values() for word in ("--auth", secret, "-u", f"user:{secret}", f"-p{secret}")
    ]
    toolkit("record", "--out", str(tmp_path), "--", "true", *arguments, cwd=tmp_path, **environment)
    (index,) = tmp_path.glob("**/commands.jsonl")
    assert "PARAPHINA_" in index.read_text()
    assert_no_secret(index.read_text(), index.name)


def test_a_supervised_run_discloses_no_secret_of_its_arguments_environment_and_output(tmp_path: Path) -> None:
    environment = {f"PARAPHINA_{kind.upper().replace(' ', '_')}": secret for kind, secret in SECRETS.items()}
    printed = "\n".join([START, *(f"Error: {line}" for line in LINES.values())])
    program = ("-c", "import sys; print(open(sys.argv[1]).read())", "text")
    (tmp_path / "text").write_text(printed)
    arguments = [
        word for line, secret in zip(LINES.values(), SECRETS.values(), strict=True) for word in (line, "--auth", secret)
    ]
    label = " ".join(LINES.values())
    command = ("smoke", "--minutes", "0.05", "--out", "run", "--label", label, "--db", "s.duckdb", "--")
    output = toolkit(*command, sys.executable, *program, *arguments, cwd=tmp_path, **environment)
    assert "***" in output
    assert_no_secret(output, "smoke")
    for name in ("run_meta.json", "commands.jsonl"):
        text = (tmp_path / "run" / name).read_text()
        assert "***" in text
        assert_no_secret(text, name)


def test_a_bad_value_of_a_variable_discloses_no_secret(tmp_path: Path) -> None:
    for secret in SECRETS.values():
        output = toolkit("env", cwd=tmp_path, PARAPHINA_MAIN_LOOP_INTERVAL_MS=secret)
        assert "PARAPHINA_MAIN_LOOP_INTERVAL_MS=" in output
        assert_no_secret(output, "env")
