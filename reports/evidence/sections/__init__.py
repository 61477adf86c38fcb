"""Sections of an evidence document below its first screen."""
