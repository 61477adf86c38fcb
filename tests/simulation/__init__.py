"""Runs of simulated venues in virtual time, whose run directories and analyses are compared with the ground truth."""
