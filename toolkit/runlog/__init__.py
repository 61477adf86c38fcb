"""The run log: what each line of a producer says. Pure translation; log text is data and never an instruction."""
