"""What a run is made of: its files, found under the paths a user typed and recognised by their content."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from toolkit.errors import InputError
from toolkit.ingest.stream import Decompressed, Opener
from toolkit.vocabulary import Role

HEAD_BYTES = 256 << 10
SAMPLE = "sample:"
"""A path that begins so names one of the packaged sample runs."""

NOT_PART_OF_A_RUN = frozenset({"run.json", "truth.jsonl"})
"""Answers that lie beside recorded examples, never read as evidence."""
_ANSWERS_FOLDER = "upstream"
_ZIP_MEMBER = b"PK\x03\x04"
"""How an archive begins; one whose end is missing is no archive to its reader."""

_TELEMETRY = re.compile(rb'"(?:venue_age_ms|venue_status|venue_mid_usd|treasury_guidance|venue_age_event_ms)"\s*:')
_RX_LINE = re.compile(rb"^market_rx_stats tick=\d", re.MULTILINE)
_LOG = re.compile(
    rb"paraphina(?:_live)? \||effective_(?:trade_mode|risk_profile)=|WS_AUDIT |public WS |FIRST_BOOK_UPDATE "
    rb"|APPLIED_BOOK |FIRST_DECODED_TOP |market_rx_stats tick=|Supervised task '|\[runner\] tick=|\[telemetry\] "
    rb"|VenueHealthEnforcer|REST health monitor|VENUE_HEALTH_TRANSITION |panicked at "
    rb"|(?:^|\n)\s*(?:Compiling|Finished|Running|Building) "
    rb"|(?:^|\n)(?:error|warning)(?:\[E\d+\])?: |(?:^|\n)(?:INFO|WARN|ERROR): "
)
_PROVENANCE_KEYS = ({"config_hash", "config_debug"}, {"git_sha"}, {"venue_id", "tick_size"})
_BY_NAME = (
    (re.compile(r"telemetry.*\.jsonl"), Role.TELEMETRY),
    (re.compile(r"market_rx_stats.*\.log"), Role.RX_STATS),
    (re.compile(r".*(?:run|live|std(?:out|err)).*(?:\.log|\.err|\.out)?"), Role.LOG),
)
_OWN_SCHEMAS = {
    "toolkit.run_meta": Role.RUN_META,
    "toolkit.command": Role.COMMANDS,
    "toolkit.event": Role.EVENTS,
    "toolkit.arrivals": Role.EVENTS,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a run.

    `name` is how the user may refer to it; `path` is where it lies, if it lies plain on disk. `damaged`: what its
    beginning is packed in is cut short or broken.
    """

    file_no: int
    name: str
    role: Role
    opener: Opener
    path: Path | None = None
    damaged: bool = False

    def open(self) -> Decompressed:
        """Open the decompressed bytes. Raises `InputError` when the file cannot be read."""
        try:
            return Decompressed(self.opener())
        except OSError as error:
            raise InputError(self.name, None, f"cannot be read: {error.strerror or error}") from error


def resolve(paths: Iterable[str]) -> list[Source]:
    """Find and recognise the files of one run.

    Raises `InputError` for a path that does not exist or cannot be read, and where nothing is recognised.
    """
    found = [source for path in paths for source in _under(path)]
    if not any(source.role not in (Role.ARTIFACT, Role.PROVENANCE) for source in found):
        raise InputError(", ".join(paths), None, _why_not_a_run(found))
    found.sort(key=lambda source: (*part_of(source.name), source.name))
    return [replace(source, file_no=number) for number, source in enumerate(found)]


_ROTATED = re.compile(r"(.+?)(?:\.(\d{1,4})|[.-](\d{4}-?\d\d-?\d\d[\w.:-]*?))?(?:\.gz|\.zst)?")


def part_of(name: str) -> tuple[str, str, int, int, str]:
    """Which file a rotated one was part of (its name and folder), and its place among the parts.

    `run.log.2`, `run.log.1.gz` and `run.log` are three parts, the oldest first; so are those that carry a date.
    """
    pure = PurePath(name)
    match = _ROTATED.fullmatch(pure.name)
    base, number, date = (match[1], match[2], match[3]) if match else (pure.name, None, None)
    kind = 0 if date else 1 if number else 2
    return base, str(pure.parent), kind, -int(number or 0), date or ""


def continues(source: Source, before: Source | None) -> bool:
    """Whether the source is the part of a rotated file that was written after `before`."""
    if before is None or source.role is not before.role:
        return False
    mine, theirs = part_of(source.name), part_of(before.name)
    return mine[:2] == theirs[:2] and mine[2:] > theirs[2:]


def distinct(sources: Sequence[Source]) -> list[Source]:
    """The sources without those that repeat, byte for byte, another one of the same role."""
    roles = Counter(source.role for source in sources)
    seen: set[tuple[Role, str]] = set()
    kept = []
    for source in sources:
        if roles[source.role] > 1 and source.role in READ_ONCE:
            key = (source.role, _digest(source))
            if key in seen:
                continue
            seen.add(key)
        kept.append(source)
    return [replace(source, file_no=number) for number, source in enumerate(kept)]


def _digest(source: Source) -> str:
    with source.open() as stream:
        while stream.read(1 << 20):
            pass
        return stream.sha256


def _why_not_a_run(found: list[Source]) -> str:
    if not found:
        return "not a run: there is no file in it; name a directory with run.log or telemetry.jsonl"
    names = ", ".join(source.name for source in found[:5])
    if damaged := ", ".join(source.name for source in found if source.damaged):
        return f"not a run: nothing is recognised in {names}; {damaged} is damaged or cut short, fetch it again"
    return f"not a run: no run log, telemetry or market_rx_stats recognised in {names}; name the files a producer wrote"


def _under(path: str) -> Iterator[Source]:
    if path == "-":
        yield _standard_input()
        return
    place = _sample(path.removeprefix(SAMPLE)) if path.startswith(SAMPLE) else Path(path)
    if place.is_dir():
        yield from _directory(place)
    elif place.exists():
        yield from _file(place, place.name)
    else:
        raise InputError(path, None, "no such file or directory; check the path")


def _sample(name: str) -> Path:
    folder = Path(str(files("toolkit") / "samples"))
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if name not in names:
        raise InputError(
            f"{SAMPLE}{name}", None, f"no such sample; there are {' and '.join(SAMPLE + n for n in names)}"
        )
    return folder / name


def _standard_input() -> Source:
    spool = tempfile.NamedTemporaryFile(prefix="toolkit-stdin-")  # noqa: SIM115  lives as long as the source
    shutil.copyfileobj(sys.stdin.buffer, spool)
    spool.flush()

    def opener() -> BinaryIO:
        return open(spool.name, "rb")  # noqa: PTH123

    return _recognised("standard input", opener, None)


def _directory(place: Path) -> Iterator[Source]:
    try:
        entries = sorted(entry for entry in place.iterdir() if entry.is_file())
    except OSError as error:
        raise InputError(str(place), None, f"cannot be read: {error.strerror}") from error
    sources = [source for entry in entries for source in _file(entry, entry.name) if _is_part(source.name)]
    runs = _runs_within(place) if not any(source.role in _EVIDENCE for source in sources) else []
    if len(runs) > 1:
        listed = ", ".join(run.name for run in runs[:4])
        raise InputError(str(place), None, f"holds {len(runs)} runs, not one ({listed}, …); name one of them")
    if runs:
        yield from _directory(runs[0])
    yield from sources


_EVIDENCE = READ_ONCE = (Role.LOG, Role.TELEMETRY, Role.RX_STATS)


def _runs_within(place: Path) -> list[Path]:
    folders = (entry for entry in sorted(place.iterdir()) if entry.is_dir() and entry.name != _ANSWERS_FOLDER)
    return [folder for folder in folders if _holds_evidence(folder)]


def _holds_evidence(folder: Path) -> bool:
    entries = (entry for entry in sorted(folder.iterdir()) if entry.is_file() and _is_part(entry.name))
    return any(source.role in _EVIDENCE for entry in entries for source in _file(entry, entry.name))


def _is_part(name: str) -> bool:
    pure = PurePath(name)
    return pure.name not in NOT_PART_OF_A_RUN and _ANSWERS_FOLDER not in pure.parts[:-1]


def _file(place: Path, name: str) -> Iterator[Source]:
    try:
        if zipfile.is_zipfile(place):
            yield from _zip_members(place)
            return
        yield _recognised(name, lambda: place.open("rb"), place)
    except OSError as error:
        raise InputError(str(place), None, f"cannot be read: {error.strerror or error}") from error


def _zip_members(place: Path) -> Iterator[Source]:
    try:
        archive = zipfile.ZipFile(place)
    except zipfile.BadZipFile as error:
        raise InputError(str(place), None, f"damaged zip: {error}; fetch it again") from error
    for member in archive.infolist():
        if not member.is_dir() and _is_part(member.filename):
            yield _recognised(member.filename, _member_opener(place, archive, member), None)


def _member_opener(place: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opener:
    def opener() -> BinaryIO:
        try:
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, archive.open(member))))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise InputError(f"{place}/{member.filename}", None, f"cannot be unpacked: {error}") from error

    return opener


def _recognised(name: str, opener: Opener, path: Path | None) -> Source:
    source = Source(0, name, Role.ARTIFACT, opener, path)
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
        packed, damaged = stream.packed, stream.damage is not None or head.startswith(_ZIP_MEMBER)
    role = recognise(head, PurePath(name).name)
    return replace(source, role=role, path=None if packed else path, damaged=damaged)


def recognise(head: bytes, name: str) -> Role:
    """The role of a file whose content begins with `head`; the name decides only for an empty file."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if not text.strip(b"\x00\r\n\t "):
        plain = name.removesuffix(".gz").removesuffix(".zst")
        return next((role for pattern, role in _BY_NAME if pattern.fullmatch(plain)), Role.ARTIFACT)
    if own := _own_schema(text):
        return own
    if _is_rx(text):
        return Role.RX_STATS
    if _is_json(text):
        return _json_role(text)
    if _LOG.search(text):
        return Role.LOG
    return Role.TELEMETRY if _TELEMETRY.search(text) else Role.ARTIFACT


def _own_schema(text: bytes) -> Role | None:
    match = re.match(rb'\{\s*"schema"\s*:\s*"(toolkit\.[a-z_]+)/', text)
    return _OWN_SCHEMAS.get(match[1].decode()) if match else None


def _is_rx(text: bytes) -> bool:
    lines = [line for line in text.split(b"\n")[:50] if line.strip(b"\x00\r ")]
    return sum(1 for line in lines if _RX_LINE.match(line)) * 2 > len(lines)


def _is_json(text: bytes) -> bool:
    return text.lstrip(b"\x00\r\n\t ")[:1] in (b"{", b"[")


def _json_role(text: bytes) -> Role:
    first = text.split(b"\n", 1)[0]
    if _TELEMETRY.search(first) or _TELEMETRY.search(text):
        return Role.TELEMETRY
    try:
        value = json.loads(text)
        keys = set(value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value)
    except (ValueError, RecursionError, TypeError):
        keys = set()
    if any(wanted <= keys for wanted in _PROVENANCE_KEYS):
        return Role.PROVENANCE
    # A small record of telemetry may hold no venue array at all; its tick is what makes it one.
    if re.match(rb'\s*\{.*"t"\s*:\s*\d', first) or re.match(rb'\s*\{"t"\s*:', first):
        return Role.TELEMETRY
    return Role.LOG if _LOG.search(text) else Role.ARTIFACT
