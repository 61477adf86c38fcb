"""Benchmark of the analysis: time and memory, as ratios to other programs on the same input.

`python -m tests.benchmarks.analyze --mb 100 1000 4000 [--only day] [--peer 'command {dir}']`

Each program runs as a whole process; the median of a few runs counts. Beside the ratio of the times stands that of the
processor seconds of all processes of each program, which other programs on the machine hardly change. Compared are:

- `--only ages` with DuckDB, which reads the same columns by an explicit `read_json` and computes the same percentiles;
- the full analysis into a store file with a plain `json.loads` pass over the file;
- the analysis of a run log with a plain Python loop that tries a dozen regular expressions on each line. Each begins
  with a literal text, so that most lines fail at once;
- the analysis of a run of telemetry, a run log and rx statistics with the sum of the analyses of its files. Of `day`
  (`tests/benchmarks/day.py`), all are of the same ticks, as a day of the program writes them. Of `stamped`, the lines of
  the log have time stamps, the clock is set back every two minutes, and the program restarts every eight. Of `equal`,
  the log is as large as the telemetry, up to `LARGEST_LOG_MB`, and holds the rx statistics too; most of its lines come
  after the last telemetry record, and its timers contradict one another.

A second table shows seconds per gigabyte and peak memory by size.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.benchmarks import day, runlog, telemetry

AGES_IN_DUCKDB = """
import duckdb, sys
duckdb.sql(f'''
    with wide as (
        select t, treasury_guidance.as_of_ms as at_ms, unnest(venue_age_ms) as age, unnest(venue_age_event_ms) as event,
               unnest(range(len(venue_age_ms))) as venue
        from read_json('{sys.argv[1]}', format='newline_delimited', maximum_object_size=134217728,
                       columns={{t: 'BIGINT', treasury_guidance: 'STRUCT(as_of_ms BIGINT)', venue_age_ms: 'BIGINT[]',
                                venue_age_event_ms: 'BIGINT[]'}}))
    select venue, quantile_cont(age, [.5, .95, .99]) filter (age >= 0), max(age),
           quantile_cont(event, [.5, .95, .99]) filter (event >= 0), max(event), count_if(age > 10000)
    from wide group by venue order by venue
''').fetchall()
"""
JSON_PASS = """
import json, sys
for line in open(sys.argv[1], 'rb'):
    json.loads(line)
"""
REGEX_LOOP = r"""
import re, sys
patterns = [re.compile(p) for p in (
    r'WS_AUDIT venue=(\w+) reconnect_reason=(\w+) count=(\d+)', r'WS_AUDIT component=market_publisher (\w+)=(\d+)',
    r'WS_AUDIT subsystem=rest_monitor venue=(\w+) rest_check_count=(\d+)', r'WS_AUDIT venue=(\w+) \w+_ping_sent_count=(\d+)',
    r'market_rx_stats tick=(\d+) .*cap_hits=(\d+)', r'INFO: (\w+) public WS connecting', r'INFO: (\w+) public WS connected',
    r'INFO: (\w+) public WS first book update', r'watchdog.*reconnect', r'read timeout.*reconnect', r'ping send failed',
    r'WS closed; reconnecting')]
counts = [0] * len(patterns)
for line in open(sys.argv[1], encoding='utf-8', errors='replace'):
    for i, pattern in enumerate(patterns):
        if pattern.search(line):
            counts[i] += 1
"""
TOOLKIT = [sys.executable, "-m", "toolkit"]
LARGEST_LOG_MB = 100
ROWS = ("telemetry", "log", "equal", "day", "stamped")


@dataclass(frozen=True)
class Measurement:
    """Median wall and processor seconds of a command, and the peak memory of its largest process in MiB."""

    seconds: float
    processor_s: float
    mib: float


def measure_command(argv: Sequence[str], runs: int) -> Measurement:
    """Run a command `runs` times; return the medians."""
    return _median([_run(argv) for _ in range(runs)])


def _median(measured: Sequence[Measurement]) -> Measurement:
    return Measurement(*(statistics.median(column) for column in zip(*map(astuple, measured), strict=True)))


def _run(argv: Sequence[str]) -> Measurement:
    """Run a command to its end; processor seconds and peak memory are those of all processes of its tree."""
    code = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss); sys.exit(code)"
    )
    # As in an installation, modules are compiled once and not in each process.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code, *argv]
    began = time.perf_counter()
    completed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    processor_s, peak = completed.stdout.split()[-2:]
    return Measurement(time.perf_counter() - began, float(processor_s), int(peak) / 1_024)


def print_row(title: str, ours: Measurement, theirs: Measurement | None, goal: str) -> None:
    """Print one row of the table."""
    other = ratio = processor_ratio = "–"
    if theirs:
        other, ratio = f"{theirs.seconds:.2f} s", f"{ours.seconds / theirs.seconds:.2f}x"
        processor_ratio = f"{ours.processor_s / theirs.processor_s:.2f}x"
    print(
        f"{title:38} {ours.seconds:8.2f} s {other:>10} {ratio:>9} {ours.processor_s:8.2f} s {processor_ratio:>9} "
        f"{ours.mib:7.0f} MiB   {goal}",
        flush=True,
    )


def measure(folder: Path, mb: int, options: argparse.Namespace) -> dict[str, Measurement]:
    """Measure the chosen programs on input of one size; return our measurements by command."""
    measured = {}
    if "telemetry" in options.only:
        measured |= _measure_telemetry(folder, mb, options.runs, options.peer)
    if "log" in options.only:
        measured["run log"] = _measure_log(folder, mb)
    for shape, write in (("equal", _write_equal), ("day", day.write), ("stamped", day.write_stamped)):
        if shape in options.only:
            measured[shape] = _measure_combined(write(folder, mb), f"{mb} MB run, {shape} / its files", options.runs)
    return measured


def _measure_telemetry(folder: Path, mb: int, runs: int, peer: str | None) -> dict[str, Measurement]:
    file, script = folder / "telemetry.jsonl", [sys.executable, "-c"]
    telemetry.write(file, mb)
    ages = measure_command([*TOOLKIT, "analyze", str(file), "--only", "ages", "--db", ":memory:"], runs)
    in_duckdb = measure_command([*script, AGES_IN_DUCKDB, str(file)], runs)
    print_row(f"{mb} MB telemetry, --only ages / DuckDB", ages, in_duckdb, "<= 1.0x, 300 MiB")
    full = _measure_into_store(file, folder.parent / "store.duckdb", runs)
    plain = measure_command([*script, JSON_PASS, str(file)], 1)
    print_row(f"{mb} MB telemetry, full / json.loads", full, plain, "<= 0.7x, 700 MiB")
    if peer:
        command = shlex.split(peer.replace("{dir}", str(folder)))
        print_row(f"{mb} MB telemetry, full / peer", full, measure_command(command, 1), "")
    file.unlink()
    return {"--only ages": ages, "full": full}


def _measure_log(folder: Path, mb: int) -> Measurement:
    log = folder / "run.log"
    runlog.write(log, mb)
    lines = measure_command([*TOOLKIT, "analyze", str(log), "--db", ":memory:"], 1)
    theirs = measure_command([sys.executable, "-c", REGEX_LOOP, str(log)], 1) if mb <= 1_000 else None
    print_row(f"{mb} MB run log / a dozen regexes", lines, theirs, "<= 0.25x")
    log.unlink()
    return lines


def _write_equal(folder: Path, mb: int) -> list[Path]:
    files = [folder / name for name in ("telemetry.jsonl", "run.log", "market_rx_stats.log")]
    telemetry.write(files[0], mb)
    runlog.write(files[1], min(mb, LARGEST_LOG_MB))
    with files[1].open("rb") as lines, files[2].open("wb") as rx_stats:
        rx_stats.writelines(line for line in lines if line.startswith(b"market_rx_stats"))
    return files


def _measure_combined(files: Sequence[Path], title: str, runs: int) -> Measurement:
    """Measure a run of several files and each of the files alone, and remove them."""
    whole, *parts = (
        measure_command([*TOOLKIT, "analyze", str(path), "--db", ":memory:"], runs)
        for path in (files[0].parent, *files)
    )
    total = Measurement(
        sum(each.seconds for each in parts), sum(each.processor_s for each in parts), max(each.mib for each in parts)
    )
    print_row(title, whole, total, "<= 1.2x, 700 MiB")
    for file in files:
        file.unlink()
    return whole


def print_scaling(measured: dict[int, dict[str, Measurement]]) -> None:
    """Print seconds per gigabyte, constant if time is linear in size, and peak memory."""
    print(f"\n{'':14}" + "".join(f"{f'{mb} MB':>22}" for mb in measured))
    for command in next(iter(measured.values())):
        cells = [(1_000 * each[command].seconds / mb, each[command].mib) for mb, each in measured.items()]
        print(f"{command:14}" + "".join(f"{per_gb:9.2f} s/GB {mib:4.0f} MiB" for per_gb, mib in cells))


def _measure_into_store(file: Path, db: Path, runs: int) -> Measurement:
    results = []
    for _ in range(runs):
        db.unlink(missing_ok=True)
        results.append(_run([*TOOLKIT, "analyze", str(file), "--db", str(db)]))
    return _median(results)


def main() -> None:
    """Measure all sizes and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, nargs="+", default=[100, 1_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, help="what to measure; all without it")
    parser.add_argument(
        "--peer", help="another program to measure on the same telemetry; {dir} stands for the run directory"
    )
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}; whole processes, warm page cache")
    print(
        f"{'command / other program':38} {'ours':>10} {'other':>10} {'ratio':>9} {'processor':>10} {'ratio':>9} "
        f"{'peak':>11}   goal"
    )
    ten_minutes = measure_command([*TOOLKIT, "analyze", "sample:before", "--db", ":memory:"], 7)
    print_row("ten-minute run, cold process", ten_minutes, None, "< 0.8 s")
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for mb in options.mb:
            (run_folder := Path(folder) / f"{mb}").mkdir()
            measured[mb] = measure(run_folder, mb, options)
    print_scaling(measured)


if __name__ == "__main__":
    main()
