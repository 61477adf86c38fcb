"""Benchmark of inputs that are made to hurt: memory, time and size of the output, beside a plain file of the same size.

`python -m tests.benchmarks.hostile [--mb 100] [--only NAME…]`

Each kind repeats what one field of the input controls: blank lines, junk, long arrays, a new name on each line. The table
shows the seconds of `analyze --format json`, its processor seconds and the ratio of each to that of the plain file of the
group, which is measured before and after each kind, the peak memory of the largest process and of all together, the size of
the JSON, and whether each row of the ledger adds up. On a machine that others use, the processor seconds are the ones to
compare. The exit status is 1 if any row does not add up.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from string import ascii_lowercase

from tests.benchmarks import runlog, telemetry
from tests.benchmarks.measured_analysis import ADDS_UP, Outcome, measure
from tests.benchmarks.packed_files import Writer, in_gzip, in_zip, one_line


def _repeated(line: Callable[[int], str], head: str = "") -> Callable[[Path, int], None]:
    """Return a writer of `head` and as many lines as fit."""

    def write(path: Path, size: int) -> None:
        with path.open("w", encoding="utf-8", buffering=1 << 20) as file:
            written, number = file.write(head), 0
            while written < size:
                written += file.write(line(number) + "\n")
                number += 1

    return write


def _plain_telemetry(path: Path, size: int) -> None:
    telemetry.write(path, size / 1e6)


def _plain_log(path: Path, size: int) -> None:
    runlog.write(path, size / 1e6)


def _first_record(path: Path) -> str:
    telemetry.write(path, 0.001)
    with path.open(encoding="utf-8") as file:
        return file.readline()


def _after_records(line: Callable[[int], str]) -> Callable[[Path, int], None]:
    """Return a writer of three plain records and then as many lines as fit."""

    def write(path: Path, size: int) -> None:
        _repeated(line, head="".join([_first_record(path)] * 3))(path, size)

    return write


def _record(number: int, **fields: object) -> str:
    at_ms = 1_770_324_595_600 + 250 * number
    return json.dumps({"t": number, "treasury_guidance": {"as_of_ms": at_ms}, "execution_mode": "shadow", **fields})


_AGES = ",".join(["12"] * 100_000)


def _letters(number: int) -> str:
    """Return a word for each of the first twelve million numbers: lines with such words differ in more than digits."""
    return "".join(ascii_lowercase[number // 26**place % 26] for place in range(5))


SESSION = (
    "INFO: Lighter public WS connecting url=wss://host{0}.example/ws\nINFO: Lighter public WS connected "
    "url=wss://host{0}.example/ws\nWS_AUDIT venue=lighter reconnect_reason=read_timeout count={0}\nLighter public WS stream ended"
)
_LINES_OF_SESSION = SESSION.format(1).splitlines()
TELEMETRY: dict[str, Callable[[Path, int], None]] = {
    "blank lines": _after_records(lambda _: ""),
    "junk lines": _after_records(lambda number: f"junk {number}"),
    "100 000 ages a record": _repeated(
        lambda number: _record(number)[:-1] + f', "venue_age_ms": [{_AGES}], "venue_status": ["Healthy"]}}'
    ),
    "a new field a record": _repeated(lambda number: _record(number, venue_age_ms=[1], **{f"field_{number}": 1})),
    "a new venue a record": _repeated(
        lambda number: _record(
            number, venue_age_ms=[1], venue_status=["Healthy"], healthy_venues_used=[f"venue{number}"]
        )
    ),
    "a new status a record": _repeated(
        lambda number: _record(number, venue_age_ms=[1], venue_status=[f"Status{number}"])
    ),
    "a new version a record": _repeated(
        lambda number: _record(number, venue_age_ms=[1], config_version_id=f"v{number}")
    ),
    "a new kill reason a record": _repeated(
        lambda number: _record(number, venue_age_ms=[1], kill_reason=f"reason{number}")
    ),
    "a new mode a record": _repeated(lambda number: _record(number, venue_age_ms=[1], execution_mode=f"mode{number}")),
    "a new order of venues a record": _repeated(
        lambda number: _record(
            number,
            venue_age_ms=[1],
            treasury_guidance={
                "as_of_ms": 1_770_324_595_600 + 250 * number,
                "venues": [{"venue_index": 0, "venue_id": f"venue{number}"}],
            },
        )
    ),
    "orders": _repeated(
        lambda number: _record(
            number,
            venue_age_ms=[1],
            orders=[{"venue_id": f"v{number}", "purpose": f"p{each}"} for each in range(20_000)],
        )
    ),
    "deep nesting": _repeated(lambda number: _record(number)[:-1] + ', "deep": ' + "[" * 5_000 + "]" * 5_000 + "}"),
    "first ticks again": _repeated(lambda number: _record(number % 2, venue_age_ms=[1])),
}
LOG: dict[str, Callable[[Path, int], None]] = {
    "a new venue a line": _repeated(
        lambda number: f"WS_AUDIT venue=venue{number} reconnect_reason=read_timeout count=1"
    ),
    "a new reason a line": _repeated(lambda number: f"WS_AUDIT venue=lighter reconnect_reason=reason{number} count=1"),
    "300 venues, 20 000 reasons": _repeated(
        lambda number: f"WS_AUDIT venue=v{number % 300} reconnect_reason=reason{number % 20_000} count={number}"
    ),
    "a new host a socket": _repeated(SESSION.format),
    "a failed attempt a line": _repeated(
        lambda number: f"WS_AUDIT venue=lighter reconnect_reason=connect_error count={number}"
    ),
    "counted failures": _repeated(
        lambda number: (
            "INFO: Aster public WS connecting url=wss://host/ws\nINFO: Aster public WS connected url=wss://host/ws\n"
            f"WARN: Aster subscribe failed {900_000_000 + number} times; backing off"
        )
    ),
    "many sockets": _repeated(lambda number: SESSION.format(1).replace("count=1", f"count={number}")),
    "a new counter a line": _repeated(lambda number: f"WS_AUDIT venue=lighter counter{number}_count=1"),
    "a new publisher counter a line": _repeated(
        lambda number: f"WS_AUDIT component=market_publisher mp_counter{number}=1"
    ),
    "a start a line": _repeated(lambda number: f"paraphina_live | trade_mode=shadow | cfg_hash=0x{number:016x}"),
    "a start and a socket": _repeated(
        lambda number: f"paraphina_live | trade_mode=shadow | cfg_hash=0x{number:016x}\n{_LINES_OF_SESSION[0]}"
    ),
    "foreign lines": _repeated(
        lambda number: f"{number:x} word{number} is not {number * 7919:b}", head=SESSION.format(1) + "\n"
    ),
    "foreign words": _repeated(
        lambda number: " ".join(f"w{number * 31 + each}" for each in range(12)), head=SESSION.format(1) + "\n"
    ),
    "errors": _repeated(lambda number: f"Error: cause {number}"),
    "panics": _repeated(lambda number: f"thread 'main{number}' panicked at src/main.rs:{number}:1:\nnote {number}"),
    "panics without an end": _repeated(lambda number: f"thread 'main' panicked at 'cause {number}"),
    "panics of three forms": _repeated(
        lambda number: (
            f"thread 'main' panicked at 'cause {number}",
            "thread 'main' panicked at src/main.rs:1:1:",
            f"ERROR: Supervised task 'aster_public_ws' panicked (restart #{number}): cause",
        )[number % 3]
    ),
    "settings": _repeated(
        lambda number: f"[config] NAME_{number} = {number} (overrode default)", head=SESSION.format(1) + "\n"
    ),
    "refusals": _repeated(lambda number: f"WARN: Lighter public WS subscribe error: refused {number}"),
    "close reasons": _repeated(
        lambda number: (
            f"INFO: Lighter public WS close frame code=4000 reason=because{number}\nLighter WS closed; reconnecting"
        )
    ),
    "rx statistics with new keys": _repeated(
        lambda number: f"market_rx_stats tick={number} raw_drained=1 key{number}=1"
    ),
    "ticks back and forth": _repeated(
        lambda number: f"market_rx_stats tick={number * 7919 % 1000} raw_drained=1 cap_hits=0"
    ),
    "blank lines of a log": _repeated(lambda _: "", head=SESSION.format(1) + "\n"),
    "carriage returns": _repeated(lambda number: f"\r{number}\r" * 20, head=SESSION.format(1) + "\n"),
    "lines of 1 MB": _repeated(lambda number: f"Error: {number}" + "x" * 1_000_000),
    "docker objects": _repeated(
        lambda number: json.dumps(
            {
                "log": f"{_LINES_OF_SESSION[number % 4]}\n",
                "stream": "stdout",
                "time": f"2026-01-01T00:00:00.{number:09}Z",
            }
        )
    ),
    "a new task a line": _repeated(
        lambda number: (
            f"ERROR: Supervised task 'venue{number}_public_ws' panicked (restart #{number}): cause {number}., restarting in 1s"
        )
    ),
    "a new restart a line": _repeated(
        lambda number: (
            f"WARN: VenueHealthEnforcer force-restarting 'venue{number}_public_ws' (venue_index={number}, age_ms={number}, "
            f"threshold={number})"
        )
    ),
    "a new applied venue a line": _repeated(
        lambda number: (
            f"APPLIED_BOOK venue=venue{number} venue_index={number} mid={number}.5 spread=0.1 depth_usd={number}"
        )
    ),
    "a new venue in fallback a line": _repeated(
        lambda number: (
            f"WARN: REST health monitor: venue{number} stale (age_ms={number}, threshold={number}), activating REST fallback"
        )
    ),
    "a new limit a line": _repeated(
        lambda number: f"WS_AUDIT venue=extended extended_limit{number}_read_timeout_ms={number}",
        head="WS_AUDIT venue=extended extended_read_timeout_ms=10000\n",
    ),
    "a new interval a line": _repeated(
        lambda number: f"WS_AUDIT venue=lighter lighter_ping_sent_count={number} interval_ms={number}"
    ),
    "a new container ends a line": _repeated(
        lambda number: f"bot{number}x exited with code {number % 256}", head=_LINES_OF_SESSION[0] + "\n"
    ),
    "a new program a line": _repeated(
        lambda number: f"May 28 20:26:40 host{number} program{number}x[{number}]: {_LINES_OF_SESSION[number % 4]}"
    ),
    "a new unit a line of a journal": _repeated(
        lambda number: json.dumps(
            {
                "MESSAGE": _LINES_OF_SESSION[number % 4],
                "__REALTIME_TIMESTAMP": f"{1_780_000_000_000_000 + number}",
                "_SYSTEMD_UNIT": f"unit{number}.service",
            },
            separators=(",", ":"),
        )
    ),
    "new fields a line of RFC 5424": _repeated(
        lambda number: (
            f"<134>1 2026-05-28T20:26:40.{number % 1_000:03}Z host{number} program{number}x {number} id{number} "
            f'[field{number}@1 key{number}="{number}"] {_LINES_OF_SESSION[number % 4]}'
        )
    ),
    "quoted records": _repeated(
        lambda number: (
            f"WARN: Lighter public WS subscribe error: refusedWS_AUDIT venue=venue{number} "
            f"reconnect_reason=reason{number} count={number}"
        )
    ),
    "a record joined to each line": _repeated(
        lambda number: (
            f"INFO: Lighter public WS connecting url=wss://host{number}.example/w"
            f"WS_AUDIT venue=lighter reconnect_reason=read_timeout count={number}"
        )
    ),
    "a new message cut off a line": _repeated(
        lambda number: (
            f"INFO: Lighter{number} public WS connectWS_AUDIT venue=lighter reconnect_reason=read_timeout count={number}"
        )
    ),
    "many records cut off in a line": _repeated(lambda number: f"INFO: Lighter{number} public WS connect" * 30),
    "kill events": _repeated(
        lambda number: json.dumps({"timebase_id": "t", "kill_reason": f"reason{number}", "delta_usd_t": 0.0}),
        head=_LINES_OF_SESSION[0] + "\n",
    ),
    "builds": _repeated(
        lambda number: f"   Compiling crate{number} v0.{number}.0\nerror[E{number % 10_000:04}]: cause {number}"
    ),
}
LOG |= {
    "words of letters": _repeated(_letters, head=SESSION.format(1) + "\n"),
    "a new host of letters": _repeated(lambda number: _LINES_OF_SESSION[0].replace("host1", _letters(number))),
    "a new setting of letters": _repeated(
        lambda number: f"[config] {_letters(number)} = 1 (overrode default)", head=SESSION.format(1) + "\n"
    ),
    "a new refusal of letters": _repeated(
        lambda number: f"WARN: Lighter public WS subscribe error: refused {_letters(number)}"
    ),
    "a new error of letters": _repeated(lambda number: f"Error: {_letters(number)}"),
    "a new venue of letters": _repeated(
        lambda number: f"INFO: V{_letters(number)} public WS connecting url=wss://host.example/ws"
    ),
    "a new audit key of letters": _repeated(lambda number: f"WS_AUDIT {_letters(number)}=1"),
    "a new note of letters": _repeated(lambda number: f"paraphina | {_letters(number)}"),
    "a new build step of letters": _repeated(lambda number: f"   Compiling {_letters(number)} v0.1.0"),
    "a new cause of letters": _repeated(
        lambda number: f"connection timed out {_letters(number)}", head=SESSION.format(1) + "\n"
    ),
    "a new shell error": _repeated(
        lambda number: f"timeout{number}: failed to run command ‘./paraphina_live’: No such file or directory"
    ),
    "causes": _repeated(lambda _: "Caused by:", head=SESSION.format(1) + "\n"),
}
LOG["lines of 7 MB"] = _repeated(lambda number: f"Error: {number} " + "word " * 1_400_000)
LOG["two lines"] = lambda path, size: _repeated(lambda _: "Error: " + "x" * (size // 2), SESSION.format(1) + "\n")(
    path, size
)
_EVENTS_HEAD = '{"schema": "toolkit.event/1", "log": "run.log"}\n'


def _event(number: int, kind: str = "ping_sent", venue: str = "lighter", **fields: int) -> str:
    event = {"at_us": 1_770_324_595_600_000 + number, "kind": kind, "venue": venue, "log": number, "fields": fields}
    return json.dumps(event)


_plain_events = _repeated(lambda number: _event(number, count=number), head=_EVENTS_HEAD)
EVENTS = {
    "a new venue an event": _repeated(
        lambda number: _event(number, venue=f"venue{number}", count=number), head=_EVENTS_HEAD
    ),
    "counts of the REST monitor": _repeated(
        lambda number: _event(number, "rest_monitor", rest_check_count=number, rest_attempt_count=number),
        head=_EVENTS_HEAD,
    ),
    "junk events": _repeated(lambda number: f"junk {number}", head=_EVENTS_HEAD),
    "blank events": _repeated(lambda _: "", head=_EVENTS_HEAD),
}


def _rx_line(tick: int, keys: str = "") -> str:
    return f"market_rx_stats tick={tick} raw_drained=7 raw_l2_delta=6 raw_l2_snapshot=1 {keys}out_market=2 cap_hits=0"


_plain_rx = _repeated(_rx_line)
RX = {
    "new keys": _repeated(lambda number: _rx_line(number, f"key{number}=1 ")),
    "falling ticks": _repeated(lambda number: _rx_line(2 - number % 2)),
    "junk beside ticks": _repeated(lambda number: f"junk {number}", head=_rx_line(0) + "\n"),
}
_label = one_line(b'{"schema": "toolkit.run_meta/1", "label": "', b"x", b'"}\n')
PACKED: dict[str, tuple[Writer, dict[str, Writer]]] = {
    "run.log.gz": (in_gzip(_plain_log), {"zeros": in_gzip(one_line(b"", b"\0"))}),
    "run.zip": (in_zip(_plain_log), {"zeros": in_zip(one_line(b"", b"\0"))}),
    "run_meta.json.gz": (in_gzip(_plain_log), {"one label": in_gzip(_label)}),
}


REFUSED = ("one label",)
"""Kinds that an analysis refuses."""


def kinds(only: list[str]) -> Iterator[tuple[str, str, Callable[[Path, int], None]]]:
    """Return name, file name and writer of each kind, the plain file of each before the others."""
    groups = [("telemetry.jsonl", _plain_telemetry, TELEMETRY), ("run.log", _plain_log, LOG)]
    groups += [("events.jsonl", _plain_events, EVENTS), ("market_rx_stats.log", _plain_rx, RX)]
    groups += [(name, *writers) for name, writers in PACKED.items()]
    for file_name, plain, group in groups:
        chosen = {name: writer for name, writer in group.items() if not only or name in only}
        if chosen:
            yield "plain", file_name, plain
        for name, writer in chosen.items():
            yield name, file_name, writer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mb", type=float, default=100)
    parser.add_argument("--only", nargs="*", default=[], help="names of kinds; all without it")
    options = parser.parse_args()
    print(
        "| file | each line | s | beside plain | processor s | beside plain | largest, MiB | all, MiB | JSON, MB | ledger |"
    )
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|---|")
    before: Outcome | None = None
    failed = list[str]()
    with tempfile.TemporaryDirectory() as folder:
        for name, file_name, writer in kinds(options.only):
            path, plain = Path(folder) / file_name, Path(folder) / "plain" / file_name
            if name == "plain":
                plain.parent.mkdir(exist_ok=True)
                writer(plain, int(options.mb * 1e6))
                before = found = after = measure(plain)
            else:
                writer(path, int(options.mb * 1e6))
                found, after = measure(path), measure(plain)
            # A machine is not equally fast at all times: each kind stands between two readings of the plain file.
            beside = [(before or after), after]
            seconds, processor_s = fmean(each.seconds for each in beside), fmean(each.processor_s for each in beside)
            before = after
            print(
                f"| {file_name} | {name} | {found.seconds:.1f} | {found.seconds / seconds:.1f} | {found.processor_s:.1f} "
                f"| {found.processor_s / processor_s:.1f} | {found.largest_mib:.0f} "
                f"| {found.all_mib:.0f} | {found.json_bytes / 1e6:.2f} | {found.ending} |",
                flush=True,
            )
            failed += [name] if found.ending != ADDS_UP and name not in REFUSED else []
    if failed:
        raise SystemExit(f"without a ledger that adds up: {', '.join(failed)}")


if __name__ == "__main__":
    main()
