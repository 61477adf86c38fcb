"""Turn one run of a trading connector into evidence."""
