"""Find and read the tapes that are to be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.recording.tape import TapeEntry, TapeHeader, read_entry, read_header
from connectors.recording.tape_writer import FRAMES, SUFFIX
from connectors.settings import resolve, venue_settings
from connectors.venues import venues
from connectors.venues.spec import Venue
from toolkit.model.errors import InputError, UsageError

MAX_BYTES = 512 * 1024 * 1024
"""Size limit of a tape: its frames are held in memory."""
RECORD = "record them with `toolkit smoke --record-frames`"


@dataclass(frozen=True, slots=True)
class Tape:
    """A tape that was read; `torn` is True if its last line is incomplete and was left out."""

    path: Path
    venue: Venue
    header: TapeHeader
    entries: tuple[TapeEntry, ...]
    torn: bool = False

    @property
    def lasts_ms(self) -> int:
        """Time of the last entry, in ms since the start of the tape."""
        return self.entries[-1].at_ms


def load_tapes(paths: Iterable[Path]) -> dict[str, Tape]:
    """Read the tapes at `paths`, each a tape, a run directory or a directory of tapes; return them by venue.

    Raises `InputError` if a path holds no tape or a tape cannot be read, and `UsageError` if two are of one venue.
    """
    found: dict[str, Tape] = {}
    for path in paths:
        for tape in (load_tape(each) for each in _tapes_of(path)):
            if (other := found.setdefault(tape.venue.name, tape)) is not tape:
                raise UsageError(
                    f"--replay: {other.path} and {tape.path} are both of {tape.venue.name}; name one tape a venue"
                )
    return {name: found[name] for name in venues() if name in found}


def _tapes_of(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(str(path), None, "no such file or directory; name a tape or the directory of a run")
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(str(path), None, "neither a file nor a directory; name a tape or the directory of a run")
    tapes = sorted([*(path / FRAMES).glob(f"*{SUFFIX}"), *path.glob(f"*{SUFFIX}")])
    if not tapes:
        raise InputError(str(path), None, f"holds no recorded frames; {RECORD}")
    return tapes


def load_tape(path: Path) -> Tape:
    """Read one tape. Raises `InputError` if it cannot be read, has a damaged line, or holds no frames."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(str(path), None, f"{size >> 20} MiB long; at most {MAX_BYTES >> 20} MiB can be replayed")
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(str(path), None, f"cannot be read: {error.strerror}; name a tape") from error
    venue, header = _head(path, lines[0])
    torn = bool(lines[-1].strip()) and not _is_whole(lines[-1])
    entries = tuple(_entries(path, lines[1 : -1 if torn else None]))
    if not entries:
        raise InputError(str(path), None, f"holds no frames; {RECORD}")
    return Tape(path, venue, header, entries, torn)


def _head(path: Path, line: bytes) -> tuple[Venue, TapeHeader]:
    try:
        header = read_header(line)
        venue = venues().get(header.venue)
        if venue is None:
            raise ValueError(f"no such venue: {header.venue!r}; the venues are {', '.join(venues())}")
        resolve(venue_settings(venue), recorded_settings(venue, header))
    except (ValueError, UsageError) as error:
        raise InputError(str(path), 1, f"{error}; name a tape that `toolkit smoke --record-frames` wrote") from error
    return venue, header


def recorded_settings(venue: Venue, header: TapeHeader) -> dict[str, str]:
    """Return the settings with which a client follows the recorded market, by environment name.

    A setting that the venue does not have is left out, and so is one with its default value.
    """
    values = {venue.market.name: header.market}
    if venue.instrument is not None and header.instrument is not None:
        values[venue.instrument.name] = header.instrument
    for setting in venue.settings:
        value = header.options.get(setting.name, setting.default)
        if value is not None and value != setting.default:
            values[setting.name] = str(int(value)) if isinstance(value, bool) else str(value)
    return values


def _is_whole(line: bytes) -> bool:
    try:
        read_entry(line)
    except ValueError:
        return False
    return True


def _entries(path: Path, lines: Iterable[bytes]) -> Iterator[TapeEntry]:
    last_ms = 0
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            entry = read_entry(line)
            if entry.at_ms < last_ms:
                raise ValueError(f"at_ms {entry.at_ms} is before that of the line above ({last_ms})")
        except ValueError as error:
            raise InputError(
                str(path), number, f"a damaged line: {error}; remove the line or record the tape again"
            ) from error
        last_ms = entry.at_ms
        yield entry
