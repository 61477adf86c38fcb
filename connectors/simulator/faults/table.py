"""Fault table: every kind of fault of a simulated venue, with the reaction expected of a connector.

Each entry states the mechanisms that the fault uses (`connectors.simulator.faults.spec`) and the expected reaction. A
new kind made of these mechanisms needs no other edit than an entry in `connectors.simulator.faults.kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.simulator.faults.kinds.books import BOOK_FAULTS
from connectors.simulator.faults.kinds.connections import CONNECTION_FAULTS
from connectors.simulator.faults.kinds.frames import FRAME_FAULTS
from connectors.simulator.faults.kinds.sequences import SEQUENCE_FAULTS
from connectors.simulator.faults.kinds.silences import SILENCE_FAULTS
from connectors.simulator.faults.spec import Fault

_TABLE = (*CONNECTION_FAULTS, *SILENCE_FAULTS, *SEQUENCE_FAULTS, *FRAME_FAULTS, *BOOK_FAULTS)

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.kind: fault for fault in _TABLE})
"""Every kind of fault by name."""
