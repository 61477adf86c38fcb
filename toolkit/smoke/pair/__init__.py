"""Two runs side by side: each in a process of its own, both at the same time, on the same venues where we serve them."""
