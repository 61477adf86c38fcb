"""Streams that a venue gives on sockets of their own, beside that of the book."""
