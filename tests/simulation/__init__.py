"""Whole runs in virtual time: the product's own run directories and analysis, held against the venues' own record."""
