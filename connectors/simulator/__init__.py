"""Loopback venues: five venues' public market data on 127.0.0.1, with faults on demand and the truth on record.

`market` moves the books, `dialects` write them in each venue's frames, `faults` is the table of what can go wrong,
`scenario` reads when it does, `site` and `exchange` are the venues as pure machines, `server` puts them on sockets and
`simulation` drives a connector against one of them in virtual time.
"""
