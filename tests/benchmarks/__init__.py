"""Benchmarks of the analysis; they print measurements and never fail."""
