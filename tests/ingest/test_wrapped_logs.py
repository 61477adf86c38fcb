"""A log in any wrapping gives the figures of the plain log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from toolkit.analysis.pipeline import analyze
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


def _counts(folder: Path, log: str) -> dict[str, object]:
    folder.mkdir(exist_ok=True)
    (folder / "run.log").write_text(log)
    analysis = analyze([str(folder)])
    counted = ("connects", "reconnects", "disconnects", "sessions", "pings", "rest", "run.rx", "publisher", "lives")
    return {
        each.figure: (each.value, each.bound) for each in analysis.figures if any(c in each.figure for c in counted)
    }


@pytest.mark.parametrize("name", FORMS)
def test_a_wrapped_log_gives_the_counts_of_the_plain_log(name: str, plain: list[str], tmp_path: Path) -> None:
    """Sessions, reconnects and counters are those of the plain log."""
    expected = _counts(tmp_path / "plain", "\n".join(plain) + "\n")
    assert any(value for value, _ in expected.values())
    assert _counts(tmp_path / "wrapped", _wrapped(FORMS[name], plain)) == expected


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
    return {each.code: (each.severity, each.text) for each in analyze([str(folder)]).findings}


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


def test_a_log_of_unlike_unknown_lines_quotes_the_first_one(tmp_path: Path) -> None:
    """One understood line among many others makes the finding less severe."""
    lines = [f"{chr(97 + n)}{n} something else" for n in range(20)]
    known = "INFO: Aster public WS connected url=ws://h/ws"
    severity, text = _findings(tmp_path, "\n".join([*lines, known]) + "\n")["log_not_understood"]
    assert severity == "medium" and 'line 1 is "a0 something else"' in text
