"""Tests of the tapes that can be replayed, and of the errors that say why one cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.simulator.replay.tape_files import load_tape, load_tapes, recorded_settings
from connectors.venues import venues
from toolkit.model.errors import InputError, UsageError

TAPES = Path(__file__).parents[2] / "tapes"
HEAD = '{"tape":1,"venue":"lighter","market":"ETH-USD","source":"written for this test"}'
FRAME = '{"at_ms":5,"way":"received","text":"{}"}'


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(TAPES.iterdir()), ids=lambda path: path.name)
def test_every_tape_of_the_tests_can_be_replayed(path: Path) -> None:
    tape = load_tape(path)
    assert path.name.startswith(tape.venue.name) and tape.entries and not tape.torn


def test_the_tapes_of_a_run_are_found_in_its_directory(tmp_path: Path) -> None:
    write(tmp_path / "run" / "frames" / "lighter.tape.jsonl", HEAD, FRAME)
    write(tmp_path / "run" / "frames" / "aster.tape.jsonl", HEAD.replace("lighter", "aster"), FRAME)
    assert list(load_tapes([tmp_path / "run"])) == ["aster", "lighter"]
    assert list(load_tapes([tmp_path / "run" / "frames"])) == ["aster", "lighter"]


@pytest.mark.parametrize(
    ("lines", "line", "why"),
    [
        ((HEAD, FRAME, "{damaged}", FRAME), 3, "a damaged line"),
        ((HEAD, FRAME, FRAME.replace("5", "4")), 3, "before that of the line above"),
        ((HEAD, '{"at_ms":1,"way":"received"}', FRAME), 2, "needs `text` or `base64`"),
        ((HEAD.replace("lighter", "fjord"), FRAME), 1, "no such venue: 'fjord'"),
        ((HEAD.replace("ETH-USD", "ETH; rm -rf /"), FRAME), 1, "LIGHTER_MARKET"),
        ((FRAME, FRAME), 1, "not the first line of a tape"),
        ((HEAD,), None, "holds no frames; record them with `toolkit smoke --record-frames`"),
        (("",), 1, "not the first line of a tape"),
    ],
)
def test_an_unusable_tape_is_an_error_that_names_file_and_line(
    tmp_path: Path, lines: tuple[str, ...], line: int | None, why: str
) -> None:
    path = write(tmp_path / "a.tape.jsonl", *lines)
    with pytest.raises(InputError) as error:
        load_tape(path)
    assert (error.value.file, error.value.line) == (str(path), line)
    assert why in error.value.why


def test_an_incomplete_last_line_is_left_out(tmp_path: Path) -> None:
    tape = load_tape(write(tmp_path / "a.tape.jsonl", HEAD, FRAME, FRAME[:20], end=""))
    assert tape.torn and len(tape.entries) == 1


def test_a_directory_without_tapes_says_how_to_record_some(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no recorded frames; record them with `toolkit smoke --record-frames`"):
        load_tapes([tmp_path])
    with pytest.raises(InputError, match="no such file"):
        load_tapes([tmp_path / "absent"])


def test_two_tapes_of_one_venue_are_a_usage_error(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, HEAD, FRAME) for name in ("a.tape.jsonl", "b.tape.jsonl")]
    with pytest.raises(UsageError, match="both of lighter"):
        load_tapes(paths)


def test_a_client_gets_the_recorded_market_and_the_options_that_are_not_default(tmp_path: Path) -> None:
    head = json.loads(HEAD) | {"instrument": "7", "options": {"PARAPHINA_LIGHTER_WS_READONLY": True, "PATH": "/tmp"}}
    tape = load_tape(write(tmp_path / "a.tape.jsonl", json.dumps(head), FRAME))
    assert recorded_settings(venues()["lighter"], tape.header) == {
        "LIGHTER_MARKET": "ETH-USD",
        "LIGHTER_MARKET_ID": "7",
        "PARAPHINA_LIGHTER_WS_READONLY": "1",
    }
