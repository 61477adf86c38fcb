"""Wrappings: the prefixes and envelopes that log collectors put around the lines of a program."""
