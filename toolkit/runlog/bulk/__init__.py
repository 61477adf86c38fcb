"""Parsing of log blocks by line groups: lines that differ only in their numbers are parsed together."""
