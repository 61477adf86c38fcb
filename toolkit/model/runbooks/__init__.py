"""Runbook entries: what each reconnect reason, finding and diagnosis means, and links to them."""
