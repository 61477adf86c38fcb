"""A run is simulated if its sockets say so; its metadata states only a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.analysis.pipeline import Options, analyze

HERE, THERE = "ws://127.0.0.1:9/ws", "wss://api.hyperliquid.xyz/ws"


@pytest.mark.parametrize(
    ("urls", "stated", "simulated"),
    [
        ([HERE], None, True),
        ([HERE], False, True),
        ([HERE, HERE], False, True),
        ([HERE, THERE], False, False),
        ([HERE, THERE], None, False),
        ([THERE], False, False),
        ([THERE], None, False),
        ([], False, False),
        ([], True, True),
        ([], None, None),
    ],
)
def test_a_run_whose_sockets_were_all_on_this_machine_is_simulated(
    tmp_path: Path, urls: list[str], stated: bool | None, simulated: bool | None
) -> None:
    lines = [f"INFO: Hyperliquid public WS connecting url={url} connect_timeout=15s" for url in urls]
    (tmp_path / "run.log").write_text("\n".join(["paraphina_live | trade_mode=shadow", *lines, ""]))
    meta = {"schema": "toolkit.run_meta/1", "simulated": stated, "options": {"--feed": "live"}}
    (tmp_path / "run_meta.json").write_text(json.dumps(meta))
    assert analyze([str(tmp_path)], options=Options(scope="ages")).run.simulated is simulated


SIMULATED, LIVE = "SIMULATED venues: every connection leads to this machine", "live public endpoints, read-only"


@pytest.mark.parametrize(
    ("feeds", "simulated"), [([LIVE, SIMULATED], True), ([LIVE], False), ([LIVE, SIMULATED, LIVE], False)]
)
def test_the_log_alone_states_that_names_led_to_this_machine(tmp_path: Path, feeds: list[str], simulated: bool) -> None:
    lines = [f"INFO: Hyperliquid public WS connecting url={THERE} connect_timeout=15s"]
    lines += [f"toolkit smoke: {feed}" for feed in feeds]
    (tmp_path / "run.log").write_text("\n".join(["paraphina_live | trade_mode=shadow", *lines, ""]))
    assert analyze([str(tmp_path)], options=Options(scope="ages")).run.simulated is simulated
