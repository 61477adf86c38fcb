"""A log in any wrapping gives the figures of the plain log."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from tests.ingest.test_split_log_lines import read
from tests.sampling import sampled
from toolkit.analysis.pipeline import Options, analyze
from toolkit.analysis.unknown_lines import unknown_templates
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import log as log_loader
from toolkit.runlog.wrapping.detect import LEARNT, detect
from toolkit.runlog.wrapping.kinds import WRAPPINGS
from toolkit.runlog.wrapping.unwrap import unwrap

Form = Callable[[str, datetime], str]


def _docker(line: str, at: datetime) -> str:
    pieces = [line[:40], line[40:]] if len(line) > 60 else [line]
    ended = [*pieces[:-1], pieces[-1] + "\n"]
    return "\n".join(json.dumps({"log": piece, "stream": "stderr", "time": _iso(at)}) for piece in ended)


def _cri(line: str, at: datetime) -> str:
    if len(line) <= 60:
        return f"{_iso(at)} stderr F {line}"
    return f"{_iso(at)} stderr P {line[:40]}\n{_iso(at)} stderr F {line[40:]}"


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


FORMS: dict[str, Form] = {
    "docker json-file": _docker,
    "CRI": _cri,
    "GitLab": lambda line, at: f"{_iso(at)} 01O {line}",
    "Buildkite": lambda line, at: f"\x1b_bk;t={round(at.timestamp() * 1_000)}\x07{line}",
    "docker service logs": lambda line, _: f"bot_paraphina.1.x1y2z3@node1    | {line}",
    "docker compose": lambda line, _: f"\x1b[36mparaphina-1  | \x1b[0m{line}",
    "compose with time": lambda line, at: f"paraphina-1  | {_iso(at)} {line}",
    "compose in Actions": lambda line, at: f"{_iso(at)} paraphina-1  | {line}",
    "pm2": lambda line, _: f"0|paraphina  | {line}",
    "journald JSON": lambda line, at: json.dumps(
        {"__REALTIME_TIMESTAMP": str(round(at.timestamp() * 1e6)), "MESSAGE": list(line.encode())}
    ),
    "journald short": lambda line, at: f"{at:%b %d %H:%M:%S} bot1 paraphina_live[4242]: {line}",
    "journald iso": lambda line, at: f"{at:%Y-%m-%dT%H:%M:%S}+0000 bot1 paraphina_live[4242]: {line}",
    "syslog": lambda line, at: f"<134>1 {_iso(at)} bot1 paraphina 4242 - - {line}",
    "ts": lambda line, at: f"{at:%b %d %H:%M:%S} {line}",
    "ts without a zone": lambda line, at: f"{at:%Y-%m-%dT%H:%M:%S} {line}",
    "bracketed": lambda line, at: f"[{at:%Y-%m-%d %H:%M:%S}] {line}",
    "gh run view": lambda line, at: f"soak\tRun soak\t{_iso(at)} {line}",
    "JSON lines": lambda line, at: json.dumps({"@timestamp": _iso(at), "level": "info", "message": line}),
    "JSON lines without their ends": lambda line, at: json.dumps({"log": line, "stream": "stderr", "time": _iso(at)}),
    "learnt": lambda line, at: f"<<{at:%j}#bot1>> {line}",
}


@pytest.fixture(scope="module")
def plain() -> list[str]:
    """Lines of a recorded log."""
    packed = Path(__file__).parents[1] / "data/runs/faulty_head/run.log.zst"
    data = zstandard.ZstdDecompressor().stream_reader(packed.read_bytes()).read()
    return data.decode().splitlines()


def _wrapped(form: Form, lines: Sequence[str], start_s: float = 1_780_000_000) -> str:
    return "".join(form(line, datetime.fromtimestamp(start_s, UTC)) + "\n" for line in lines)


def _counts(folder: Path, log: str) -> dict[str, tuple[object, object]]:
    (folder / "run.log").write_text(log)
    analysis = analyze([str(folder)])
    counted = ("connects", "reconnects", "disconnects", "sessions", "pings", "rest", "run.rx", "publisher", "lives")
    return {
        each.figure: (each.value, each.bound) for each in analysis.figures if any(c in each.figure for c in counted)
    }


@pytest.fixture(scope="module")
def plain_counts(plain: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, object]]:
    """Figures of the plain log."""
    return _counts(tmp_path_factory.mktemp("plain"), "\n".join(plain) + "\n")


@pytest.mark.untraced
@sampled("name", FORMS, 2)
def test_a_wrapped_log_gives_the_counts_of_the_plain_log(
    name: str, plain: list[str], plain_counts: dict[str, tuple[object, object]], tmp_path: Path
) -> None:
    """Sessions, reconnects and counters are those of the plain log."""
    assert any(value for value, _ in plain_counts.values())
    assert _counts(tmp_path, _wrapped(FORMS[name], plain)) == plain_counts


@pytest.mark.parametrize("name", FORMS)
def test_unwrapping_gives_back_each_line(name: str, plain: list[str]) -> None:
    """The joined lines without the emptied parts are the plain lines."""
    lines = _wrapped(FORMS[name], plain).encode().split(b"\n")[:-1]
    layers = detect(lines)
    unwrapped = unwrap(layers, lines)
    kept = [line for index, line in enumerate(unwrapped.lines) if index not in unwrapped.parts]
    expected = [line.encode() for line in plain]
    if layers:
        assert kept == expected
    else:
        assert name == "gh run view", "only a CI system's stamp is read by the parser itself"
    assert (name == "learnt") == (LEARNT in [layer.name for layer in layers])


def test_a_plain_log_is_in_no_wrapping(plain: list[str]) -> None:
    """The program's own start-up line looks like a compose prefix and is kept."""
    assert detect([line.encode() for line in plain]) == ()
    assert detect([b"paraphina_live | trade_mode=Shadow | network=mainnet"]) == ()


@pytest.mark.parametrize("kind", WRAPPINGS, ids=lambda kind: f"{kind.name} {kind.example[:20]!r}")
def test_each_kind_unwraps_its_example(kind: object) -> None:
    """The text of each example is `text`."""
    found = next(each for each in WRAPPINGS if each is kind)
    unwrapped = found.unwrap(found.example.replace(b"\x1b", b""))
    assert unwrapped is not None and unwrapped.line == b"text"


def _findings(folder: Path, log: str) -> dict[str, tuple[str, str]]:
    (folder / "run.log").write_text(log)
    return {
        each.code: (each.severity, each.text) for each in analyze([str(folder)], options=Options(scope="ages")).findings
    }


def test_a_learnt_prefix_is_named_by_a_finding(plain: list[str], tmp_path: Path) -> None:
    """The finding quotes the prefix; the lines under it were understood."""
    found = _findings(tmp_path, _wrapped(FORMS["learnt"], plain))
    assert '"<<148#bot1>> "' in found["learnt_prefix"][1]
    assert "log_not_understood" not in found


def test_no_prefix_is_named_where_a_known_wrapping_was_taken_off(plain: list[str], tmp_path: Path) -> None:
    """Docker's own form is no learnt prefix."""
    assert not {"learnt_prefix", "log_not_understood"} & set(_findings(tmp_path, _wrapped(_docker, plain)))


def test_a_log_whose_lines_are_unknown_is_said_to_be_so_with_their_common_beginning(tmp_path: Path) -> None:
    """A prefix of which no rest is a known line cannot be taken off, and is named."""
    lines = [f"<12> bot {n} WS_AUDIT: {chr(97 + n)} no line of the program" for n in range(20)]
    severity, text = _findings(tmp_path, "\n".join([*lines, "INFO: nothing that is known"]) + "\n")[
        "log_not_understood"
    ]
    assert severity == "high"
    assert "0 of 21 lines were understood" in text and 'begin like "<12> bot 0 WS_AUDIT: "' in text


def test_the_first_of_many_unknown_lines_is_quoted_also_if_others_are_alike(tmp_path: Path) -> None:
    lines = [*(f"job {n} failed" for n in range(40)), *(f"{chr(97 + n % 26)}{n} something else" for n in range(300))]
    known = "INFO: Aster public WS connected url=ws://h/ws"
    _, text = _findings(tmp_path, "\n".join([known, "", *lines]) + "\n")["log_not_understood"]
    assert 'line 3 is "job 0 failed"' in text


@pytest.mark.parametrize("zeros", [[3] * 400, range(1, 40), range(1, 12)], ids=["alike", "unlike", "few"])
def test_lines_of_nothing_that_is_printed_are_not_understood(zeros: Sequence[int], tmp_path: Path) -> None:
    known = "INFO: Aster public WS connected url=ws://h/ws"
    _, text = _findings(tmp_path, "\n".join([known, *("\0" * count for count in zeros)]) + "\n")["log_not_understood"]
    assert f"1 of {len(zeros) + 1} lines were understood" in text


def test_a_log_of_unlike_unknown_lines_quotes_the_first_one(tmp_path: Path) -> None:
    """One understood line among many others makes the finding less severe."""
    lines = [f"{chr(97 + n)}{n} something else" for n in range(20)]
    known = "INFO: Aster public WS connected url=ws://h/ws"
    severity, text = _findings(tmp_path, "\n".join([*lines, known]) + "\n")["log_not_understood"]
    assert severity == "medium" and 'line 1 is "a0 something else"' in text


_RUNS = (
    "faulty_head",
    "restart_head",
    "panic_run",
    "panic_task_run",
    "exdev_build",
    "compile_error_build",
    "ci_prefixed",
)
_OTHERS = ("redis ready", "GET /health 200 3ms", "", "level=info msg=tick")


def _recorded(run: str) -> list[str]:
    packed = Path(__file__).parents[1] / f"data/runs/{run}/run.log.zst"
    data = zstandard.ZstdDecompressor().stream_reader(packed.read_bytes()).read()
    return data.decode("utf-8", "replace").splitlines()[:150]


@pytest.mark.untraced
@sampled("run", _RUNS, 2)
def test_any_wrappings_around_a_recorded_log_change_no_fact_of_it(run: str, tmp_path: Path) -> None:
    """One or two wrappings, with lines of other services between those of the program, give the plain log's rows."""
    rng, lines = random.Random(run), _recorded(run)
    _, plain = read(tmp_path / "plain", {"run.log": "\n".join(lines).encode() + b"\n"})
    for number in range(6):
        names = rng.sample(sorted(FORMS.keys() - {"learnt"}), rng.choice((1, 2)))
        wrapped = [line for each in lines for line in ([each] if rng.random() < 0.8 else [rng.choice(_OTHERS), each])]
        wrapped = wrapped if "panic" not in run else lines  # the line after that of a panic is its message
        for name in names:
            wrapped = _wrapped(FORMS[name], wrapped).splitlines()
        load, contents = read(tmp_path / str(number), {"run.log": "\n".join(wrapped).encode() + b"\n"})
        differing = {key for key in plain if contents[key] != plain[key]} - {"log_event"}
        assert not differing, (names, differing)
        assert load.ledgers[0].used >= sum(plain["families"].values()) * 0.9


_DRAINED = [f"market_rx_stats tick={n} raw_drained={n} out_market={n} cap_hits=0" for n in range(40)]


def _drained(folder: Path, text: str) -> list[str]:
    (folder / "market_rx_stats.log").write_text(text)
    (folder / "run.log").write_text("INFO: Aster public WS connected url=ws://h/ws\n")
    return [f"{each.figure} {each.value}" for each in analyze([str(folder)]).figures]


@pytest.fixture(scope="module")
def plain_drained(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Figures of the plain file of drained events."""
    return _drained(tmp_path_factory.mktemp("plain"), "\n".join(_DRAINED) + "\n")


@sampled("name", ("docker json-file", "CRI", "docker compose", "gh run view", "bracketed"), 2)
def test_a_wrapped_file_of_drained_events_has_the_rows_of_the_plain_one(
    name: str, plain_drained: list[str], tmp_path: Path
) -> None:
    """Each line of `market_rx_stats.log` is a row, whatever stands around it."""
    assert {"run.cap_hits 0.0", "run.cap_hits 0"} & set(plain_drained)
    assert _drained(tmp_path, _wrapped(FORMS[name], _DRAINED)) == plain_drained


def test_a_small_part_of_a_rotated_log_is_read_with_the_wrapping_of_the_other_parts(
    plain: list[str], tmp_path: Path
) -> None:
    """A part without any line that is understood would not show its wrapping by itself."""
    lines = [*plain, "thread 'main' panicked at src/main.rs:1:2:", "its message"]
    wrapped = [FORMS["learnt"](line, datetime.fromtimestamp(0, UTC)).encode() + b"\n" for line in lines]
    _, whole = read(tmp_path / "whole", {"run.log": b"".join(wrapped)})
    _, parts = read(tmp_path / "parts", {"run.log.1": b"".join(wrapped[:-1]), "run.log": wrapped[-1]})
    assert parts["facts"] == whole["facts"]
    assert "its message" in str(whole["facts"])


def test_unknown_lines_are_listed_without_their_wrapping(tmp_path: Path) -> None:
    """The parts of a split line are one line."""
    known = "INFO: Aster public WS connected url=ws://h/ws"
    unknown = "queue at 17, which is a line that the log collector splits because it is very long indeed"
    (tmp_path / "run.log").write_text(_wrapped(_cri, [known, unknown, known]))
    template = unknown.replace("17", "N")
    assert unknown_templates([str(tmp_path)]) == {template: 1}


def test_quoted_text_is_not_read_as_a_line_but_said_to_be_not_understood(plain: list[str], tmp_path: Path) -> None:
    """A learnt prefix before quoted text would leave the closing mark in the last value."""
    log = "".join(f'ts={n} level=info msg="{line}"\n' for n, line in enumerate(plain))
    severity, text = _findings(tmp_path, log)["log_not_understood"]
    assert severity == "high" and 'level=info msg="' in text


_ZONED = (
    "docker json-file", "CRI", "GitLab", "Buildkite", "compose with time", "compose in Actions", "journald JSON",
    "journald iso", "syslog", "JSON lines", "JSON lines without their ends",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_stamp_gives_its_time_only_where_it_states_a_zone(name: str, plain: list[str]) -> None:
    """A stamp without a zone or a year gives no time, because the clock that it shows is not known."""
    lines = _wrapped(FORMS[name], plain, 1_780_000_000).encode().split(b"\n")[:-1]
    unwrapped = unwrap(detect(lines), lines)
    times = {at_ms for index, at_ms in enumerate(unwrapped.at_ms) if index not in unwrapped.parts}
    assert times == ({1_780_000_000_000} if name in _ZONED else {None})


@pytest.mark.parametrize("name", ["docker json-file", "CRI", "ts"])
def test_a_wrapping_that_begins_after_the_output_of_a_build_is_taken_off(
    name: str, plain: list[str], tmp_path: Path
) -> None:
    build = [f"   Compiling crate_{n} v0.1.0 (/src/crate_{n})" for n in range(7_000)]
    log = "\n".join(build) + "\n" + _wrapped(FORMS[name], plain[:100])
    (tmp_path / "run.log").write_text(log)
    (file,) = discover([str(tmp_path)])
    assert len(file.wrapping) == 1
    facts = log_loader.load(connect(":memory:"), 1, [file]).facts
    (tmp_path / "run.log").write_text("\n".join([*build, *plain[:100]]) + "\n")
    expected = log_loader.load(connect(":memory:"), 1, discover([str(tmp_path)])).facts
    assert facts.families == expected.families
    assert [each.facts for each in facts.starts] == [each.facts for each in expected.starts]


CUT_LINES = [
    "paraphina_live | trade_mode=shadow connectors=lighter",
    "INFO: Lighter public WS connecting url=ws://h:1/s",
    "INFO: Lighter public WS connected url=ws://h:1/s",
    "INFO: Lighter public WS first message received",
    "market_rx_stats tick=1 raw_drained=3 cap_hits=0",
    "WARN: Lighter public WS stream ended",
]


@pytest.mark.parametrize("name", ["docker json-file", "CRI", "journald short", "compose in Actions", "JSON lines"])
def test_a_rotation_within_a_wrapped_line_loses_nothing(name: str, tmp_path: Path) -> None:
    data = _wrapped(FORMS[name], CUT_LINES).encode()

    def loaded() -> tuple[object, ...]:
        con = connect(":memory:")
        load = log_loader.load(con, 1, discover([str(tmp_path)]))
        rows = con.execute("select family, venue, at_ms, fields from log_event order by file_no, line").fetchall()
        other = sum(each.other for each in load.ledgers)
        return rows, con.execute("select tick from rx_stat").fetchall(), load.facts.families, other

    (tmp_path / "run.log").write_bytes(data)
    expected = loaded()
    ends = [at for at, octet in enumerate(data) if octet == ord("\n")]
    for at in range(ends[1] + 2, ends[3] - 1, 7):
        if at not in range(ends[2], ends[2] + 2):
            (tmp_path / "run.log.1").write_bytes(data[:at])
            (tmp_path / "run.log").write_bytes(data[at:])
            assert loaded() == expected, data[at - 20 : at + 20]
