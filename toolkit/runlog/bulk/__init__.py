"""Parsing of log blocks: lines of one family are parsed together, others one by one."""
