"""The note of the figure `run.cap_hits`: the cap is known for a run of our own connectors that records its settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.analysis.pipeline import analyze

CAP = "PARAPHINA_L2_TICK_DELTA_BUFFER_MAX"
UNKNOWN = "cap setting unknown: without a cap there can be no hit"
RX = (
    "market_rx_stats tick={} raw_drained=1 raw_l2_delta=1 raw_l2_snapshot=0 raw_trade=0 raw_funding_update=0 out_market=1 "
    "out_l2_delta=1 out_l2_snapshot=0 out_trade=0 out_funding_update=0 other=0 cap_hits={}\n"
)


@pytest.mark.parametrize(
    ("meta", "hits", "note"),
    [
        (None, 0, UNKNOWN),
        ({"producer": "toolkit", "environment": {}}, 0, "cannot move: no cap of buffered deltas is set"),
        ({"producer": "toolkit", "environment": {CAP: "64"}}, 0, None),
        ({"producer": "toolkit", "environment": {CAP: "0"}}, 0, None),
        ({"producer": "toolkit", "environment": {CAP: "64"}}, 3, None),
        ({"producer": "toolkit"}, 0, UNKNOWN),
        ({"producer": "command", "environment": {}}, 0, UNKNOWN),
        ({"producer": "command", "environment": {CAP: "64"}}, 0, UNKNOWN),
    ],
)
def test_the_note_of_the_cap_hits_states_the_cap_of_our_own_runs(
    tmp_path: Path, meta: dict[str, Any] | None, hits: int, note: str | None
) -> None:
    (tmp_path / "market_rx_stats.log").write_text(RX.format(0, hits) + RX.format(1, 0))
    if meta is not None:
        (tmp_path / "run_meta.json").write_text(json.dumps({"schema": "toolkit.run_meta/1", **meta}))
    figure = analyze([str(tmp_path)]).figure("run.cap_hits")
    assert figure is not None
    assert (figure.value, figure.note) == (hits, note)
