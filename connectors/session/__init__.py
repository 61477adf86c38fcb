"""Pure state machines that follow one market: connection attempts, sockets, order book, silence and backoff."""
