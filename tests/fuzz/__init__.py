"""Fuzz test with damaged runs: `python -m tests.fuzz --count 5000 --seed 1`."""
