"""Pipes are copied once and can be read like files; devices, endless input and files too large to hold are refused."""

from __future__ import annotations

import gzip
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.files.discovery import discover
from toolkit.model.errors import InputError
from toolkit.streams.small_files import read_small, short_lines
from toolkit.streams.spool import Spool, is_pipe, note_while_waiting

SAMPLES = Path(__file__).parents[2] / "toolkit" / "samples"
CONTENT = b"".join(b"line %d\n" % number for number in range(1_000))
LOG = (SAMPLES / "before" / "run.log").read_bytes()


def _zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.log", content)
    return packed.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gz": gzip.compress, "zip": _zip}


def test_a_spool_is_read_by_several_readers_at_their_own_places() -> None:
    spool = Spool()
    spool.fill(io.BytesIO(CONTENT), "a pipe")
    with spool.open() as first, spool.open() as second:
        second.seek(-5, os.SEEK_END)
        assert (first.read(), second.read()) == (CONTENT, CONTENT[-5:])
        assert first.seek(7) == first.tell() == 7
        assert first.read(6) == CONTENT[7:13]


@pytest.mark.parametrize("most", [0, 1, len(CONTENT) - 1])
def test_a_stream_larger_than_the_disk_is_refused_with_what_to_do(most: int) -> None:
    with pytest.raises(InputError, match=r"^a pipe: has more than .* GB, and the temporary directory .* TMPDIR"):
        Spool().fill(io.BytesIO(CONTENT), "a pipe", most)


def test_a_stream_as_large_as_the_disk_is_kept() -> None:
    spool = Spool()
    spool.fill(io.BytesIO(CONTENT), "a pipe", len(CONTENT))
    with spool.open() as copy:
        assert copy.read() == CONTENT


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_named_pipe_is_read_like_the_file_that_is_written_to_it(tmp_path: Path, packing: str) -> None:
    pipe = tmp_path / "run.log"
    os.mkfifo(pipe)
    assert is_pipe(str(pipe))
    writer = threading.Thread(target=pipe.write_bytes, args=(PACKINGS[packing](LOG),))
    writer.start()
    found = discover([str(pipe)])
    writer.join()
    assert [file.name for file in found] == ["run.log"]
    for _ in range(2):
        with found[0].open() as stream:
            assert stream.read() == LOG


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_a_device_is_refused(device: str) -> None:
    with pytest.raises(InputError, match=f"^{device}: is a device, not a file; name a file, a directory or a pipe$"):
        discover([device])


def test_it_is_said_what_is_awaited_once_the_time_is_over() -> None:
    written = threading.Event()
    texts = list[str]()

    def write(text: str) -> None:
        texts.append(text)
        written.set()

    with note_while_waiting("pipe", 0.0, write):
        assert written.wait(10)
    with note_while_waiting("pipe", 60.0, write):
        pass
    assert texts == ["toolkit: pipe: no data yet; waiting for a program to write to it (Ctrl-C ends the wait)\n"]


@pytest.mark.parametrize(("content", "fits"), [(b"", True), (b"x" * 100, True), (b"x" * 101, False)])
def test_a_small_file_is_read_up_to_its_limit(content: bytes, fits: bool) -> None:
    if fits:
        assert read_small(io.BytesIO(content), "run_meta.json", 100) == content
        return
    with pytest.raises(InputError, match=r"^run_meta\.json: has more than 100 bytes, uncompressed; leave it out"):
        read_small(io.BytesIO(content), "run_meta.json", 100)


def test_a_line_too_long_for_its_file_is_named() -> None:
    lines = short_lines(io.BytesIO(b"a\n" + b"b" * 10 + b"\n" + b"c" * 2_000), "times.jsonl", 1_024)
    assert [next(lines), next(lines)] == [b"a\n", b"b" * 10 + b"\n"]
    with pytest.raises(InputError, match=r"^times\.jsonl:3: is longer than 1 KiB; leave the file out$"):
        next(lines)


META = b'{"schema": "toolkit.run_meta/1", "label": "%s"}'
LARGE: dict[str, tuple[str, bytes]] = {
    "metadata": ("run_meta.json.gz", META % (b"x" * (17 << 20))),
    "commands": ("commands.jsonl.gz", b'{"schema": "toolkit.command/1"}\n' + b" " * (17 << 20)),
    "build": ("build_info.json.gz", b'{"git_sha": "%s"}' % (b"0" * 40) + b" " * (17 << 20)),
}


@pytest.mark.parametrize("kind", ["metadata", "build"])
def test_a_large_file_packed_small_is_refused_by_the_analysis(tmp_path: Path, kind: str) -> None:
    name, content = LARGE[kind]
    (tmp_path / "run.log").write_bytes(LOG)
    (tmp_path / name).write_bytes(gzip.compress(content, 1))
    result = _toolkit("analyze", str(tmp_path), "--db", ":memory:")
    assert result.returncode == 3
    assert (
        result.stderr == f"toolkit: {name}: has more than 16 MiB, uncompressed; leave it out, or name the right file\n"
    )


def _toolkit(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "toolkit", *arguments, "-q"]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("analyze - < /dev/zero", 3, "standard input: is a device, not a file"),
        ("analyze <(cat {log}) --follow", 2, "a pipe can be read only once; leave --follow out"),
        ("pack -o packed <(cat {log})", 2, "a pipe cannot be read twice; write it to a file"),
        ("gate {log} --gates /dev/zero", 3, "/dev/zero: has more than 1 MiB"),
        ("analyze {log} --db :memory: < /dev/null", 0, ""),
    ],
)  # fmt: skip
def test_endless_input_ends_in_a_message(tmp_path: Path, command: str, code: int, message: str) -> None:
    log = shlex.quote(str(SAMPLES / "before" / "run.log"))
    text = f"{sys.executable} -m toolkit {command.format(log=log)}"
    result = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert message in result.stderr
    assert result.returncode == code


def test_process_substitution_is_analysed_like_the_file() -> None:
    log = shlex.quote(str(SAMPLES / "before" / "run.log"))
    pages = []
    for named in (log, f"<(cat {log})", f"<(gzip -c {log})"):
        text = f"{sys.executable} -m toolkit analyze {named} --db :memory: -q"
        result = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (0, "")
        pages.append(re.sub(r"run\.log|pipe-\d+|\b\d\d(?=  )", "NAME", result.stdout).split("NAME", 1)[1])
    assert pages[0] == pages[1] == pages[2]


def test_ctrl_c_ends_the_wait_for_a_pipe_to_which_nobody_writes(tmp_path: Path) -> None:
    pipe = tmp_path / "run.log"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "toolkit", "analyze", str(pipe), "--db", ":memory:"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(f"toolkit: {pipe}: no data yet; waiting for a program to write")
        process.send_signal(signal.SIGINT)
        assert "interrupted" in process.stderr.read().lower()
    assert process.returncode == 130
