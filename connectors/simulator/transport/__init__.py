"""Sockets of the simulated venues: WebSocket and HTTP on one port of this machine for each venue."""
