"""Attacks of a hostile venue on the connectors: `python -m tests.attacks` makes each on every venue that it can reach."""
