"""What this machine says of a run made on it: host, source and binary, and what may be told of a command."""
