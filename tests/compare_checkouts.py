"""Compare the JSON of two checkouts over the same runs: everything but sentences must be equal.

    python -m tests.compare_checkouts collect CHECKOUT RUNS_DIR OUT_DIR
    python -m tests.compare_checkouts diff OUT_DIR_OLD OUT_DIR_NEW

`collect` runs `analyze`, `gate` and `compare` of a checkout with this interpreter and writes one JSON file a command.
`diff` drops the sentences, prints each path whose value differs and exits with 1 if there is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SENTENCES = frozenset({"text", "note", "why", "why_not", "warnings", "vintage"})
SAMPLES = ("sample:before", "sample:after")
PAIRS = (
    ("prb_before", "prb_after"),
    ("aa1_a", "aa1_b"),
    ("clean_head", "faulty_head"),
    ("exdev_build", "prb_after"),
    SAMPLES,
)


def collect(checkout: Path, runs: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in runs.iterdir() if path.is_dir()) + list(SAMPLES)
    commands = [(f"{verb} {name}", [verb, name]) for name in names for verb in ("analyze", "gate")]
    commands += [(f"compare {before} {after}", ["compare", before, after]) for before, after in PAIRS]
    for title, argv in commands:
        environ = os.environ | {"PYTHONPATH": str(checkout.resolve())}
        command = [sys.executable, "-m", "toolkit", *argv, "--format", "json", "--db", ":memory:", "--quiet"]
        done = subprocess.run(command, cwd=runs, env=environ, capture_output=True, text=True, check=False)
        text = done.stdout or json.dumps({"stderr_lines": len(done.stderr.splitlines())})
        result = {"exit": done.returncode, "result": json.loads(text)}
        (out / f"{title.replace(':', '_')}.json").write_text(json.dumps(result), encoding="utf-8")
        print(f"{title}: exit {done.returncode}, {len(text)} bytes", flush=True)


def without_sentences(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_sentences(each) for key, each in value.items() if key not in SENTENCES}
    return [without_sentences(each) for each in value] if isinstance(value, list) else value


def differences(old: Any, new: Any, at: str = "$") -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict) and list(old) == list(new):
        for key in old:
            yield from differences(old[key], new[key], f"{at}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from differences(left, right, f"{at}[{index}]")
    elif json.dumps(old) != json.dumps(new):
        yield f"{at}: {json.dumps(old)[:200]} → {json.dumps(new)[:200]}"


def diff(old: Path, new: Path) -> int:
    names = sorted({path.name for folder in (old, new) for path in folder.glob("*.json")})
    found = 0
    for name in names:
        if not (old / name).exists() or not (new / name).exists():
            rows = ["only one checkout has this result"]
        else:
            before, after = (json.loads((folder / name).read_text(encoding="utf-8")) for folder in (old, new))
            rows = list(differences(without_sentences(before), without_sentences(after)))
        found += len(rows)
        for row in rows:
            print(f"{name} {row}")
    print(f"{len(names)} results compared, {found} differences")
    return 1 if found or not names else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["collect", checkout, runs, out]:
            collect(Path(checkout), Path(runs), Path(out))
        case ["diff", old, new]:
            sys.exit(diff(Path(old), Path(new)))
        case _:
            sys.exit(__doc__)
