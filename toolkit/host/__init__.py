"""Facts about the machine, source checkouts and executables, and commands run and recorded as evidence."""
