"""Explain a figure of a run: the steps from the lines of its files to the number, and the lines."""
