"""Assignment of times to log lines from clocks, timers, order and order-book gaps."""
