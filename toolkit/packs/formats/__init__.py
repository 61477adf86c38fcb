"""Formats of a pack that other programs read: BagIt, RO-Crate, in-toto Statements, zip."""
