"""Findings of a run: sentences for its reader, with the figures and lines that support each."""
