"""Views of an evidence document: the answer, its tables, and the sections behind them."""
