"""Conformance of the simulated venues: official clients run against them, and a table shows what each could do."""
