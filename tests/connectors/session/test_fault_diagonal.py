"""A diagonal of the fault matrix: each row at one venue, the venues in turn. The whole matrix is among the slow tests."""

from __future__ import annotations

import pytest

from connectors.simulator.protocols import protocols
from tests.simulation.fault_reaction import check_reaction, is_applicable
from tests.simulation.fault_rows import SQUARE_ROWS, FaultRow

NAMES = sorted(protocols())
LONG = ("idle_close", "quiet_market")


@pytest.mark.parametrize(
    ("number", "row"),
    [(number, row) for number, row in enumerate(SQUARE_ROWS) if row.kind not in LONG],
    ids=lambda value: value.name if isinstance(value, FaultRow) else "",
)
def test_a_row_of_the_matrix_gets_its_reaction_at_one_venue(number: int, row: FaultRow) -> None:
    in_turn = NAMES[number % len(NAMES) :] + NAMES[: number % len(NAMES)]
    check_reaction(next(name for name in in_turn if is_applicable(name, row)), row)
