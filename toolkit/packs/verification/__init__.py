"""Verification of a pack: its files against its manifests, and its documents computed again."""
