"""The proof of the smoke: real processes and real sockets, held against what the simulated venues wrote down."""
