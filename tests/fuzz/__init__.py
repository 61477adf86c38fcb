"""Damaged runs by the thousand: `python -m tests.fuzz --count 5000 --seed 1`."""
