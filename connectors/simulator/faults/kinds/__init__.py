"""Kinds of faults by what they break: connections, silence, sequence numbers, frames, books and REST."""
