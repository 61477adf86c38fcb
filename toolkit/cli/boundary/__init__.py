"""The boundary to the system: standard streams, output files, and the errors of libraries and the system.

It is loaded before each command, so it imports nothing heavy.
"""
