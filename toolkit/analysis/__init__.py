"""Analysis of one run: its facts, figures, episodes, findings and diagnosis."""
