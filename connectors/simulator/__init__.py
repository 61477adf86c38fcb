"""Simulated venues: public market data of five venues on 127.0.0.1, with injected faults and recorded ground truth.

`market` moves the order books, `market_data` derives what each stream shows, and `protocols` encodes the frames of each
venue. `faults` holds the fault table and its mechanisms; `scenario` reads when faults occur. `exchange` is one venue as
a state machine without I/O, and `server` serves the exchanges on sockets.
"""
