"""Answers to one expectation of a hypothesis, and what they rest on."""
