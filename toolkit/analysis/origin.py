"""Origin of a run: command, checkout, executables, host, load and clock in words, and the facts that tell its build."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from toolkit.ingest.loaded_run import LoadedRun
from toolkit.model.recorded.run_meta import FILE_NAME, Binary, Checkout, Host, HostClock, RunMeta
from toolkit.model.redaction import redact
from toolkit.model.runs import BuildFact

DIGEST_LENGTH = 12
"""Number of characters shown of a digest or commit."""


def origin(meta: RunMeta) -> dict[str, str]:
    """Return each known fact as text by its name, with secrets and home directories masked."""
    facts = {
        "command": shlex.join(meta.argv) if meta.producer != "toolkit" else None,
        "started in the checkout": _checkout(meta.source) if meta.source else None,
        "executables": ", ".join(map(_binary, meta.binaries)),
        "host": _host(meta.host) if meta.host else None,
        "load of the host": _range([each.load_1m for each in meta.load]),
        "clock of the host": _clock(meta.clock) + _drift(meta.wall_drift_ms) if meta.clock else None,
    }
    return {name: redact(text) for name, text in facts.items() if text}


def build_facts(loaded: LoadedRun) -> tuple[BuildFact, ...]:
    """Return what identifies the build: its id in the log, its commit, its changes, the digests of its executables.

    What a file calls unknown is left out.
    """
    return tuple(_build_facts(loaded))


def _build_facts(loaded: LoadedRun) -> Iterator[BuildFact]:
    for start in loaded.log.facts.starts[:1]:
        if (build_id := start.facts.get("build_id", "unknown")) != "unknown":
            yield BuildFact("build id", redact(build_id), *loaded.file_and_line(start.ref))
    yield from loaded.build
    meta = loaded.meta
    if meta is None:
        return
    if meta.source is not None:
        yield BuildFact("commit of the checkout", meta.source.commit, FILE_NAME, dirty=meta.source.dirty)
        changes = meta.source.diff_sha256 or (None if meta.source.dirty else "none")
        if changes:
            yield BuildFact("changes in the checkout", changes, FILE_NAME)
    for binary in meta.binaries:
        yield BuildFact(f"digest of {redact(PurePath(binary.path).name)}", binary.sha256, FILE_NAME)


def _checkout(checkout: Checkout) -> str:
    changed = f"diff {checkout.diff_sha256[:DIGEST_LENGTH]}" if checkout.diff_sha256 else None
    parts = [changed, checkout.untracked and f"{checkout.untracked} untracked files"]
    return f"{checkout.commit[:DIGEST_LENGTH]} ({', '.join(part for part in parts if part) or 'clean'})"


def _binary(binary: Binary) -> str:
    return f"{PurePath(binary.path).name} ({binary.bytes} bytes, {binary.sha256[:DIGEST_LENGTH]})"


def _host(host: Host) -> str:
    memory = "" if host.memory_bytes is None else f"{host.memory_bytes / 1e9:.1f} GB, "
    return f"{host.cpu_count} processors, {memory}{host.system} {host.kernel} {host.machine}"


def _clock(clock: HostClock) -> str:
    if clock.offset_ms is None:
        return f"offset not known: {clock.why or 'the kernel does not tell'}"
    return f"{clock.offset_ms:+.3f} ms to be corrected" + (
        f", error {clock.error_ms:.3f} ms" if clock.error_ms is not None else ""
    )


def _range(loads: Sequence[float]) -> str | None:
    return f"{min(loads):.2f} to {max(loads):.2f} (1-minute averages)" if loads else None


def _drift(drift_ms: int | None) -> str:
    return "" if not drift_ms else f"; the wall clock moved {drift_ms:+d} ms against the monotonic one during the run"
