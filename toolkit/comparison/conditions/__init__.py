"""Conditions of the compared runs: their common time and market, their builds, and warnings about what differs."""
