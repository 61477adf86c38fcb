"""What a supervisor wrote down of a run (`run_meta.json`): the facts that the run's own files do not say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from toolkit.errors import InputError
from toolkit.ingest.source import Source


class RunMeta(msgspec.Struct):
    """The part of `toolkit.run_meta/1` that an analysis uses; all of it may be absent.

    `requested_ms` counts from the first telemetry. `stopped_by` is `time`, `itself`, `build_limit` or `interrupt`.
    """

    producer: str | None = None
    label: str | None = None
    simulated: bool | None = None
    requested_ms: int | None = None
    stopped_by: str | None = None
    killed: bool = False
    exit_code: int | None = None
    signal: str | None = None
    ended_ms: int | None = None
    build_ms: int | None = None


def load(sources: Sequence[Source]) -> RunMeta | None:
    """The metadata of the run, None where there is none. Raises `InputError` for a file that is damaged."""
    for source in sources:
        with source.open() as stream:
            try:
                return msgspec.json.decode(stream.read(), type=RunMeta)
            except msgspec.MsgspecError as error:
                raise InputError(source.name, None, f"is no run metadata: {error}; leave the file out") from error
    return None
