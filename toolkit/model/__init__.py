"""Records, vocabulary, units, errors, redaction and JSON encoding that all other packages share."""
