"""Benchmark of the connectors, stage by stage; it prints measurements and never fails."""
