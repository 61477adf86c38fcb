"""Gate: evaluate rules on the figures of a run; the result is PASS, FAIL or INCONCLUSIVE with a reason per rule."""

from toolkit.gate.evaluation import evaluate
from toolkit.gate.rules import Gate, parse_gate, plateau_limits_ms

__all__ = ["Gate", "evaluate", "parse_gate", "plateau_limits_ms"]
