"""Attacks of hostile clients on the server of the simulated venues."""
